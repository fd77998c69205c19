"""Views: the samples themselves are among them, and nothing else passes for these."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.errors import UsageError
from sdf_siren.frames import GridFrame
from sdf_siren.signals.view import parse_size, smooth_for, view_of

sides = st.integers(1, 40)


@given(sides, sides)
def test_own_size_gives_the_samples(rows, columns):
    for view in (
        view_of((rows, columns)),
        view_of((rows, columns), (rows, columns)),
        view_of((rows, columns), None, (0, 0, columns, rows)),
        view_of((rows, columns), (rows, columns), (0, 0, columns, rows)),
    ):
        assert not view.between
        for axis, n in zip(view.axes, (rows, columns), strict=True):
            np.testing.assert_array_equal(axis, np.arange(n))


@given(sides, sides, sides, sides)
def test_another_size_is_that_of_the_frame(rows, columns, m, n):
    view = view_of((rows, columns), (m, n))
    assert view.shape == (m, n)
    for axis, places in zip(view.axes, GridFrame.fitting((rows, columns)).axes((m, n)), strict=True):
        np.testing.assert_allclose(axis, places, atol=1e-12)


@given(st.data())
def test_a_region_of_whole_pixels_is_a_part_of_the_samples(data):
    rows, columns = data.draw(sides), data.draw(sides)
    x0, y0 = data.draw(st.integers(0, columns - 1)), data.draw(st.integers(0, rows - 1))
    x1, y1 = data.draw(st.integers(x0 + 1, columns)), data.draw(st.integers(y0 + 1, rows))
    view = view_of((rows, columns), None, (x0, y0, x1, y1))
    assert not view.between
    np.testing.assert_array_equal(view.axes[0], np.arange(y0, y1))
    np.testing.assert_array_equal(view.axes[1], np.arange(x0, x1))


@pytest.mark.parametrize(
    ("size", "region"), [((4, 9), None), ((8, 8), None), (None, (0.5, 0, 6, 4)), ((1, 1), (0, 0, 2, 2))]
)
def test_places_between_the_samples(size, region):
    assert view_of((4, 8), size, region).between


def test_every_third_pixel_is_a_sample():
    view = view_of((9, 3), (3, 1))
    assert not view.between
    np.testing.assert_array_equal(view.axes[0], [1, 4, 7])


def test_frames_of_a_video_stay():
    view = view_of((5, 4, 6), (8, 12))
    assert view.shape == (5, 8, 12)
    np.testing.assert_array_equal(view.axes[0], np.arange(5))


def test_a_sound_has_only_its_samples():
    np.testing.assert_array_equal(view_of((7,)).axes[0], np.arange(7))
    for given_ in ({"size": (3, 3)}, {"region": (0, 0, 1, 1)}):
        with pytest.raises(UsageError, match="a sound has neither"):
            view_of((7,), **given_)


@pytest.mark.parametrize(
    "region", [(-1, 0, 3, 3), (0, 0, 9, 3), (0, 0, 3, 5), (3, 0, 3, 3), (0, 2, 3, 1), (0, 0, float("nan"), 3)]
)
def test_regions_outside(region):
    with pytest.raises(UsageError, match=r"region: expected .* 0 <= x0 < x1 <= 8"):
        view_of((4, 8), None, region)


@pytest.mark.parametrize("size", [(0, 3), (3,), "3x3", (2.5, 3), 7, (10**9, 3)])
def test_sizes_that_are_none(size):
    with pytest.raises(UsageError, match=r"size: expected \(rows, columns\), two whole numbers from 1 to"):
        view_of((5, 8), size)


@pytest.mark.parametrize("shape", [(10**9, 10**9), (10**9, 4, 4)])
def test_shapes_that_are_too_large_take_no_memory(shape):
    with pytest.raises(UsageError, match="at most 1000000 places along an axis, found 1000000000 x"):
        view_of(shape)
    if len(shape) == 2:
        assert view_of(shape, (3, 3)).shape == (3, 3)


def test_thinned():
    view = view_of((100, 60))
    assert view.thinned(6000) is view
    thin = view.thinned(700)
    assert thin.shape == (34, 20)
    assert not thin.between


@pytest.mark.parametrize(("text", "size"), [("4x3", (3, 4)), (" 1024 X 768 ", (768, 1024)), ("5×6", (6, 5))])
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "4", "4x", "x3", "4x3x2", "-4x3", "0x3", "4x0", "4.5x3", "1e3x2", "2000000x2"]
)
def test_texts_that_are_no_size(text):
    with pytest.raises(UsageError, match="WIDTHxHEIGHT"):
        parse_size(text)


def test_smooth_follows_the_view():
    for smooth in (None, True, False):
        assert smooth_for(smooth, (4, 8), {}) is smooth
        assert smooth_for(smooth, (4, 8), {"size": "8x4", "export": "gradient"}) is smooth
    assert smooth_for(None, (4, 8), {"size": "16x8"}) is True
    assert smooth_for(True, (4, 8), {"size": "16x8"}) is True
    with pytest.raises(UsageError, match="invents"):
        smooth_for(False, (4, 8), {"region": (0.0, 0.0, 1.5, 1.0)})
