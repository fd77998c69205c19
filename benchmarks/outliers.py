"""Outliers: how many are found, and how many good points are taken for some.

    python benchmarks/outliers.py --data FOLDER [--seeds 2] [--points 2000 --points 20000]

Meshes are sampled uniformly by area, clean and noisy, alone and with outliers: uniform in 1.2 times the
bounding box, or in groups of 2 to 20. Real scans have no truth: what goes of them is counted.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import numpy as np
from commands import HERE
from machine import describe_machine, source_commit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.outliers import outliers
from sdf_siren.errors import SdfSirenError
from sdf_siren.io import read_mesh, read_points
from sdf_siren.metrics import sample_surface

POINTS = (2_000, 20_000, 200_000)
NOISE = (0.0, 0.0025, 0.005)
"""Standard deviation along each axis, as a part of the diagonal."""

WITH_OUTLIERS = (2_000, 20_000)
UNIFORM, CLUSTERED, BOX = 0.05, 0.01, 1.2
DISTANCES = (0.0, 1.0, 2.0, 3.0, 5.0, np.inf)
"""Of the outliers from the nearest good point, in median distances to the eighth neighbour."""

Floats = NDArray[np.float64]


@click.command(context_settings={"show_default": True})
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--seeds", type=click.IntRange(1), default=2)
@click.option("--points", "counts", type=int, multiple=True, default=POINTS)
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def measure(data: Path, seeds: int, counts: tuple[int, ...], output: Path | None) -> None:
    """Measure every mesh and every scan of the folder."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"outliers-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {**describe_machine(now), "commit": source_commit(), "seeds": seeds, "rows": []}
    for case, points, strays in (*_sampled(data, seeds, counts), *_scans(data)):
        record["rows"].append({**case, **_judged(points, strays)})
        output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    output.with_suffix(".md").write_text(table(record), encoding="utf-8")
    click.echo(output.with_suffix(".md").read_text(encoding="utf-8"))


def _sampled(
    data: Path, seeds: int, counts: tuple[int, ...]
) -> Iterator[tuple[dict[str, Any], Floats, Floats]]:
    """Case, good points, outliers."""
    nothing = np.empty((0, 3))
    for path in sorted((data / "meshes").glob("*.ply")):
        mesh = read_mesh(path)
        diagonal = float(np.linalg.norm(np.ptp(mesh.vertices, axis=0)))
        for count in counts:
            for noise in NOISE:
                for seed in range(seeds if count in WITH_OUTLIERS else 1):
                    generator = np.random.default_rng(seed)
                    points = sample_surface(mesh, count, seed=seed).points
                    points = points + noise * diagonal * generator.normal(size=points.shape)
                    case = {"scan": path.stem, "points": count, "noise": noise, "seed": seed}
                    yield {**case, "outliers": "none"}, points, nothing
                    if count in WITH_OUTLIERS and noise < max(NOISE):
                        yield {**case, "outliers": "uniform"}, points, uniform(points, generator)
                        yield {**case, "outliers": "groups"}, points, groups(points, generator)


def _scans(data: Path) -> Iterator[tuple[dict[str, Any], Floats, Floats]]:
    for path in sorted([*(data / "scans").iterdir(), *(data / "awkward").iterdir()]):
        try:
            points = read_points(path).points
        except SdfSirenError:
            continue  # some are there to be refused
        yield {"scan": path.name, "points": len(points), "outliers": "unknown"}, points, np.empty((0, 3))


def uniform(points: Floats, generator: np.random.Generator) -> Floats:
    """One outlier to twenty points."""
    return _in_box(points, int(UNIFORM * len(points)), generator)


def groups(points: Floats, generator: np.random.Generator) -> Floats:
    """One outlier to a hundred points, in groups of 2 to 20 about as dense as the scan."""
    spacing, left, found = _spacing(points), int(CLUSTERED * len(points)), []
    while left > 0:
        size = min(left, int(generator.integers(2, 21)))
        middle = _in_box(points, 1, generator)
        found.append(middle + spacing * generator.uniform(0.3, 2) * generator.normal(size=(size, 3)))
        left -= size
    return np.concatenate(found)


def _in_box(points: Floats, count: int, generator: np.random.Generator) -> Floats:
    low, high = points.min(axis=0), points.max(axis=0)
    return (low + high) / 2 + BOX / 2 * (high - low) * generator.uniform(-1, 1, (count, 3))


def _spacing(points: Floats) -> float:
    return float(np.median(cKDTree(points).query(points[:4000], k=[9])[0]))


def _judged(points: Floats, strays: Floats) -> dict[str, Any]:
    start = time.process_time()
    found = outliers(np.concatenate([points, strays]))
    row: dict[str, Any] = {
        "cpu_seconds": time.process_time() - start,
        "taken": int(found[: len(points)].sum()),
    }
    if len(strays):
        away = cKDTree(points).query(strays)[0] / _spacing(points)
        place = np.digitize(away, DISTANCES) - 1
        bins = len(DISTANCES) - 1
        row["strays"] = np.bincount(place, minlength=bins).tolist()
        row["found"] = np.bincount(place, found[len(points) :], minlength=bins).astype(int).tolist()
    return row


def table(record: dict[str, Any]) -> str:
    """Good points taken, in percent, and the share of outliers found by their distance."""
    spans = [f"{a:g} to {b:g}" for a, b in pairwise(DISTANCES[:-1])]
    lines = [
        f"# Outliers, {record['date']}",
        "",
        f"{record['machine']['cpu']}. Meshes: sums over all of them and {record['seeds']} seeds"
        " (of clean scans of 200,000 points one).",
        "Distances of outliers from the nearest good point are in median distances to the eighth neighbour.",
        "",
        "| points | noise | outliers | good points taken | worst case | found at "
        + " | ".join([*spans, f"{DISTANCES[-2]:g} or more"])
        + " |",
        "|--:|--:|---|--:|--:|" + "--:|" * (len(DISTANCES) - 1),
    ]
    sampled = [row for row in record["rows"] if "noise" in row]
    for key in sorted({(r["points"], r["noise"], r["outliers"]) for r in sampled}):
        rows = [r for r in sampled if (r["points"], r["noise"], r["outliers"]) == key]
        worst = max(r["taken"] / r["points"] for r in rows)
        taken = sum(r["taken"] for r in rows) / sum(r["points"] for r in rows)
        cells = [f"{key[0]:,}", f"{100 * key[1]:g} %", key[2], f"{taken:.4%}", f"{worst:.3%}"]
        if "found" in rows[0]:
            strays, found = (np.sum([r[name] for r in rows], axis=0) for name in ("strays", "found"))
            cells += [f"{f / n:.3f}" if n else "" for f, n in zip(found, strays, strict=True)]
        else:
            cells += [""] * (len(DISTANCES) - 1)
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| scan as it is | points | taken | | CPU seconds |", "|---|--:|--:|--:|--:|"]
    for r in record["rows"]:
        if "noise" not in r:
            share = f"{r['taken'] / r['points']:.3%}"
            lines.append(
                f"| {r['scan']} | {r['points']:,} | {r['taken']:,} | {share} | {r['cpu_seconds']:.1f} |"
            )
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    measure()
