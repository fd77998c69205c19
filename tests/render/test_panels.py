"""Panels: what a pixel of a panel shows, exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.render.colours import DIVERGING, SEQUENTIAL
from sdf_siren.render.panels import Scale, Sheet, averaged, check_finite, decibels, displayed, panel_shape

SIDES = st.integers(1, 40)


@given(SIDES, SIDES, SIDES, SIDES)
def test_averaging_keeps_the_mean_and_ramps(rows, columns, height, width):
    values = np.random.default_rng(rows).normal(size=(rows, columns))
    assert averaged(values, (height, width)).mean() == pytest.approx(values.mean(), abs=1e-12)
    constant = averaged(np.full((rows, columns), 0.3), (height, width))
    assert constant == pytest.approx(np.full((height, width), 0.3), abs=1e-12)
    # The mean of a step function with slope one over a stretch is that of its integral's ends.
    ramp = averaged(np.arange(rows, dtype=float)[:, None], (height, 1))[:, 0]
    edges = np.linspace(0, rows, height + 1)
    integral = np.interp(edges, np.arange(rows + 1), np.arange(rows + 1) * (np.arange(rows + 1) - 1) / 2)
    assert ramp == pytest.approx(np.diff(integral) * height / rows, abs=1e-9)


@given(SIDES, SIDES, st.integers(1, 5))
def test_whole_factors_average_blocks_and_repeat_samples(rows, columns, factor):
    values = np.random.default_rng(columns).normal(size=(rows, columns))
    large = values.repeat(factor, 0).repeat(factor, 1)
    assert (averaged(values, large.shape) == large).all()
    assert averaged(large, values.shape) == pytest.approx(values, abs=1e-12)


@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_panel_fits_and_touches_its_box(rows, columns):
    height, width = panel_shape(rows, columns, 512, 640)
    assert 16 <= height <= 640
    assert 16 <= width <= 512
    assert height == 640 or width == 512


def test_grey_is_three_equal_channels_and_values_beyond_are_clipped():
    grey = displayed(np.array([[[-5.0], [0.0], [0.5], [1.0], [9.0]]]), 0.0, 1.0, (1, 5))
    assert grey[0].tolist() == [[v] * 3 for v in (0, 0, 128, 255, 255)]


def test_colours_in_units_of_their_own():
    value = np.array([[[-1.0, 0.0, 1.0]]], dtype=np.float32)
    assert displayed(value, -1.0, 1.0, (1, 1))[0, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("colours", [1, 3])
def test_a_checkerboard_is_seen_only_where_it_is_transparent(colours):
    value = np.concatenate(
        [np.full((2, 2, colours), 0.4), np.array([[0.0, 1.0]]).repeat(2, 0)[..., None]], -1
    )
    picture = displayed(value, 0.0, 1.0, (64, 64))
    assert (picture[:, 32:] == 102).all()
    assert set(np.unique(picture[:, :32])) == {204, 237}
    assert picture[0, 0, 0] != picture[0, 8, 0] != picture[8, 8, 0]


def test_half_transparent_is_halfway():
    picture = displayed(np.array([[[1.0, 0.5]]]), 0.0, 1.0, (16, 16))
    assert set(np.unique(picture)) == {round(255 * (0.5 + 0.4)), round(255 * (0.5 + 0.465))}


def test_other_channels_are_refused():
    for channels in (0, 5):
        with pytest.raises(ValueError, match="one to four channels"):
            displayed(np.zeros((2, 2, channels)), 0.0, 1.0, (2, 2))


def test_black_and_white_must_differ():
    with pytest.raises(ValueError, match="high above low"):
        displayed(np.zeros((2, 2, 1)), 1.0, 1.0, (2, 2))


def test_scales_bear_outliers_and_nothing_at_all():
    values = np.linspace(0, 1, 1000)
    values[7] = 1e6
    assert Scale.of_sizes(values).high == pytest.approx(0.995, abs=0.01)
    signed = Scale.of_signed(-values)
    assert signed.low == -signed.high
    single = np.zeros(10000)
    single[3] = 2.0
    assert Scale.of_sizes(single).high == 2.0
    for nothing in (Scale.of_sizes(np.zeros((3, 3))), Scale.of_signed(np.zeros((3, 3)))):
        assert nothing.high == 1.0
    assert tuple(Scale.of_sizes(np.zeros(1)).colours(np.zeros(1))[0]) == SEQUENTIAL[0]
    assert tuple(Scale.of_signed(np.zeros(1)).colours(np.zeros(1))[0]) == DIVERGING[3]


def test_a_panel_lies_where_it_was_put():
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    sheet = Sheet(100, 200)
    sheet.panel(picture, 40, 50, 30, "a caption that is much longer than the panel is wide")
    found = np.asarray(sheet.image)
    assert (found[50:70, 40:70] == picture).all()
    assert (found[:, 80:] == found[0, 0]).all()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1e-12), (0.0, 1.0), (-3e7, 3e7)])
def test_a_bar_runs_from_the_first_colour_to_the_last(low, high):
    sheet = Sheet(60, 300)
    sheet.bar(Scale(low, high, SEQUENTIAL), 20, 10, 200)
    found = np.asarray(sheet.image)
    assert tuple(found[14, 20]) == SEQUENTIAL[0]
    assert tuple(found[14, 219]) == SEQUENTIAL[-1]
    assert (found[26:] < 100).any()  # numbers


def test_what_is_not_finite_is_named():
    check_finite(image=np.zeros(3))
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="expected finite fit"):
            check_finite(image=np.zeros(3), fit=np.array([0.0, bad]))


def test_decibels():
    assert decibels(42.34) == "42.3 dB"
    assert decibels(float("inf")) == "no error"
