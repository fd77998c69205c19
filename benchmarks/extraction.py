"""The sparse extraction of a fitted field: evaluations, wall and CPU seconds, peak memory, cells missed.

    python benchmarks/extraction.py FIELD.safetensors

Each resolution runs in a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from machine import describe_machine

RESOLUTIONS = (128, 256, 512, 1024)
AUDITED = 256
"""The largest resolution at which the dense lattice is evaluated too."""

HERE = Path(__file__).resolve().parent


@click.command()
@click.argument("field", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--output", type=click.Path(path_type=Path))
def extraction(field: Path, threads: int, device: str, output: Path | None) -> None:
    """Mesh FIELD at every resolution."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"extraction-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    settings = {"field": field.name, "threads": threads, "device": device}
    record: dict[str, Any] = {**describe_machine(now), **settings, "rows": []}
    for resolution in RESOLUTIONS:
        command = [sys.executable, __file__, "--measure", str(field), str(resolution), str(threads), device]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        answer = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        record["rows"].append(json.loads(answer.stdout))
        click.echo(answer.stdout.strip())
        output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    click.echo(str(output))


def measure(path: Path, resolution: int, threads: int, device: str) -> dict[str, Any]:
    """The figures of one resolution."""
    import torch

    from sdf_siren.io import load_field
    from sdf_siren.meshing import extract

    torch.set_num_threads(threads)
    field = load_field(path)
    field.in_cube.to(device=device).value(torch.zeros(1, 3, device=device))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    found = extract(field, resolution, device=device)
    row = {
        "resolution": resolution,
        "seconds": round(time.perf_counter() - start, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "peak_memory_mib": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024),
        "faces": len(found.mesh.faces),
        "evaluations": found.evaluations,
        "of_dense_percent": round(100 * found.evaluations / (resolution + 1) ** 3, 2),
    }
    if device != "cpu":
        row["peak_device_memory_mib"] = round(torch.cuda.max_memory_allocated() / 2**20)
    if resolution <= AUDITED:
        row |= audit(field, resolution)
    return row


def audit(field: Any, resolution: int) -> dict[str, int]:
    """How many cells the dense lattice crosses, and how many of them the sparse one leaves out."""
    import numpy as np
    import torch

    from sdf_siren.meshing.bricks import members
    from sdf_siren.meshing.lattice import evaluate_near_surface

    step = np.arange(resolution + 1) * (2 / resolution) - 1
    inside = np.empty((resolution + 1,) * 3, dtype=bool)
    for i, x in enumerate(step):
        plane = np.stack(np.meshgrid([x], step, step, indexing="ij"), axis=-1).reshape(-1, 3)
        value = field.in_cube.value(torch.from_numpy(plane.astype(np.float32)))[:, 0]
        inside[i] = (value < 0).numpy().reshape(resolution + 1, resolution + 1)
    corners = sum(
        inside[i : resolution + i, j : resolution + j, k : resolution + k].astype(np.int8)
        for i, j, k in np.ndindex(2, 2, 2)
    )
    crossed = (corners > 0) & (corners < 8)
    lattice = evaluate_near_surface(field.in_cube, resolution)
    covered = np.zeros_like(crossed)
    covered[tuple(members(lattice.bricks.homes, lattice.cells).T)] = True
    return {"crossed_cells": int(crossed.sum()), "missed_cells": int((crossed & ~covered).sum())}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        row = measure(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
        sys.stdout.write(json.dumps(row) + "\n")
    else:
        extraction()
