"""Points and outward normals on exact shapes, for the tests of normals."""

from __future__ import annotations

import numpy as np

Oriented = tuple[np.ndarray, np.ndarray]


def sphere(count: int = 2000, radius: float = 1.0, seed: int = 0) -> Oriented:
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    normals = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return radius * normals, normals


def torus(count: int = 4000) -> Oriented:
    u, v = np.random.default_rng(1).uniform(0, 2 * np.pi, (2, count))
    ring = np.stack([np.cos(u), np.sin(u), np.zeros(count)], axis=1)
    normals = np.cos(v)[:, None] * ring + np.sin(v)[:, None] * np.array([0, 0, 1.0])
    return ring + 0.4 * normals, normals


def shell() -> Oriented:
    """A ball with a hollow: the hollow's outward normals point to the middle."""
    (outer, n), (inner, m) = sphere(4000), sphere(1500, 0.6, seed=1)
    return np.vstack([outer, inner]), np.vstack([n, -m])


def two_balls() -> Oriented:
    (one, n), (other, m) = sphere(3000), sphere(600, 0.4, seed=1)
    return np.vstack([one, other + np.array([2.0, 0, 0])]), np.vstack([n, m])


def plate(spacings: float, count: int = 8000) -> Oriented:
    """A square plate, ``spacings`` times as thick as its points are far apart, with its rim."""
    rng = np.random.default_rng(2)
    thickness = spacings * 2 / np.sqrt(count / 2)  # a side of the plate is 2 long and has half of the points
    faces = rng.uniform(-1, 1, (count, 3))
    up = np.where(np.arange(count) % 2, 1.0, -1.0)
    faces[:, 2] = up * thickness / 2
    normals = np.outer(up, [0, 0, 1.0])
    rim = rng.uniform(-1, 1, (int(count * thickness), 3))
    rim[:, 2] *= thickness / 2
    axis, side = rng.integers(2, size=len(rim)), rng.choice([-1.0, 1.0], len(rim))
    rim[np.arange(len(rim)), axis] = side
    rim_normals = np.zeros(rim.shape)
    rim_normals[np.arange(len(rim)), axis] = side
    return np.vstack([faces, rim]), np.vstack([normals, rim_normals])


def box(count: int, seed: int = 0) -> Oriented:
    """Points on the faces of a box, and the faces' normals."""
    generator = np.random.default_rng(seed)
    points = generator.uniform(-1, 1, (count, 3))
    axis, side = generator.integers(0, 3, count), generator.choice([-1.0, 1.0], count)
    n = np.zeros_like(points)
    points[np.arange(count), axis] = n[np.arange(count), axis] = side
    return points, n


def tetrahedron(count: int) -> Oriented:
    """With acute edges: points on its faces, alike on all of its surface."""
    corners = np.array([[0, 0, 0], [1, 0, 0], [0.4, 0.9, 0], [0.6, 0.3, 0.7]])
    faces = corners[[[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]]]
    normals = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
    areas = np.linalg.norm(normals, axis=1)
    rng = np.random.default_rng(3)
    face = rng.choice(4, count, p=areas / areas.sum())
    weights = rng.dirichlet(np.ones(3), count)
    return np.einsum("nk,nkd->nd", weights, faces[face]), (normals / areas[:, None])[face]


def lying(cut: float, count: int = 8000) -> Oriented:
    """A cylinder that lies on the ground, of which ``cut`` of its height was hidden there."""
    rng = np.random.default_rng(4)
    angle, along = rng.uniform(0, 2 * np.pi, count), rng.uniform(-2, 2, count)
    ring = np.stack([np.zeros(count), np.cos(angle), np.sin(angle)], axis=1)
    side = ring + along[:, None] * np.array([1.0, 0, 0])
    ends = np.arange(count) < count // 5  # their area beside that of the side
    out = rng.choice([-1.0, 1.0], count)[:, None] * np.array([1.0, 0, 0])
    points = np.where(ends[:, None], 2 * out + np.sqrt(rng.random(count))[:, None] * ring, side)
    seen = points[:, 2] > 2 * cut - 1
    return points[seen], np.where(ends[:, None], out, ring)[seen]


def right(found: np.ndarray | None, normals: np.ndarray) -> float:
    """The share of normals on the right side."""
    assert found is not None
    return float((np.einsum("nd,nd->n", found, normals) > 0).mean())
