"""Open scans: what is decided, and what cutting to the scan's support leaves.

    python benchmarks/open_surfaces.py --data FOLDER [--quality standard] [--case NAME]

Cases that are wanted open are meshed whole and cut; the others only have to be taken as closed. Completeness
is measured from the true surface where there is one, else from the scan's points.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import virtual_scans
from cases import SCANS, WATERTIGHT, Case
from commands import HERE
from machine import describe_machine, source_commit
from openness import as_wanted, decision_cells
from report import table

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.fitting import fit_surface
from sdf_siren.io import read_mesh, read_points
from sdf_siren.meshing import extract, limit, openness, scan_support
from sdf_siren.metrics import compare, topology

POINTS = 50_000

_DECISION = ("case", "points", "made up", "leaves the cube", "decided", "wanted")
_CUT = ("distance", "support", "completeness", "parts", "vertices", "CPU s")

Loaded = tuple[PointCloud, Mesh | PointCloud]


@dataclass(frozen=True)
class OpenCase:
    """A scan, and whether it is wanted open."""

    name: str
    wanted: str
    load: Callable[[Path], Loaded]


def _sampled(path: str) -> Callable[[Path], Loaded]:
    def load(data: Path) -> Loaded:
        mesh = read_mesh(data / path)
        return virtual_scans.sampled(mesh, POINTS, 0), mesh

    return load


def _half(path: str) -> Callable[[Path], Loaded]:
    """The points on one side of a plane, and the faces there."""

    def load(data: Path) -> Loaded:
        mesh = read_mesh(data / path)
        cloud = virtual_scans.sampled(mesh, POINTS, 0)
        middle = np.median(cloud.points[:, 0])
        side = (mesh.vertices[mesh.faces, 0] < middle).all(axis=1)
        return cloud.select(cloud.points[:, 0] < middle), mesh.of_faces(side)

    return load


def _scan(path: str) -> Callable[[Path], Loaded]:
    def load(data: Path) -> Loaded:
        cloud = complete_normals(read_points(data / path))
        return cloud, cloud

    return load


def _of(case: Case) -> Callable[[Path], Loaded]:
    def load(data: Path) -> Loaded:
        cloud = complete_normals(case.load(data))
        return cloud, cloud

    return load


CASES = (
    OpenCase("mountain", "open", _sampled("meshes/mountain.ply")),
    OpenCase("demosthenes", "", _sampled("meshes/demosthenes_lowres.ply")),
    OpenCase("room_fragment", "open", _scan("scans/room_fragment_redwood.pcd")),
    OpenCase("lone-star", "open", _scan("awkward/lone-star.laz")),
    OpenCase("autzen", "open", _scan("awkward/autzen-thin.las")),
    OpenCase("hippo1", "open", _scan("scans/hippo1.ply")),
    *(OpenCase(f"{name}-half", "open", _half(WATERTIGHT[name])) for name in ("nefertiti", "skull", "spot")),
    *(OpenCase(f"{n}-clean", "closed", _of(Case(n, "clean", p))) for n, p in WATERTIGHT.items()),
    *(OpenCase(f"{n}-occluded", "closed", _of(Case(n, "occluded", p))) for n, p in WATERTIGHT.items()),
    *(OpenCase(case.name, "closed", _of(case)) for case in SCANS),
)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--quality", default="standard", show_default=True)
@click.option("--case", "names", multiple=True, type=click.Choice([case.name for case in CASES]))
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def open_surfaces(data: Path, quality: str, names: tuple[str, ...], output: Path | None) -> None:
    """Measure every case."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"open-surfaces-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {
        **describe_machine(now),
        "commit": source_commit(),
        "settings": {"quality": quality},
        "rows": [],
    }
    for case in CASES:
        if names and case.name not in names:
            continue
        record["rows"].append({"case": case.name, "wanted": case.wanted, **measured(case, data, quality)})
        output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        output.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
    click.echo(output.with_suffix(".md").read_text(encoding="utf-8"))


def measured(case: OpenCase, data: Path, quality: str) -> dict[str, Any]:
    """The decision, and the mesh before and after cutting."""
    cloud, reference = case.load(data)
    field = fit_surface(cloud, quality)
    whole = extract(field).mesh
    kept, scan = scan_support(field), scan_support(field, cloud)
    assert kept is not None
    assert scan is not None
    decided = openness(whole, kept)
    row = {
        "points": len(cloud),
        "decided": "open" if decided.open else "closed",
        "made_up": decided.made_up,
        "leaves": decided.leaves,
    }
    if case.wanted == "closed":
        return row
    start = time.process_time()
    cut = limit(whole, field, scan, "open").mesh
    seconds = time.process_time() - start
    found = topology(cut)
    return row | {
        "vertices": len(whole.vertices),
        "vertices_left": len(cut.vertices),
        "largest_distance": float(scan.at(cut.vertices, None).max()),
        "largest_support": float(scan.at(cut.vertices, cut.normals).max()),
        "completeness": compare(whole, reference).completeness,
        "completeness_left": compare(cut, reference).completeness,
        "components": found.components,
        "boundary_edges": found.boundary_edges,
        "non_manifold_edges": found.non_manifold_edges,
        "cpu_seconds": seconds,
    }


def markdown(record: dict[str, Any]) -> str:
    """Decisions, and beside them what cutting did."""
    lines = [
        f"# Open surfaces, {record['date']}",
        "",
        f"{record['machine']['cpu']}; quality {record['settings']['quality']}, one seed.",
        "Made up: percent of the whole mesh's area beyond 3 spacings. Distance: of the worst vertex of the",
        "cut mesh from the scan, in local spacings; support: the same with the angle of the normals in it.",
        "Completeness: after cutting, as a part of the whole mesh's.",
        "",
        *table((*_DECISION, *_CUT), ([*decision_cells(row), *_cut_cells(row)] for row in record["rows"])),
        "",
        as_wanted(record["rows"]),
    ]
    return "\n".join([*lines, ""])


def _cut_cells(row: dict[str, Any]) -> list[str]:
    """What cutting did, nothing where nothing was cut."""
    if "completeness" not in row:
        return [""] * len(_CUT)
    return [
        f"{row['largest_distance']:.2f}",
        f"{row['largest_support']:.2f}",
        f"{row['completeness_left'] / row['completeness']:.3f}",
        f"{row['components']}",
        f"{row['vertices']:,} to {row['vertices_left']:,}",
        f"{row['cpu_seconds']:.1f}",
    ]


if __name__ == "__main__":
    open_surfaces()
