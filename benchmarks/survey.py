"""A scan at survey coordinates: does its place change the result, and by how much more than the seed does?

    python benchmarks/survey.py [SCAN] [--quality standard]

SCAN (by default the shipped skull) is fitted with seeds 0 and 1 where it is, and with seed 0 after a shift of
hundreds of kilometres. Printed as JSON, lengths as parts of the extent: how far the frame and the vertices of
one and the same field are from the shifted ones, in memory and from PLY and OBJ files; and the mean, the
99th percentile and the largest distance between the meshes of two fits.
"""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.fitting import fit_surface
from sdf_siren.frames import Similarity
from sdf_siren.io import read_mesh, read_points, write_mesh
from sdf_siren.meshing import extract_mesh
from sdf_siren.metrics import sample_surface
from sdf_siren.metrics.distance import SurfaceDistance

SHIFT = np.array([500000.123, 4900000.456, 1200.789])
SAMPLES = 100_000
SKULL = Path(__file__).resolve().parents[1] / "data" / "scans" / "skull_points_100k.ply"


@click.command()
@click.argument("scan", type=click.Path(path_type=Path, exists=True), default=SKULL)
@click.option("--quality", default="standard", show_default=True)
def survey(scan: Path, quality: str) -> None:
    """Measure SCAN here and at survey coordinates."""
    here = complete_normals(read_points(scan))
    there = complete_normals(dataclasses.replace(read_points(scan), points=here.points + SHIFT))
    extent = float(here.extent.max())
    field = fit_surface(here, quality)
    mesh = extract_mesh(field)
    found: dict[str, Any] = {"scan": scan.name, "quality": quality, "frame": _frames(here, there, extent)}
    moved = extract_mesh(dataclasses.replace(field, frame=there.frame))
    found["same_field"] = {"memory": _apart(moved, mesh, extent)}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("ply", "obj"):
            path = Path(folder) / f"mesh.{suffix}"
            found["same_field"]["notes"] = write_mesh(moved, path)
            found["same_field"][suffix] = _apart(read_mesh(path), mesh, extent)
    shifted = extract_mesh(fit_surface(there, quality))
    back = Mesh(shifted.vertices - SHIFT, shifted.faces)
    found["two_places"] = _between(back, mesh, here.frame, extent)
    found["two_seeds"] = _between(extract_mesh(fit_surface(here, quality, seed=1)), mesh, here.frame, extent)
    click.echo(json.dumps(found, indent=1))


def _frames(here: PointCloud, there: PointCloud, extent: float) -> dict[str, float]:
    centre = np.asarray(there.frame.centre) - SHIFT - np.asarray(here.frame.centre)
    return {
        "centre": float(np.abs(centre).max() / extent),
        "scale": abs(there.frame.scale / here.frame.scale - 1),
    }


def _apart(moved: Mesh, mesh: Mesh, extent: float) -> float:
    """The largest difference of any coordinate of vertices that should be ``SHIFT`` apart."""
    return float(np.abs(moved.vertices - SHIFT - mesh.vertices).max() / extent)


def _between(one: Mesh, other: Mesh, frame: Similarity, extent: float) -> dict[str, float]:
    """Distances between two surfaces, both ways."""
    distances: list[NDArray[np.float64]] = []
    for surface, reference in ((one, other), (other, one)):
        samples = sample_surface(surface, SAMPLES, seed=0).points
        distances.append(SurfaceDistance(reference, frame)(samples)[0] / extent)
    every = np.concatenate(distances)
    return {
        "mean": float(every.mean()),
        "p99": float(np.quantile(every, 0.99)),
        "largest": float(every.max()),
    }


if __name__ == "__main__":
    survey()
