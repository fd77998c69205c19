"""Open or closed: exact shares, and the limits between them."""

from __future__ import annotations

import numpy as np
import pytest
from exact_scans import mesh_of, plane_scan, sphere_scan

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds.support import Support
from sdf_siren.fields.shapes import Plane, Sphere
from sdf_siren.frames import Similarity
from sdf_siren.meshing import Openness, openness

PLANE = Plane(offset=1e-4)  # not through the nodes of a lattice


def test_closed_all_around():
    found = openness(mesh_of(Sphere(0.5)), sphere_scan(2000))
    assert found == Openness(0.0, leaves=False, in_view=0.0)
    assert not found.open
    assert found.sentence() == "the scan is taken as closed: it has points all around"


@pytest.mark.parametrize(("lowest", "is_open"), [(-0.9, False), (-0.8, False), (-0.4, True), (0.0, True)])
def test_the_share_of_a_sphere_decides(lowest, is_open):
    """A zone of a sphere has a share of its area of half its height in radii."""
    scan = sphere_scan(20_000, lowest)
    found = openness(mesh_of(Sphere(0.5)), scan)
    margin = 3 * 1.1 * np.median(scan.spacing) / 0.5
    # The margin runs along the sphere, its height is less by the sine of the angle from the pole.
    assert found.made_up == pytest.approx((1 + lowest - margin * np.sqrt(1 - lowest**2)) / 2, abs=0.02)
    # A part of a convex surface takes up as much of its pictures as of its area.
    assert found.in_view == pytest.approx(found.made_up, abs=0.015)
    assert found.open == is_open
    assert ("taken as open" in found.sentence()) == is_open


def test_a_plane_leaves_the_cube():
    found = openness(mesh_of(PLANE), plane_scan(5000))
    assert found.leaves
    assert found.made_up == pytest.approx(1 - (1 + 6 * 0.0155) ** 2 / 4, abs=0.02)
    assert found.open


def test_what_is_hidden_does_not_count():
    """Of a hollow sphere that was scanned from outside, the hollow is made up."""
    outer, inner = mesh_of(Sphere(0.5)), mesh_of(Sphere(0.4))
    both = Mesh(
        np.vstack([outer.vertices, inner.vertices]),
        np.vstack([outer.faces, len(outer.vertices) + inner.faces[:, ::-1]]),
    )
    found = openness(both, sphere_scan(20_000))
    assert found.made_up == pytest.approx(0.4**2 / (0.5**2 + 0.4**2), abs=0.01)
    assert found.in_view == 0
    assert not found.open
    assert "only 39.0 % of the surface" in found.sentence()
    assert "0.0 % of what is seen" in found.sentence()


def test_the_outer_one_of_two_surfaces_counts_for_all():
    """The same the other way round: nothing was seen of what hides the rest."""
    outer, inner = mesh_of(Sphere(0.5)), mesh_of(Sphere(0.4))
    both = Mesh(
        np.vstack([outer.vertices, inner.vertices]),
        np.vstack([outer.faces, len(outer.vertices) + inner.faces]),
    )
    found = openness(both, sphere_scan(20_000, radius=0.4))
    assert found.in_view == 1
    assert found.open


@pytest.mark.parametrize("place", [[0, 0, 0], [5e5, 4.9e6, 1e3]])
def test_a_surface_that_is_inside_out_or_far_away_looks_the_same(place):
    """A room's walls look into it; what closes up is asked all the same."""
    scan = sphere_scan(5000, lowest=0.0)
    mesh = mesh_of(Sphere(0.5), 64)
    turned = Mesh(mesh.vertices + place, mesh.faces[:, ::-1])
    frame = Similarity(tuple(float(x) for x in place), 1.0)
    found = openness(turned, Support(scan.points + place, -scan.normals, frame))
    assert found.in_view == pytest.approx(openness(mesh, scan).in_view, abs=1e-3)
    assert found.open


@pytest.mark.parametrize("lowest", [-2.0, -0.4, 0.5])
def test_on_a_coarse_mesh_the_vertices_decide(lowest):
    scan, mesh = sphere_scan(20_000, lowest), mesh_of(Sphere(0.5), 24)
    on_sphere = Mesh(0.5 * mesh.normals.astype(float), mesh.faces, mesh.normals)
    expected = openness(mesh_of(Sphere(0.5)), scan)
    found = openness(on_sphere, scan, coarse=True)
    assert found.made_up == pytest.approx(expected.made_up, abs=0.03)
    assert found.in_view == pytest.approx(expected.in_view, abs=0.03)


def test_near_the_limits_a_coarse_mesh_is_not_clear():
    assert [Openness(0.5, False, share).clear for share in (0.0, 0.03, 0.04, 0.29, 0.31, 1.0)] == [
        True, True, False, False, True, True,
    ]  # fmt: skip
    assert [Openness(0.5, True, share).clear for share in (0.005, 0.01, 0.05, 0.07)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_a_tenth_is_enough_for_what_leaves_and_not_for_what_closes():
    assert Openness(0.1, leaves=True, in_view=0.1).open
    assert not Openness(0.1, leaves=False, in_view=0.1).open
    assert not Openness(0.1, leaves=True, in_view=0.01).open
