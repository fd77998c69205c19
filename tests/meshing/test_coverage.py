from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds.support import Support
from sdf_siren.frames import Similarity
from sdf_siren.meshing import coverage

SIDE = 40


def square(cells=1):
    """The unit square at z = 0, of 2 cells^2 triangles."""
    along = np.linspace(0, 1, cells + 1)
    x, y = (a.ravel() for a in np.meshgrid(along, along, indexing="ij"))
    number = np.arange((cells + 1) ** 2).reshape(cells + 1, -1)
    a, b, c, d = (number[i : i + cells, j : j + cells].ravel() for i, j in ((0, 0), (1, 0), (1, 1), (0, 1)))
    faces = np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])
    return Mesh(np.column_stack([x, y, np.zeros_like(x)]), faces)


def grid(height=0.0):
    """Points a ``SIDE``-th apart on the unit square, ``height`` above it."""
    along = (np.arange(SIDE) + 0.5) / SIDE
    x, y = (a.ravel() for a in np.meshgrid(along, along))
    return np.column_stack([x, y, np.full_like(x, height)])


def missed(points, mesh, scale=1.0, place=(0.0, 0.0, 0.0)):
    points, vertices = scale * points + place, scale * mesh.vertices + place
    support = Support(points, None, Similarity.fitting(points))
    return coverage(Mesh(vertices, mesh.faces), support).missed


@pytest.mark.parametrize(("normals", "least"), [(None, 0.0), (1.0, 0.0), (-1.0, np.sqrt(10))])
def test_area_is_counted(normals, least):
    """Of two parallel triangles, the far one six times as large."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 4], [3, 0, 4], [0, 2, 4.0]])
    mesh = Mesh(vertices, np.array([[0, 1, 2], [3, 4, 5]]))
    up = None if normals is None else np.tile([0, 0, normals], (SIDE**2, 1))
    centre = mesh.vertices[mesh.faces[0]].mean(axis=0)
    points = grid() - grid()[SIDE * SIDE // 2] + centre
    found = coverage(mesh, Support(points, up, Similarity.fitting(points)))
    all_of_it = 1.0 if least > 3 else 6 / 7
    assert found.beyond == {2.0: all_of_it, 3.0: all_of_it, 5.0: 6 / 7}
    assert found.largest == 10


def test_of_a_large_mesh_some_faces_are_looked_at():
    """Half of a square of 320,000 faces has points."""
    found = coverage(square(400), Support(grid() * [0.5, 1, 1], None, Similarity.fitting(grid())))
    assert found.beyond[3.0] == pytest.approx(0.5 - 3 / SIDE, abs=0.02)


@pytest.mark.parametrize("cells", [1, 7, 90])
@pytest.mark.parametrize(("spacings", "expected"), [(0.0, 0.0), (2.9, 0.0), (5.0, 1.0), (30.0, 1.0)])
def test_distances_are_to_faces_of_any_size(cells, spacings, expected):
    assert missed(grid(spacings / SIDE), square(cells)) == expected


def test_a_part_without_mesh_is_missed_wherever_the_scan_stands():
    far = grid()[:400] / 100 + [0, 0, 2]
    points = np.concatenate([grid(), far])
    share = len(far) / len(points)
    assert missed(points, square()) == pytest.approx(share)
    assert missed(points, square(90), 1e3, (5e5, 5e6, 0)) == pytest.approx(share)


def test_points_that_stand_closer_than_the_others_are_measured_by_the_others():
    dense = grid()[:400] / 100 + [0.5, 0.5, 1.0 / SIDE]  # a hundred of their own spacings above
    assert missed(np.concatenate([grid(), dense]), square()) == 0


def test_of_a_large_scan_some_points_are_asked():
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.random((250_000, 2)), np.zeros(250_000)])
    points[:50_000, 2] = 1.0
    assert missed(points, square()) == pytest.approx(0.2, abs=1e-4)
