"""Open or closed: what is decided for closed objects, parts of them, rooms and real scans.

    python benchmarks/openness.py --data FOLDER [--case NAME] [--group GROUP] [--fields FOLDER]

Every case is fitted, meshed and judged; nothing is cut (open_surfaces.py does that). With ``--fields`` the
fitted fields are kept, and those that are there are used again: another rule is then measured in minutes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import numpy as np
import rooms
import virtual_scans
from cases import SCANS, WATERTIGHT, Case
from commands import HERE
from machine import describe_machine, source_commit
from report import table

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.clouds.outliers import without_outliers
from sdf_siren.fields import SignedDistanceField
from sdf_siren.fitting import fit_surface
from sdf_siren.io import load_field, read_mesh, read_points, write_field
from sdf_siren.meshing import extract, openness, scan_support
from sdf_siren.meshing.extract import clearly

POINTS = 50_000

_SOME = ("nefertiti", "skull", "spot", "kitten", "anchor", "armadillo")

_TETRAHEDRON = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
_TRIANGLE = np.array([[1, 0, 0], [-0.5, np.sqrt(0.75), 0], [-0.5, -np.sqrt(0.75), 0]])
VIEWPOINTS = {
    "five": np.vstack([_TRIANGLE, [[0, 0, 1], [0, 0, -1]]]),
    "ring": _TRIANGLE,
    "opposite": np.array([[0.0, 0, 1], [0, 0, -1]]),
    "three": _TETRAHEDRON[:3],
    "one": _TETRAHEDRON[:1],
}
"""Directions from the object to the cameras: five and a ring of three all around, two from opposite sides,
three of four that would be, and one."""

CUTS = {"half": 0.5, "quarter": 0.75, "cap": 0.9}
"""Shares of the points on the side of a plane that is kept."""

_HEAD = ("case", "points", "made up", "in view", "leaves the cube", "decided", "wanted", "coarse")


@dataclass(frozen=True)
class OpennessCase:
    """A scan, and whether it is wanted ``open`` or ``closed``; empty where people would differ."""

    name: str
    group: str
    wanted: str
    load: Callable[[Path], PointCloud]


def _seen(path: str, viewpoints: str) -> Callable[[Path], PointCloud]:
    return lambda data: virtual_scans.seen_from(read_mesh(data / path), VIEWPOINTS[viewpoints], 0)


def _cut(path: str, share: float) -> Callable[[Path], PointCloud]:
    def load(data: Path) -> PointCloud:
        cloud = virtual_scans.sampled(read_mesh(data / path), POINTS, 0)
        return cloud.select(cloud.points[:, 0] < np.quantile(cloud.points[:, 0], share))

    return load


def _sampled(path: str) -> Callable[[Path], PointCloud]:
    return lambda data: virtual_scans.sampled(read_mesh(data / path), POINTS, 0)


def _file(path: str) -> Callable[[Path], PointCloud]:
    return lambda data: read_points(data / path)


def _room(make: Callable[[], PointCloud]) -> Callable[[Path], PointCloud]:
    return lambda data: make()


def _objects(
    group: str, wanted: str, names: tuple[str, ...], load: Callable[[str], Callable[[Path], PointCloud]]
) -> tuple[OpennessCase, ...]:
    return tuple(OpennessCase(f"{name}-{group}", group, wanted, load(name)) for name in names)


_OPEN_FILES = {
    "room_scan1": "awkward/room_scan1_dups.pcd",
    "room_fragment": "scans/room_fragment_redwood.pcd",
    "hippo1": "scans/hippo1.ply",
    "hippo2": "awkward/hippo2.ply",
    "autzen": "awkward/autzen-thin.las",
    "utm_samp11": "awkward/utm_samp11.pcd",
    "pumpA": "awkward/pumpA.e57",
    "office1": "awkward/office1_nan.pcd",
    "poste_france": "awkward/poste_france.xyz",
    "bunnyInt19": "awkward/bunnyInt19.e57",
    "lone-star": "awkward/lone-star.laz",
}
_CLOSED_FILES = {"emptyface": "awkward/points_emptyface.ply"}
_EITHER_FILES = {"oni": "scans/oni.pwn", "blobby": "awkward/blobby.xyz"}

ALL = tuple(WATERTIGHT)

CASES = (
    *(OpennessCase(name, "files", "open", _file(path)) for name, path in _OPEN_FILES.items()),
    *(OpennessCase(name, "files", "closed", _file(path)) for name, path in _CLOSED_FILES.items()),
    *(OpennessCase(name, "files", "", _file(path)) for name, path in _EITHER_FILES.items()),
    *(OpennessCase(case.name, "files", "closed", case.load) for case in SCANS),
    OpennessCase("mountain", "files", "open", _sampled("meshes/mountain.ply")),
    OpennessCase("demosthenes", "files", "", _sampled("meshes/demosthenes_lowres.ply")),
    *_objects("clean", "closed", ALL, lambda n: Case(n, "clean", WATERTIGHT[n]).load),
    *_objects("occluded", "closed", ALL, lambda n: Case(n, "occluded", WATERTIGHT[n]).load),
    *_objects("five", "closed", _SOME, lambda n: _seen(WATERTIGHT[n], "five")),
    *_objects("ring", "", _SOME, lambda n: _seen(WATERTIGHT[n], "ring")),
    *_objects("opposite", "", _SOME, lambda n: _seen(WATERTIGHT[n], "opposite")),
    *_objects("three", "", _SOME, lambda n: _seen(WATERTIGHT[n], "three")),
    *_objects("one", "open", _SOME, lambda n: _seen(WATERTIGHT[n], "one")),
    *_objects("half", "open", _SOME, lambda n: _cut(WATERTIGHT[n], CUTS["half"])),
    *_objects("quarter", "", _SOME, lambda n: _cut(WATERTIGHT[n], CUTS["quarter"])),
    *_objects("cap", "", _SOME, lambda n: _cut(WATERTIGHT[n], CUTS["cap"])),
    *(
        OpennessCase(name, "rooms", "" if name.startswith("room") else "open", _room(make))
        for name, make in rooms.ROOMS.items()
    ),
)


@click.command()
@click.option("--data", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--quality", default="draft", show_default=True)
@click.option("--resolution", type=int, default=256, show_default=True)
@click.option("--case", "names", multiple=True, type=click.Choice([case.name for case in CASES]))
@click.option("--group", "groups", multiple=True, type=click.Choice(sorted({case.group for case in CASES})))
@click.option("--fields", type=click.Path(path_type=Path), help="A folder for the fitted fields.")
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def main(
    data: Path,
    quality: str,
    resolution: int,
    names: tuple[str, ...],
    groups: tuple[str, ...],
    fields: Path | None,
    output: Path | None,
) -> None:
    """Measure every case, or those named and those of the groups."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"openness-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    record: dict[str, Any] = {
        **describe_machine(now),
        "commit": source_commit(),
        "settings": {"quality": quality, "resolution": resolution},
        "rows": [],
    }
    for case in CASES:
        if (names or groups) and case.name not in names and case.group not in groups:
            continue
        field = fitted(case, data, quality, fields)
        row = {"case": case.name, "group": case.group, "wanted": case.wanted, **judged(field, resolution)}
        record["rows"].append(row)
        output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        output.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
    click.echo(output.with_suffix(".md").read_text(encoding="utf-8"))


