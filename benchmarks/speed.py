"""How fast the machine is just now: GFLOP/s of a large matrix product in float32 on the CPU.

    python benchmarks/speed.py THREADS

On a shared machine that varies by half from hour to hour, and seconds with it. On the wall and the median,
not the best, so that other work shows.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import torch

SIDE = 1024
REPEATS = 40


def gflops() -> float:
    """See above; about a second."""
    left, right = torch.rand(SIDE, SIDE), torch.rand(SIDE, SIDE)
    out = left @ right
    taken = []
    for _ in range(REPEATS):
        before = time.perf_counter()
        torch.mm(left, right, out=out)
        taken.append(time.perf_counter() - before)
    return 2e-9 * SIDE**3 / statistics.median(taken)


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[1]))
    sys.stdout.write(json.dumps({"gflops": gflops()}) + "\n")
