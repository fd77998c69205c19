"""Distances in spacings: exact on grids, blind to units, and with an eye for the side."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.clouds.support import FARTHEST, Support
from sdf_siren.frames import Similarity

UNIT = Similarity((0.0, 0.0, 0.0), 1.0)
UP, RIGHT = np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0])


def square(step: float = 0.05, half: float = 1.0) -> np.ndarray:
    side = np.arange(-half, half + step / 2, step)
    return np.stack([*np.meshgrid(side, side), np.zeros((len(side),) * 2)], axis=2).reshape(-1, 3)


def of(points: np.ndarray, normal: np.ndarray | None = UP, frame: Similarity = UNIT) -> Support:
    return Support(points, None if normal is None else np.broadcast_to(normal, points.shape), frame)


def test_the_spacing_of_a_grid_is_its_step():
    spacing = of(square()).spacing
    inner = (np.abs(square()[:, :2]) < 0.6).all(axis=1)
    np.testing.assert_allclose(spacing[inner], 0.05, rtol=0.15)
    assert (spacing < 0.05 * 1.6).all()  # a corner sees a quarter of its neighbours


def test_the_spacing_of_random_points_is_the_side_of_their_square():
    points = np.random.default_rng(0).uniform(-1, 1, (40_000, 3)) * [1, 1, 0]
    spacing = of(points).spacing
    assert np.median(spacing) == pytest.approx(2 / 200, rel=0.05)
    inner = (np.abs(points[:, :2]) < 0.9).all(axis=1)
    assert spacing[inner].std() < 0.1 * spacing.mean()


def test_where_normals_agree_it_is_the_distance():
    support = of(square())
    height = np.array([0.0, 0.05, 0.1, 0.2])
    found = support.at(height[:, None] * UP, np.tile(UP, (4, 1)))
    np.testing.assert_allclose(found, height / support.spacing_at(np.zeros((1, 3))), atol=1e-12)


@pytest.mark.parametrize(("angle", "least", "most"), [(0.2, 0, 0.35), (np.pi / 2, 2.2, 2.3), (np.pi, 3, 3.2)])
def test_a_surface_that_faces_elsewhere_is_farther(angle, least, most):
    turned = np.array([[np.sin(angle), 0, np.cos(angle)]])
    found = of(square()).at(np.zeros((1, 3)), turned)
    assert least <= found[0] <= most
    assert of(square(), None).at(np.zeros((1, 3)), turned)[0] < 1e-9


@pytest.mark.parametrize("frame", [UNIT, Similarity((5e5, 4.9e6, 30.0), 1 / 400)])
def test_what_may_be_within_so_many_spacings(frame):
    """Points ten times as far apart on one side: all that are within, none twice as far."""
    points = np.concatenate([square(0.02, 0.3) - 0.5 * RIGHT, square(0.2, 0.3) + 0.5 * RIGHT])
    support = of(frame.to_world(points), UP, frame)
    places = np.random.default_rng(0).uniform(-1, 1, (2000, 3))
    apart = np.linalg.norm(places[:, None] - points, axis=2)
    more = 0.05
    nearest = ((apart - more) * frame.length_to_world(1) / support.spacing).min(axis=1)
    found = support.within(frame.to_world(places), 3.0, float(frame.length_to_world(more)))
    assert found[nearest < 3 - 1e-6].all()
    assert not found[nearest > 6 + 1e-6].any()
    assert 0.05 < found.mean() < 0.95


def test_a_plate_scanned_on_both_sides_supports_both():
    points = square(half=0.3)
    both = Support(
        np.concatenate([points, points - 0.01 * UP]),
        np.concatenate([np.tile(UP, (len(points), 1)), np.tile(-UP, (len(points), 1))]),
        UNIT,
    )
    assert both.at(points, np.tile(UP, (len(points), 1))).max() < 1e-7
    assert both.at(points - 0.01 * UP, np.tile(-UP, (len(points), 1))).max() == pytest.approx(0, abs=1e-7)


def test_a_stray_point_does_not_stand_for_its_surroundings():
    far = np.array([[0.0, 0.0, 0.8]])
    support = of(np.concatenate([square(half=0.3), far]))
    assert support.spacing[-1] < 0.25 * 0.8
    assert support.at(far + 0.6 * RIGHT, None)[0] > 3


def test_dense_points_do_not_hide_sparse_ones():
    left, right = square(0.01, 0.4), square(0.08, 0.4)
    support = of(np.concatenate([left - 0.4 * RIGHT, right + 0.48 * RIGHT]))
    between = np.array([[0.04, 0.0, 0.0]])
    nearest = np.sort(np.linalg.norm(support.points - between, axis=1))[:8]
    assert (nearest > 3.9 * support.spacing_at(-0.1 * RIGHT[None])).all()
    assert support.at(between, None)[0] < 3


def test_far_is_far():
    found = of(square()).at(np.array([[0, 0, 0.9], [0, 0, 1e9]]), None)
    np.testing.assert_array_equal(found, FARTHEST)


def test_units_and_offsets_make_no_difference():
    points, places = square(), np.random.default_rng(1).uniform(-1, 1, (200, 3)) * [1, 1, 0.3]
    normals = np.tile(UP, (200, 1))
    expected = of(points).at(places, normals)
    frame = Similarity((5e5, 4.9e6, -100.0), 1 / 700)
    moved = of(frame.to_world(points), UP, frame)
    np.testing.assert_allclose(moved.at(frame.to_world(places), normals), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(moved.spacing, 700 * of(points).spacing, rtol=1e-6)


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.zeros((40, 3)), np.eye(3)])
def test_few_points_and_heaps_have_a_finite_support(points):
    found = of(points).at(np.random.default_rng(2).uniform(size=(5, 3)), np.tile(UP, (5, 1)))
    assert np.isfinite(found).all()
