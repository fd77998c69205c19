"""Seconds per step of the ``paper`` preset on a scan; from them follow its steps in a given time.

    python benchmarks/paper_step.py SCAN THREADS DEVICE

CPU seconds on a CPU, wall seconds on a GPU; of the difference of two short fits, so that setting up
does not count.
"""

from __future__ import annotations

import json
import sys
import time

import torch

import sdf_siren

STEPS = (20, 60)


def seconds_per_step(scan: str, device: str) -> float:
    """See above."""
    cloud = sdf_siren.complete_normals(sdf_siren.read_points(scan))
    clock = time.process_time if device == "cpu" else time.perf_counter
    taken = []
    for steps in STEPS:
        before = clock()
        sdf_siren.fit_surface(cloud, "paper", device=device, steps=steps)
        taken.append(clock() - before)
    return (taken[1] - taken[0]) / (STEPS[1] - STEPS[0])


if __name__ == "__main__":
    torch.set_num_threads(int(sys.argv[2]))
    sys.stdout.write(json.dumps({"seconds_per_step": seconds_per_step(sys.argv[1], sys.argv[3])}) + "\n")
