"""Charts: colours where they belong, scales that say what they show, nothing that breaks on odd values."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from sdf_siren.render.charts import LINES, PALE, SIZE, heat_map, line_chart
from sdf_siren.render.colours import DIVERGING, NOTHING, SEQUENTIAL, coloured
from sdf_siren.render.scales import Axis

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


def pixels_of(picture, colour):
    """Rows and columns of exactly this colour."""
    return np.nonzero((np.asarray(picture) == colour).all(2))


def test_six_lines_have_six_colours_and_labels_outside_the_frame():
    x = np.linspace(0, 1, 50)
    lines = [(f"network {k}", x, np.sqrt(x) + k) for k in range(6)]
    labelled = line_chart(lines, "x", "", beside=120)
    bare = line_chart([("", *line[1:]) for line in lines], "x", "", beside=120, size=SIZE)
    for colour in LINES:
        assert len(pixels_of(labelled, colour)[0]) > 50
        assert len(pixels_of(bare, colour)[0]) > 50
    # Lines end at the frame, so that beyond it there are only the marks of the labels, in the lines' order.
    columns = [pixels_of(labelled, colour)[1].max() for colour in LINES]
    assert len(set(columns)) == 1
    rows = [pixels_of(labelled, colour)[0][pixels_of(labelled, colour)[1] == columns[0]] for colour in LINES]
    assert all(above.min() > below.max() for above, below in pairwise(rows))


def test_labels_of_lines_that_end_together_stand_apart_and_inside():
    x = np.linspace(0, 1, 5)
    for level in (0.0, 1.0):
        lines = [("bound", x, 1 - level + 0 * x)] + [(f"{k}", x, level + 0 * x) for k in range(5)]
        chart = line_chart(lines, "x", "", beside=120, size=(520, 240))
        edge = pixels_of(chart, LINES[5])[1].max()
        rows = sorted(
            np.median(pixels_of(chart, colour)[0][pixels_of(chart, colour)[1] == edge]) for colour in LINES
        )
        assert min(np.diff(rows)) >= 17
        assert rows[0] >= 40
        assert rows[-1] <= 240 - 48 + 1


def test_a_single_point_beside_its_label_is_a_dot():
    chart = line_chart(
        [("a", np.arange(2.0), np.arange(2.0)), ("b", np.ones(1), np.zeros(1))], "x", "", beside=120
    )
    frame = pixels_of(chart, LINES[1])[1]
    assert len(set(frame.tolist())) > 20  # the dot's columns and the mark's


def test_what_lies_on_a_pale_line_leaves_it_visible():
    x = np.linspace(0, 1, 100)
    chart = line_chart([("", x, x), ("", x, x)], "x", "", pale=True)
    assert len(pixels_of(chart, PALE)[0]) > len(pixels_of(chart, LINES[1])[0]) > 100


def test_given_ends_of_a_scale_are_kept():
    values = np.full((5, 5), 0.5)
    chart = heat_map(values, *UNIT, "", signed=False, ends=(0.5, 1.0), size=(300, 200), filled=True)
    assert chart.size == (300, 200)
    rows, columns = pixels_of(chart, SEQUENTIAL[0])
    assert np.ptp(columns) >= 300 - 66 - 92 - 4
    assert np.ptp(rows) >= 200 - 40 - 48 - 4
