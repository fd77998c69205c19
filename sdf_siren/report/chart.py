"""Curves of a fit as SVG, over powers of ten or plain numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sdf_siren.render.scales import ticks
from sdf_siren.report.markup import Markup, element, joined
from sdf_siren.report.record import Curve

WIDTH, HEIGHT = 420, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 18, 10, 40

COLOURS = 6
"""Lines beyond this repeat colours; the style sheet has them as .line-0 to .line-5."""


@dataclass(frozen=True)
class _Frame:
    """The scales: steps from ``start`` to ``stop``, numbers or powers of ten from ``low`` to ``high``."""

    start: float
    stop: float
    low: float
    high: float
    powers: bool

    def x(self, step: float) -> float:
        width = WIDTH - _LEFT - _RIGHT
        return round(_LEFT + (step - self.start) / (self.stop - self.start) * width, 1)

    def y(self, value: float) -> float:
        height = HEIGHT - _TOP - _BOTTOM
        return round(HEIGHT - _BOTTOM - (value - self.low) / (self.high - self.low) * height, 1)


def curves_chart(
    runs: Sequence[Mapping[str, Curve]],
    labels: Sequence[str],
    description: str,
    *,
    logarithmic: bool = True,
) -> Markup | None:
    """A chart with its legend, or None where there is nothing to draw.

    Args:
        runs: curves by name; the same name has the same colour in each, the second run's lines are dashed.
            Values that are not finite are left out, over powers of ten those that are not positive.
        labels: what to call each run in the legend; with one run it is not called anything.
        description: for those who do not see it.
        logarithmic: over powers of ten.
    """
    drawn = [{name: _shown(curve, logarithmic) for name, curve in run.items()} for run in runs]
    drawn = [{name: curve for name, curve in run.items() if curve} for run in drawn]
    names = list(dict.fromkeys(name for run in drawn for name in run))
    knots = [knot for run in drawn for curve in run.values() for knot in curve]
    if not knots:
        return None
    frame = _frame(knots, logarithmic)
    lines = [
        _line(frame, run[name], f"line line-{names.index(name) % COLOURS}{' second' * (order > 0)}")
        for order, run in enumerate(drawn)
        for name in run
    ]
    picture = element(
        "svg",
        element("title", description),
        *_scales(frame),
        *lines,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="chart",
    )
    return element("figure", picture, element("figcaption", *_legend(names, labels)))


def _shown(curve: Curve, logarithmic: bool) -> list[tuple[float, float]]:
    finite = [(step, value) for step, value in curve if math.isfinite(value)]
    return [(step, math.log10(value)) for step, value in finite if value > 0] if logarithmic else finite


def _frame(knots: Sequence[tuple[float, float]], logarithmic: bool) -> _Frame:
    """Whole numbers around all values, and at least one between them; of powers that is one of ten."""
    steps, values = [step for step, _ in knots], [value for _, value in knots]
    low, high = math.floor(min(values)), math.ceil(max(values))
    return _Frame(0, max(max(steps), 1), low, max(high, low + 1), logarithmic)


def _line(frame: _Frame, knots: Sequence[tuple[float, float]], class_: str) -> Markup:
    if len(knots) == 1:
        return element("circle", cx=frame.x(knots[0][0]), cy=frame.y(knots[0][1]), r=3, class_=class_)
    places = " ".join(f"{frame.x(step):g},{frame.y(power):g}" for step, power in knots)
    return element("polyline", points=places, class_=class_)


def _scales(frame: _Frame) -> list[Markup]:
    parts = []
    left, right, floor = _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM
    for value in ticks(frame.low, frame.high, whole=True):
        y = frame.y(value)
        parts.append(element("line", x1=left, x2=right, y1=y, y2=y, class_="grid"))
        power = element("tspan", f"{value:.0f}", dy=-5, class_="power")
        label = joined("10", power) if frame.powers else f"{value:.0f}"
        parts.append(element("text", label, x=left - 8, y=y + 5, text_anchor="end"))
    for step in ticks(frame.start, frame.stop):
        x = frame.x(step)
        parts.append(element("line", x1=x, x2=x, y1=floor, y2=floor + 5, class_="grid"))
        parts.append(element("text", f"{step:,.0f}", x=x, y=floor + 19, text_anchor="middle"))
    parts.append(element("text", "step", x=right, y=HEIGHT - 4, text_anchor="end", class_="axis"))
    return parts


def _legend(names: Sequence[str], labels: Sequence[str]) -> list[Markup]:
    parts = [
        element("span", _swatch(f"line line-{order % COLOURS}"), name.replace("_", " "), class_="key")
        for order, name in enumerate(names)
    ]
    if len(labels) > 1:
        for order, label in enumerate(labels):
            parts.append(
                element("span", _swatch(f"line plain{' second' * (order > 0)}"), label, class_="key")
            )
    return parts


def _swatch(class_: str) -> Markup:
    line = element("line", x1=0, x2=26, y1=5, y2=5, class_=class_)
    return element("svg", line, viewBox="0 0 26 10", class_="swatch", aria_hidden="true")
