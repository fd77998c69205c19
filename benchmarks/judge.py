"""The figures of one mesh: prints one line of JSON, lengths in the cube where half the scan is 0.9.

python benchmarks/judge.py DATA CASE SCAN MESH [FIELD]     (CASE as JSON)
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cases import Case
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.artifacts import Mesh
from sdf_siren.fields import SignedDistanceField
from sdf_siren.frames import HALF_EXTENT, Similarity
from sdf_siren.io import load_field, read_mesh, read_points
from sdf_siren.metrics import compare, sample_surface, topology
from sdf_siren.metrics.distance import SurfaceDistance

NEAR = 0.02
"""What counts as near the scan, and what is farther from the true surface counts as invented.

One length in the cube for all cases, so that figures can be compared and do not depend on what a gauge
makes of a scan. It is 1.6 times the spacing of the sparsest virtual scan with holes and five times the
noise of the noisy ones: nothing that was scanned falls out between points.
"""

BAND = 0.05 * 2 * HALF_EXTENT
"""Half the width of the band in which the field has to be a distance: 5 % of the extent."""

BAND_POINTS = 20_000
SAMPLES = 100_000
_LENGTHS = ("diagonal", "accuracy", "completeness", "chamfer", "hausdorff")


@dataclass(frozen=True)
class OneWay:
    """Distances from one surface to another, in the cube: over its area, and at its vertices."""

    samples: NDArray[np.float64]
    distance: NDArray[np.float64]
    vertices: NDArray[np.float64]
    at_vertices: NDArray[np.float64]

    @classmethod
    def between(cls, surface: Mesh, other: Mesh, frame: Similarity, seed: int) -> OneWay:
        """From ``surface`` to ``other``."""
        query = SurfaceDistance(other, frame)
        samples = sample_surface(surface, SAMPLES, seed).points
        vertices = surface.vertices[np.unique(surface.faces)]
        return cls(
            frame.to_cube(samples),
            query(samples)[0] * frame.scale,
            frame.to_cube(vertices),
            query(vertices)[0] * frame.scale,
        )

    def near(self, scan: cKDTree) -> OneWay:
        """The part that lies near the points of a scan (in the cube)."""
        here = np.isfinite(scan.query(self.samples, distance_upper_bound=NEAR)[0])
        there = np.isfinite(scan.query(self.vertices, distance_upper_bound=NEAR)[0])
        return OneWay(self.samples[here], self.distance[here], self.vertices[there], self.at_vertices[there])

    @property
    def mean(self) -> float | None:
        """Over the area; None where there is none."""
        return float(self.distance.mean()) if len(self.distance) else None

    @property
    def greatest(self) -> float:
        """Anywhere."""
        return float(max(self.distance.max(initial=0), self.at_vertices.max(initial=0)))


def figures(case: Case, data: Path, scan: Path, mesh_path: Path, field_path: Path | None) -> dict[str, Any]:
    """All that can be said of the mesh."""
    cloud, mesh, reference = read_points(scan), read_mesh(mesh_path), case.reference(data)
    frame = cloud.frame
    surface = compare(mesh, reference, SAMPLES).to_dict()
    for length in _LENGTHS:
        surface[length] = None if surface[length] is None else surface[length] * frame.scale
    found = {"surface": surface, "topology": topology(mesh).to_dict()}
    if not isinstance(reference, Mesh):
        return found
    from_mesh = OneWay.between(mesh, reference, frame, seed=0)
    found["invented"] = float((from_mesh.distance > NEAR).mean())
    if case.incomplete:
        from_truth = OneWay.between(reference, mesh, frame, seed=1)
        found["near_scan"] = near_scan(from_mesh, from_truth, cKDTree(frame.to_cube(cloud.points)))
    if field_path is not None:
        found["eikonal_band"] = eikonal_band(load_field(field_path), reference)
    return found


def near_scan(from_mesh: OneWay, from_truth: OneWay, scan: cKDTree) -> dict[str, float | None]:
    """Both surfaces judged only where there are data, and the share of the true surface that has any."""
    mesh, truth = from_mesh.near(scan), from_truth.near(scan)
    return {
        "accuracy": mesh.mean,
        "completeness": truth.mean,
        "hausdorff": max(mesh.greatest, truth.greatest),
        "seen": len(truth.samples) / len(from_truth.samples),
    }


def eikonal_band(field: SignedDistanceField, reference: Mesh) -> float:
    """Mean of ``| |grad f| - 1 |`` over points uniform within ``BAND`` of the true surface.

    By rejection with the exact distance; the part of the band outside the cube, where no field is
    fitted, is left out, and the part about surface that the scan does not show is not.
    """
    frame = field.frame
    query, generator = SurfaceDistance(reference, frame), np.random.default_rng(0)
    corners = frame.to_cube(reference.vertices)
    low, high = np.maximum(corners.min(axis=0) - BAND, -1), np.minimum(corners.max(axis=0) + BAND, 1)
    excess: list[NDArray[np.float64]] = []
    while sum(map(len, excess)) < BAND_POINTS:
        points = frame.to_world(generator.uniform(low, high, (BAND_POINTS, 3)))
        inside = points[query(points)[0] * frame.scale < BAND]
        excess.append(np.abs(np.linalg.norm(field.gradient(inside), axis=1) - 1))
    return float(np.concatenate(excess)[:BAND_POINTS].mean())


if __name__ == "__main__":
    result = figures(
        Case(**json.loads(sys.argv[2])),
        Path(sys.argv[1]),
        Path(sys.argv[3]),
        Path(sys.argv[4]),
        Path(sys.argv[5]) if len(sys.argv) > 5 else None,
    )
    sys.stdout.write("\n" + json.dumps(result, allow_nan=False) + "\n")