def fitted(case: OpennessCase, data: Path, quality: str, fields: Path | None) -> SignedDistanceField:
    """The field of a case, as a run would fit it; from ``fields`` where it is there."""
    path = None if fields is None else fields / f"{case.name}.safetensors"
    if path is not None and path.exists():
        return load_field(path)
    cloud = case.load(data)
    field = fit_surface(complete_normals(without_outliers(cloud)), quality)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_field(field, path)
    return field


def judged(field: SignedDistanceField, resolution: int) -> dict[str, Any]:
    """The decision and what it was made by; and what a coarse mesh says, where that is clear."""
    kept = scan_support(field)
    assert kept is not None
    found, coarse = openness(extract(field, resolution).mesh, kept), clearly(field)
    return {
        "points": field.record["points"],
        "made_up": found.made_up,
        "in_view": found.in_view,
        "leaves": found.leaves,
        "decided": "open" if found.open else "closed",
        "coarse": None if coarse is None else "open" if coarse.open else "closed",
        "coarse_in_view": None if coarse is None else coarse.in_view,
    }


def markdown(record: dict[str, Any]) -> str:
    """Shares and decisions, case by case."""
    settings = record["settings"]
    lines = [
        f"# Open or closed, {record['date']}",
        "",
        f"{record['machine']['cpu']}; quality {settings['quality']}, {settings['resolution']} cells.",
        "Made up: percent of the area of the whole mesh beyond 3 spacings; in view: of what is seen of",
        "it from all around, which decides. Coarse: the decision and what is in view, where a coarse mesh",
        "is clear.",
        "",
        *table(_HEAD, ([*decision_cells(row), _coarse_cell(row)] for row in record["rows"])),
        "",
        as_wanted(record["rows"]),
        "",
        _agreement(record["rows"]),
    ]
    return "\n".join([*lines, ""])


def decision_cells(row: dict[str, Any]) -> list[str]:
    """From the case to what was wanted; without what is in view, where that was not recorded."""
    return [
        row["case"],
        f"{row['points']:,}",
        f"{100 * row['made_up']:.1f} %",
        *([f"{100 * row['in_view']:.1f} %"] if "in_view" in row else []),
        "yes" if row["leaves"] else "no",
        row["decided"],
        row["wanted"] or "either",
    ]


def _coarse_cell(row: dict[str, Any]) -> str:
    return f"{row['coarse']}, {100 * row['coarse_in_view']:.1f} %" if row["coarse"] else ""


def _agreement(rows: list[dict[str, Any]]) -> str:
    clear = [row for row in rows if row["coarse"]]
    agree = sum(row["coarse"] == row["decided"] for row in clear)
    return f"A coarse mesh is clear in {len(clear)} cases of {len(rows)}, and decides the same in {agree}."


def as_wanted(rows: list[dict[str, Any]]) -> str:
    """How many decisions are right; either is, where people would differ."""
    right = sum(row["wanted"] in ("", row["decided"]) for row in rows)
    return f"Decided as wanted: {right} of {len(rows)}."


if __name__ == "__main__":
    main()
