"""Charts: colours where they belong, scales that say what they show, nothing that breaks on odd values."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.render.charts import SIZE, Axis, _number, _span, _ticks, heat_map, line_chart
from sdf_siren.render.colours import DIVERGING, NOTHING, SEQUENTIAL, coloured

UNIT = Axis("x", 0.0, 1.0), Axis("y", 0.0, 1.0)


def test_ends_and_middle_of_a_colour_map():
    shown = coloured(np.array([-1.0, 0.0, 1.0, 7.0, np.nan]), -1, 1, DIVERGING)
    assert [tuple(c) for c in shown.tolist()] == [
        DIVERGING[0],
        DIVERGING[3],
        DIVERGING[6],
        DIVERGING[6],
        NOTHING,
    ]


def test_brightness_rises_along_the_sequential_map():
    shown = coloured(np.linspace(0, 1, 50), 0, 1, SEQUENTIAL).astype(float)
    assert (np.diff(shown @ [0.2126, 0.7152, 0.0722]) > 0).all()


def test_both_axes_point_the_right_way():
    values = np.zeros((50, 50))
    values[40:, :10] = 1.0  # large x, small y: to the right, at the bottom
    picture = np.asarray(heat_map(values, *UNIT, "", signed=False)).astype(int)
    bright = (np.abs(picture - SEQUENTIAL[-1]).sum(2) < 6)[:, : SIZE[0] - 92]
    rows, columns = np.nonzero(bright)
    assert rows.min() > SIZE[1] / 2
    assert columns.min() > SIZE[0] / 2


def test_colours_do_not_bleed_into_what_is_not_there():
    values = np.full((40, 40), np.nan)
    values[:20] = 1.0
    picture = np.asarray(heat_map(values, *UNIT, "", signed=True))
    assert (picture == NOTHING).all(2).any()


@pytest.mark.parametrize(
    "values",
    [
        np.full((5, 5), np.nan),
        np.zeros((5, 5)),
        np.full((5, 5), 3.0),
        np.full((5, 5), 1e300),
        np.where(np.eye(5) > 0, np.inf, 1.0),
    ],
)
@pytest.mark.parametrize(
    "kind", [{"signed": True}, {"signed": False}, {"signed": False, "logarithmic": True}]
)
def test_odd_values(values, kind):
    assert heat_map(values, *UNIT, "title", **kind).size == SIZE


def test_lines_rise_to_the_right():
    x = np.linspace(0, 1, 100)
    picture = np.asarray(line_chart([("", x, x)], "x", "")).astype(int)
    rows, columns = np.nonzero(np.abs(picture - (38, 92, 160)).sum(2) < 6)
    assert np.corrcoef(rows, columns)[0, 1] < -0.99


def test_zeros_do_not_leave_the_frame_of_powers_of_ten():
    y = np.array([0.0, 1e-3, 1.0, 1e-200])
    picture = np.asarray(line_chart([("", np.arange(4.0), y)], "x", "", logarithmic=True)).astype(int)
    rows, _ = np.nonzero(np.abs(picture - (38, 92, 160)).sum(2) < 6)
    assert len(rows)
    assert rows.max() <= SIZE[1] - 48 + 4


@pytest.mark.parametrize("y", [np.zeros(1), np.zeros(5), np.full(5, np.nan), np.array([1e-300, 1.0, np.inf])])
def test_odd_lines(y):
    for logarithmic in (False, True):
        chart = line_chart([("a", np.arange(len(y), dtype=float), y)], "x", "", logarithmic=logarithmic)
        assert chart.size == SIZE


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3e-5, 2e-5), (1e10, 1e10 + 3), (-1, 200)])
def test_ticks_are_round_and_inside(low, high):
    ticks = _ticks(low, high)
    assert 2 <= len(ticks) <= 7
    assert all(low - 1e-9 * (high - low) <= tick <= high + 1e-9 * (high - low) for tick in ticks)
    steps = np.diff(ticks)
    assert np.allclose(steps, steps[0])


def test_scale_of_powers_of_ten():
    assert _span(np.array([2e-7, 3.0]), False, True) == (-7, 1)
    assert _span(np.array([-2.0, 1.0]), True, False) == (-2, 2)


def test_rounded_zero_is_zero():
    assert _number(1e-17, 1.0) == "0"
    assert _number(0.25, 1.0) == "0.25"
