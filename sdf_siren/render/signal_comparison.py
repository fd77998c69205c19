"""The sheet of several networks on one image: values and derivatives of each below the truth's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np

from sdf_siren.artifacts import SignalPortrait
from sdf_siren.render.charts import LINES, line_chart
from sdf_siren.render.panels import (
    BAR,
    CAPTION,
    GAP,
    WIDTH,
    Scale,
    Sheet,
    averaged,
    decibels,
    displayed,
    panel_shape,
)

_WORDS = 230
_SIDE = (WIDTH - _WORDS - 5 * GAP) // 3
_LINE = 22
_CHART = 420
_COLUMNS = ("image", "size of the gradient, per pixel", "Laplacian, per pixel squared")


def write_signal_comparison(
    path: str | os.PathLike[str],
    portraits: Sequence[SignalPortrait],
    curves: Mapping[str, Sequence[tuple[float, float]]],
    *,
    low: float = 0.0,
    high: float = 1.0,
) -> None:
    """Write a PNG, 1600 pixels wide: a row for the truth and one per network, a chart of the fits below.

    Every column has one scale of colours, the truth's, so that rows can be compared by eye.

    Args:
        path: where to write; appears only when complete.
        portraits: the truth first; all of one shape.
        curves: by name of a network, pairs of seconds and decibels; without any there is no chart. Up to six
            have colours of their own, which also mark the rows of the networks.
        low, high: the values that are shown black and white; those beyond are clipped.

    Raises:
        ValueError: there is no portrait, or their shapes differ.
        UsageError: the folder of ``path`` cannot be written.
    """
    if len({portrait.value.shape for portrait in portraits}) != 1:
        raise ValueError("expected portraits of one shape, the truth first")
    truth = portraits[0]
    rows, columns, _ = truth.value.shape
    shape = panel_shape(rows, columns, _SIDE, _SIDE)
    height = max(shape[0], 8 * _LINE)
    bottom = GAP + CAPTION + len(portraits) * (height + GAP) - GAP
    left = [2 * GAP + _WORDS + k * (_SIDE + GAP) for k in range(3)]
    curves = {name: curve for name, curve in curves.items() if len(curve)}
    sheet = Sheet(bottom + BAR + GAP + (_CHART + GAP if curves else 0))
    for heading, place in zip(_COLUMNS, left, strict=True):
        sheet.text(heading, place, GAP + 18, _SIDE)
    scales = (
        Scale.of_sizes(averaged(truth.gradient_size, shape)),
        Scale.of_signed(averaged(truth.laplacian, shape)),
    )
    colours = dict(zip(curves, LINES * len(curves), strict=False))
    for row, portrait in enumerate(portraits):
        top = GAP + CAPTION + row * (height + GAP)
        sheet.panel(displayed(portrait.value, low, high, shape), left[0], top, _SIDE)
        for scale, values, place in zip(
            scales, (portrait.gradient_size, portrait.laplacian), left[1:], strict=True
        ):
            sheet.panel(scale.colours(averaged(values, shape)), place, top, _SIDE)
        sheet.text(portrait.name, GAP, top + _LINE // 2, _WORDS, 18)
        middle = top + _LINE // 2 + 24
        if row and portrait.name in colours:
            sheet.mark(colours[portrait.name], GAP, middle)
            middle += _LINE
        for k, line in enumerate(_facts(portrait, is_truth=row == 0)):
            sheet.text(line, GAP, middle + k * _LINE, _WORDS)
    for scale, place in zip(scales, left[1:], strict=True):
        sheet.bar(scale, place, bottom + 8, _SIDE)
    if curves:
        lines = [(name, *np.array(curve, dtype=float).T) for name, curve in curves.items()]
        chart = line_chart(
            lines, "seconds", "PSNR of the value, dB", size=(WIDTH - 2 * GAP, _CHART), beside=_WORDS - 3 * GAP
        )
        sheet.image.paste(chart, (GAP, bottom + BAR + GAP))
    sheet.save(path)


def _facts(portrait: SignalPortrait, is_truth: bool) -> list[str]:
    """What is written beside a row, line by line."""
    if is_truth:
        rows, columns = portrait.value.shape[:2]
        return [f"{columns} x {rows} pixels"]
    return [
        f"{portrait.parameters:,} parameters",
        f"{portrait.steps:,} steps in {portrait.seconds:.3g} s",
        *(f"{name} {decibels(number)}" for name, number in portrait.scores.items()),
    ]
