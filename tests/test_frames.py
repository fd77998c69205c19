"""The frames of scans, also at survey offsets, and of grids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.errors import InputError
from sdf_siren.frames import HALF_EXTENT, GridFrame, Similarity

offsets = st.tuples(*[st.floats(-1e6, 1e6) for _ in range(3)])
sizes = st.floats(1e-2, 1e4)
seeds = st.integers(0, 2**32 - 1)


@given(offset=offsets, size=sizes, seed=seeds)
def test_round_trip_loses_only_the_rounding_of_the_coordinates(
    offset: tuple[float, float, float], size: float, seed: int
) -> None:
    world = np.random.default_rng(seed).uniform(-1, 1, (20, 3)) * size + offset
    frame = Similarity.fitting(world)
    back = frame.to_world(frame.to_cube(world))
    assert np.abs(back - world).max() <= 4 * np.spacing(np.abs(world).max())


@given(offset=offsets, size=sizes, seed=seeds)
def test_the_scan_fills_its_part_of_the_cube(
    offset: tuple[float, float, float], size: float, seed: int
) -> None:
    world = np.random.default_rng(seed).uniform(-1, 1, (20, 3)) * size + offset
    cube = Similarity.fitting(world).to_cube(world)
    half = np.ptp(cube, axis=0).max() / 2
    assert half == pytest.approx(HALF_EXTENT, rel=1e-9)
    # Rounding of the world coordinates is all that may stick out.
    slack = 1e-12 + 4 * np.spacing(np.abs(world).max()) / np.ptp(world, axis=0).max()
    assert np.abs(cube).max() <= HALF_EXTENT + slack
    np.testing.assert_allclose(cube.min(axis=0), -cube.max(axis=0), atol=4 * slack)


@given(scale=st.floats(1e-6, 1e6), length=st.floats(-1e3, 1e3))
def test_lengths_scale_like_points(scale: float, length: float) -> None:
    frame = Similarity((1.0, -2.0, 3.0), scale)
    ends = frame.to_world([[0, 0, 0], [length, 0, 0]])
    exact = float(frame.length_to_world(length))
    assert ends[1, 0] - ends[0, 0] == pytest.approx(exact, rel=1e-9, abs=1e-14)


def test_millimetres_survive_an_offset_of_a_million() -> None:
    world = np.array([[1e6, 5e6, 100], [1e6 + 0.001, 5e6, 100], [1e6 + 2, 5e6 + 1, 101]])
    frame = Similarity.fitting(world)
    back = frame.to_world(frame.to_cube(world))
    assert np.abs(back - world).max() < 2e-9


def test_no_extent_is_refused() -> None:
    with pytest.raises(InputError, match="extent above zero"):
        Similarity.fitting(np.ones((5, 3)))


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_bad_scales_are_refused(scale: float) -> None:
    with pytest.raises(InputError, match="positive finite scale"):
        Similarity((0.0, 0.0, 0.0), scale)


def test_bad_centres_are_refused() -> None:
    with pytest.raises(InputError, match="finite centre"):
        Similarity((0.0, np.nan, 0.0), 1.0)


shapes = st.lists(st.integers(1, 40), min_size=1, max_size=3).map(tuple)
lengths = st.floats(0.1, 10)


@given(shape=shapes, data=st.data())
def test_the_outer_edges_of_the_corner_samples_reach_the_cube(
    shape: tuple[int, ...], data: st.DataObject
) -> None:
    spacing = tuple(data.draw(lengths) for _ in shape)
    sides = np.array(shape) * spacing
    frame = GridFrame.fitting(shape, spacing)
    low, high = frame.to_cube([np.full(len(shape), -0.5), np.array(shape) - 0.5])
    np.testing.assert_allclose(high, sides / sides.max(), rtol=1e-12)
    np.testing.assert_allclose(low, -high, rtol=1e-12)


@given(shape=shapes)
def test_a_step_along_an_axis_is_the_step_of_the_frame(shape: tuple[int, ...]) -> None:
    frame = GridFrame.fitting(shape)
    places = np.vstack([np.zeros(len(shape)), np.eye(len(shape))])
    cube = frame.to_cube(places)
    np.testing.assert_allclose(cube[1:] - cube[0], np.diag(frame.step), atol=1e-12)
    assert frame.step == (2 / max(shape),) * len(shape)


@given(shape=shapes)
def test_the_axes_of_the_grid_itself_are_its_indices(shape: tuple[int, ...]) -> None:
    frame = GridFrame.fitting(shape)
    for found in (frame.axes(), frame.axes(shape)):
        for axis, count in zip(found, shape, strict=True):
            np.testing.assert_array_equal(axis, np.arange(count))


@given(shape=shapes, data=st.data())
def test_axes_of_other_resolutions_cover_the_same_region(shape: tuple[int, ...], data: st.DataObject) -> None:
    counts = tuple(data.draw(st.integers(1, 90)) for _ in shape)
    for axis, n, m in zip(GridFrame.fitting(shape).axes(counts), shape, counts, strict=True):
        assert axis.shape == (m,)
        np.testing.assert_allclose(axis + axis[::-1], n - 1, atol=1e-10)  # symmetric about the middle
        assert axis[0] - 0.5 * n / m == pytest.approx(-0.5)
        np.testing.assert_allclose(np.diff(axis), n / m, rtol=1e-9)


@pytest.mark.parametrize(
    ("shape", "step"),
    [((), ()), ((0, 3), (1.0, 1.0)), ((2, 3), (1.0,)), ((2, 3), (1.0, 0.0)), ((2,), (np.inf,))],
)
def test_bad_grids_are_refused(shape: tuple[int, ...], step: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="a grid needs"):
        GridFrame(shape, step)
