"""Curves, read back from the drawing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from sdf_siren.report.chart import HEIGHT, WIDTH, curves_chart

DECADES = {"surface": ((0, 1.0), (50, 0.1), (100, 0.01))}


def drawn(chart):
    return ET.fromstring(chart)


def knots(chart):
    lines = [line.get("points") for line in drawn(chart).iter("polyline")]
    return [[tuple(map(float, knot.split(","))) for knot in line.split()] for line in lines]


def test_powers_of_ten_are_evenly_apart():
    ((first, middle, last),) = knots(curves_chart([DECADES], ["a"], "Losses"))
    assert middle[0] - first[0] == pytest.approx(last[0] - middle[0], abs=0.11)
    assert middle[1] - first[1] == pytest.approx(last[1] - middle[1], abs=0.11)
    assert 0 < first[0] < last[0] < WIDTH
    assert 0 < first[1] < last[1] < HEIGHT


def test_plain_numbers_are_evenly_apart_and_may_be_negative():
    curve = {"PSNR": ((0, -10.0), (50, 0.0), (75, float("inf")), (100, 10.0))}
    chart = curves_chart([curve], ["a"], "Decibels", logarithmic=False)
    ((first, middle, last),) = knots(chart)
    assert middle[1] - first[1] == pytest.approx(last[1] - middle[1], abs=0.11)
    labels = [text.text for text in drawn(chart).iter("text") if text.get("text-anchor") == "end"]
    assert {"-10", "0", "10"} <= set(labels)
    assert "tspan" not in chart


def test_the_same_term_has_the_same_colour_and_the_second_run_is_dashed():
    other = {"eikonal": DECADES["surface"], "surface": ((0, 0.5), (100, 0.2))}
    chart = curves_chart([DECADES, other], ["one", "other"], "Losses")
    classes = [line.get("class") for line in drawn(chart).iter("polyline")]
    assert classes == ["line line-0", "line line-1 second", "line line-0 second"]
    legend = re.sub(r"<[^>]+>", " ", chart[chart.index("figcaption") :]).split()
    assert legend[-4:] == ["surface", "eikonal", "one", "other"]


def test_what_has_no_logarithm_is_left_out():
    curve = ((0, 1.0), (10, 0.0), (20, -1.0), (30, float("inf")), (40, 0.5))
    ((first, last),) = knots(curves_chart([{"a": curve}], ["x"], "d"))
    assert first[0] < last[0]


def test_one_value_is_a_dot():
    assert len(list(drawn(curves_chart([{"a": ((5, 2.0),)}], ["x"], "d")).iter("circle"))) == 1


@pytest.mark.parametrize("runs", [[], [{}], [{"a": ()}], [{"a": ((1, 0.0),)}]])
def test_nothing_to_draw(runs):
    assert curves_chart(runs, ["x"], "d") is None


def test_names_are_escaped():
    chart = curves_chart([{"<script>": ((0, 1.0), (1, 2.0))}], ["x"], "<b>")
    assert "<script>" not in chart
    assert "<b>" not in chart
