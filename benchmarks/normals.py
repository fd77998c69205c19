"""Normals of scans that have none: which share points to the right side, beside open3d.

    python benchmarks/normals.py --data FOLDER [--mesh NAME] [--seeds 2]

Points are uniform by area; the truth is the normal of the face that a point was drawn from. Every mesh is
taken whole, and as if it had stood on a table: without what is below 6 % of its height. CPU seconds are the
process's own, all threads together (OMP_NUM_THREADS sets how many open3d uses).
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
from cases import WATERTIGHT
from commands import HERE
from machine import describe_machine, source_commit
from numpy.typing import NDArray

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.io import read_mesh
from sdf_siren.metrics import sample_surface
from sdf_siren.open3d_import import import_open3d

POINTS = (20_000, 100_000)
NOISE = (0.0, 0.0025)
"""Standard deviation of the points' places along each axis, as a part of the mesh's diagonal."""

HIDDEN = 0.06
"""The part of the height that is hidden where an object stands; which way is up, the seed says."""

WANTED = {0.0: 0.99, 0.0025: 0.97}
OPEN3D_NEIGHBOURS = 15

Floats = NDArray[np.float64]


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option(
    "--mesh", "meshes", multiple=True, type=click.Choice(tuple(WATERTIGHT)), default=tuple(WATERTIGHT)
)
@click.option("--seeds", type=click.IntRange(1), default=2, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def normals(data: Path, meshes: tuple[str, ...], seeds: int, output: Path | None) -> None:
    """Measure every mesh, number of points and noise with both methods."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"normals-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    settings = {"seeds": seeds, "open3d_neighbours": OPEN3D_NEIGHBOURS}
    record: dict[str, Any] = {
        **describe_machine(now),
        "commit": source_commit(),
        "settings": settings,
        "rows": [],
    }
    for name, noise, points, seed in itertools.product(meshes, NOISE, POINTS, range(seeds)):
        places, truth = scan(data / WATERTIGHT[name], points, noise, seed)
        for stands, seen in ((False, slice(None)), (True, _above_the_table(places, seed))):
            row = {"mesh": name, "points": points, "noise": noise, "seed": seed, "stands": stands}
            row |= {
                "ours": measured(_ours, places[seen], truth[seen]),
                "open3d": measured(_open3d, places[seen], truth[seen]),
            }
            record["rows"].append(row)
            output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            output.with_suffix(".md").write_text(table(record), encoding="utf-8")
    click.echo(output.with_suffix(".md").read_text(encoding="utf-8"))


def scan(path: Path, points: int, noise: float, seed: int) -> tuple[Floats, Floats]:
    """Places (n, 3) and the normals of their faces (n, 3)."""
    mesh = read_mesh(path)
    samples = sample_surface(mesh, points, seed=seed)
    a, b, c = np.moveaxis(mesh.vertices[mesh.faces[samples.faces]], 1, 0)
    truth = np.cross(b - a, c - a)
    length = noise * np.linalg.norm(np.ptp(mesh.vertices, axis=0))
    scatter = np.random.default_rng(1 + seed).normal(scale=length, size=(points, 3)) if noise else 0.0
    return samples.points + scatter, truth / np.linalg.norm(truth, axis=1, keepdims=True)


def _above_the_table(places: Floats, seed: int) -> NDArray[np.bool_]:
    """Which places (n, 3) are seen, (n,)."""
    height = places[:, seed % 3] * (-1 if seed % 2 else 1)
    low, high = height.min(), height.max()
    return height > low + HIDDEN * (high - low)


def measured(method: Callable[[Floats], Floats], places: Floats, truth: Floats) -> dict[str, float]:
    """The share on the right side, the share within 30 degrees of the truth's line, and CPU seconds."""
    start = time.process_time()
    found = method(places)
    seconds = time.process_time() - start
    cosine = np.einsum("nd,nd->n", found, truth)
    right = float((cosine > 0).mean())
    return {
        "right": right,
        "right_of_both": max(right, 1 - right),
        "within_30_degrees": float((np.abs(cosine) > np.cos(np.pi / 6)).mean()),
        "cpu_seconds": seconds,
    }


def _ours(places: Floats) -> Floats:
    found = complete_normals(PointCloud(places)).normals
    assert found is not None
    return found.astype(np.float64)


def _open3d(places: Floats) -> Floats:
    open3d = import_open3d()
    cube = PointCloud(places).frame.to_cube(places)
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(cube))
    cloud.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(OPEN3D_NEIGHBOURS + 1))
    cloud.orient_normals_consistent_tangent_plane(OPEN3D_NEIGHBOURS)
    return np.asarray(cloud.normals)


def table(record: dict[str, Any]) -> str:
    """The worst seed of every case, in percent."""
    lines = [
        f"# Normals without given ones, {record['date']}",
        "",
        f"{record['machine']['cpu']}; {record['settings']['seeds']} seeds.",
        "Percent of the points whose normal points to the right side, the worst seed. open3d is",
        f"`orient_normals_consistent_tangent_plane({OPEN3D_NEIGHBOURS})` with the better of both global",
        "signs. Lines: within 30 degrees of the true normal, whatever the side. CPU seconds: the mean.",
        "Stands: without what is below 6 % of the height.",
        "",
        "| mesh | stands | points | noise | ours | open3d | lines, ours | lines, open3d "
        "| ours s | open3d s |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    keys = sorted({_key(r) for r in record["rows"]})
    met = total = 0
    for key in keys:
        noise, points, stands = key
        rows = [r for r in record["rows"] if _key(r) == key]
        for mesh in dict.fromkeys(r["mesh"] for r in rows):
            seeds = [r for r in rows if r["mesh"] == mesh]
            ours = min(r["ours"]["right"] for r in seeds)
            met, total = met + (ours >= WANTED[noise]), total + 1
            figures = [100 * ours, 100 * min(r["open3d"]["right_of_both"] for r in seeds)]
            lying = [100 * min(r[who]["within_30_degrees"] for r in seeds) for who in ("ours", "open3d")]
            seconds = [float(np.mean([r[who]["cpu_seconds"] for r in seeds])) for who in ("ours", "open3d")]
            cells = [f"{x:.2f}" for x in figures] + [f"{x:.1f}" for x in (*lying, *seconds)]
            case = f"| {mesh} | {'yes' if stands else ''} | {points:,} | {100 * noise:g} % | "
            lines.append(case + " | ".join(cells) + " |")
    lines += ["", f"At least 99 % of a clean and 97 % of a noisy scan: {met} of {total} cases.", ""]
    return "\n".join(lines)


def _key(row: dict[str, Any]) -> tuple[float, int, bool]:
    return row["noise"], row["points"], row["stands"]


if __name__ == "__main__":
    normals()
