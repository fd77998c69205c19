"""Triangles: they fill the domain, follow its boundary, and are neither flat nor turned over."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdf_siren.domains import Ball, Box, Difference, Intersection, Polygon, Union
from sdf_siren.metrics.triangulation import triangulated

LENS = 2 * math.acos(0.4) - 0.4 * math.sqrt(4 - 0.64)
DOMAINS = {
    "disk": (Ball([3, -1], 1), math.pi),
    "L": (Polygon([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]]), 3.0),
    "arrow": (Polygon([[0, 0], [1, 0.3], [2, 0], [1, 2]]), 1.7),
    "lens": (Intersection(Ball([0, 0], 1), Ball([0.8, 0], 1)), LENS),
    "ring": (Difference(Ball([0, 0], 1), Ball([0.1, 0], 0.4)), math.pi * 0.84),
    "keyhole": (
        Difference(Box([0, 0], [1, 1]), Ball([0.5, 0.5], 0.2), Box([0.2, -0.1], [0.3, 0.15])),
        1 - math.pi * 0.04 - 0.015,
    ),
    "shared side": (Union(Box([0, 0], [1, 1]), Box([1, 0], [2, 0.5])), 1.5),
}


def area(mesh):
    a, b, c = (mesh.points[mesh.triangles[:, k]] for k in range(3))
    u, v = b - a, c - a
    return (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2


def smallest_angle(mesh):
    p = mesh.points[mesh.triangles]
    u, v = np.roll(p, -1, 1) - p, np.roll(p, 1, 1) - p
    cosine = (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)
    return np.degrees(np.arccos(cosine.max()))


@pytest.mark.parametrize("name", DOMAINS)
def test_meshes(name):
    domain, size = DOMAINS[name]
    coarse = triangulated(domain, domain.diameter / 25)
    errors = []
    for mesh in (coarse, coarse.refined(domain.curves)):
        assert (area(mesh) > 0).all()
        assert smallest_angle(mesh) > 10
        errors.append(abs(area(mesh).sum() - size))
        assert len(mesh.points) - len(mesh.triangles) * 1.5 - len(mesh.edges) / 2 + len(mesh.triangles) == (
            pytest.approx(1 - (name in {"ring", "keyhole"}))  # Euler: one, less the holes
        )
        on = domain.distance(_tensor(np.concatenate([mesh.points[mesh.edges].reshape(-1, 2), mesh.middles])))
        assert on.abs().max() < 1e-9
    assert errors[0] < 5e-3 * size
    assert errors[1] < max(0.3 * errors[0], 1e-12)
    assert np.array_equal(mesh.points[: len(coarse.points)], coarse.points)


def test_edges_know_their_part():
    domain = DOMAINS["keyhole"][0]
    mesh = triangulated(domain, 0.05)
    for part, name in enumerate(domain.parts):
        length = sum(
            np.linalg.norm(np.subtract(*mesh.points[edge])) for edge in mesh.edges[mesh.part == part]
        )
        assert length == pytest.approx(float(domain.part_measure[part]), rel=0.02, abs=1e-9), name


def test_rings_shrink_to_corners_that_turn_inwards():
    mesh = triangulated(DOMAINS["L"][0], 0.1)
    distances = np.sort(np.linalg.norm(mesh.points - [1, 1], axis=1))
    assert distances[0] == 0
    assert distances[1] < 2e-5


def _tensor(array):
    import torch

    return torch.from_numpy(array)
