"""Fewer faces: by quadrics alone, with vertices taken onto the level set, with faces settled, and unfolded.

    python benchmarks/simplification.py FIELD.safetensors TRUTH.ply

The mesh of the field is simplified to each number of faces in four ways, and by open3d. Printed, lengths in
thousandths of the cube's unit (half the scan's longest side is 0.9): the mean and 99th percentile of the
distance from the true surface to the mesh, the mean distance of the mesh from the field's level set, to first
order, how many faces are turned against the field's gradient at their centre, and whether it is watertight.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh, area_vectors
from sdf_siren.fields import Field
from sdf_siren.frames import Similarity
from sdf_siren.io import load_field, read_mesh
from sdf_siren.meshing import extract_mesh
from sdf_siren.meshing.settle import distance_and_direction, settled
from sdf_siren.meshing.simplify import simplify
from sdf_siren.meshing.unfold import unfolded
from sdf_siren.metrics import sample_surface, topology
from sdf_siren.metrics.distance import SurfaceDistance
from sdf_siren.open3d_import import import_open3d

FACES = (100_000, 50_000, 10_000)
SAMPLES = 100_000
CUBE = Similarity((0.0, 0.0, 0.0), 1.0)

Triangles = tuple[NDArray[np.float64], NDArray[np.int64]]


@click.command()
@click.argument("field", type=click.Path(path_type=Path, exists=True))
@click.argument("truth", type=click.Path(path_type=Path, exists=True))
def simplification(field: Path, truth: Path) -> None:
    """Measure the mesh of FIELD with fewer faces against TRUTH."""
    fitted = load_field(field)
    mesh, reference = extract_mesh(fitted), read_mesh(truth)
    vertices = fitted.frame.to_cube(mesh.vertices)
    points = sample_surface(Mesh(fitted.frame.to_cube(reference.vertices), reference.faces), SAMPLES, seed=3)
    click.echo(f"{'faces':>8}  {'method':<14}  truth to mesh: mean, p99   mesh to field  turned  watertight")
    _tell("all", (vertices, mesh.faces), fitted.in_cube, points.points)
    for most in FACES:
        for name, triangles in _ways(fitted.in_cube, vertices, mesh.faces, most):
            _tell(name, triangles, fitted.in_cube, points.points)


def _ways(
    field: Field, vertices: NDArray[np.float64], faces: NDArray[np.int64], most: int
) -> Iterator[tuple[str, Triangles]]:
    fewer = simplify(vertices, faces, most)
    yield "quadrics", fewer
    distance, gradient = distance_and_direction(field, fewer[0], "cpu")
    length = np.linalg.norm(gradient, axis=1, keepdims=True).clip(1e-3)
    yield "onto level set", (fewer[0] - distance[:, None] * gradient / length, fewer[1])
    laid = settled(field, *fewer), fewer[1]
    yield "settled", laid
    yield "unfolded", unfolded(field, *laid)
    open3d = import_open3d()
    whole = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(vertices), open3d.utility.Vector3iVector(faces.astype(np.int32))
    ).simplify_quadric_decimation(most)
    yield "open3d", (np.asarray(whole.vertices), np.asarray(whole.triangles, dtype=np.int64))


def _tell(name: str, triangles: Triangles, field: Field, points: NDArray[np.float64]) -> None:
    mesh = Mesh(*triangles)
    to_mesh = 1000 * SurfaceDistance(mesh, CUBE)(points)[0]
    to_field, _ = distance_and_direction(field, sample_surface(mesh, SAMPLES, seed=2).points, "cpu")
    mean, high, off = to_mesh.mean(), np.quantile(to_mesh, 0.99), 1000 * np.abs(to_field).mean()
    closed = "yes" if topology(mesh).watertight else "no"
    _, gradient = distance_and_direction(field, mesh.vertices[mesh.faces].mean(axis=1), "cpu")
    turned = int((np.einsum("fd,fd->f", area_vectors(mesh.vertices, mesh.faces), gradient) < 0).sum())
    click.echo(f"{len(mesh.faces):>8}  {name:<14}  {mean:.4f}  {high:.3f}  {off:.4f}  {turned}  {closed}")
    sys.stdout.flush()


if __name__ == "__main__":
    simplification()
