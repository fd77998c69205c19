"""Open or closed: exact shares, and the limits between them."""

from __future__ import annotations

import numpy as np
import pytest
from exact_scans import mesh_of, plane_scan, sphere_scan

from sdf_siren.artifacts import Mesh
from sdf_siren.fields.shapes import Plane, Sphere
from sdf_siren.meshing import Openness, coverage, openness

PLANE = Plane(offset=1e-4)  # not through the nodes of a lattice


def test_closed_all_around():
    found = openness(mesh_of(Sphere(0.5)), sphere_scan(2000))
    assert found == Openness(0.0, leaves=False)
    assert not found.open
    assert found.sentence() == "the scan is taken as closed: it has points all around"


@pytest.mark.parametrize(("lowest", "is_open"), [(-0.9, False), (-0.7, False), (0.0, True)])
def test_the_share_of_a_sphere_decides(lowest, is_open):
    """A zone of a sphere has a share of its area of half its height in radii."""
    scan = sphere_scan(20_000, lowest)
    found = openness(mesh_of(Sphere(0.5)), scan)
    margin = 3 * 1.1 * np.median(scan.spacing) / 0.5
    # The margin runs along the sphere, its height is less by the sine of the angle from the pole.
    assert found.made_up == pytest.approx((1 + lowest - margin * np.sqrt(1 - lowest**2)) / 2, abs=0.02)
    assert found.open == is_open
    assert ("taken as open" in found.sentence()) == is_open


def test_a_plane_leaves_the_cube():
    found = openness(mesh_of(PLANE), plane_scan(5000))
    assert found.leaves
    assert found.made_up == pytest.approx(1 - (1 + 6 * 0.0155) ** 2 / 4, abs=0.02)
    assert found.open


def test_a_tenth_is_enough_for_what_leaves_and_not_for_what_closes():
    assert Openness(0.1, leaves=True).open
    assert not Openness(0.1, leaves=False).open
    assert not Openness(0.01, leaves=True).open


def test_coverage_counts_area():
    vertices = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 0, 0], [8, 0, 0], [5, 2, 0.0]])
    mesh = Mesh(vertices, np.array([[0, 1, 2], [3, 4, 5]]))
    found = coverage(mesh, np.array([0.0, 0, 0, 4, 4, 4]))
    assert found.beyond == {2.0: 6 / 7, 3.0: 6 / 7, 5.0: 0.0}
    assert found.largest == 4
