"""The sheet of an image fit: the image, the fit and its error, its derivatives, and how it was approached."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sdf_siren.render.charts import line_chart
from sdf_siren.render.panels import (
    BAR,
    CAPTION,
    GAP,
    WIDTH,
    Scale,
    Sheet,
    averaged,
    check_finite,
    decibels,
    displayed,
    panel_shape,
)

_SIDE = (WIDTH - 4 * GAP) // 3
_HIGHEST = 640
_CHART = 280

Array = NDArray[np.floating]


def write_signal_sheet(
    path: str | os.PathLike[str],
    true: Array,
    found: Array,
    gradient_size: Array,
    laplacian: Array,
    *,
    psnr: float,
    low: float = 0.0,
    high: float = 1.0,
    curve: Sequence[tuple[float, float]] = (),
) -> None:
    """Write a PNG, 1600 pixels wide: image, fit and error above, derivatives of the fit and the curve below.

    Args:
        path: where to write; appears only when complete.
        true: (rows, columns, c), one to four channels: grey, grey and alpha, RGB, RGBA.
        found: the fit, of the same shape.
        gradient_size: (rows, columns), length of the fit's gradient, per pixel.
        laplacian: (rows, columns), of the fit, per pixel squared.
        psnr: of the fit, decibels; written above it.
        low, high: the values that are shown black and white; those beyond are clipped for display only.
        curve: of the fit, pairs of steps and decibels; without any there is no chart.

    Raises:
        ValueError: shapes do not agree, or there is NaN or infinity.
        UsageError: the folder of ``path`` cannot be written.
    """
    if found.shape != true.shape:
        raise ValueError(f"expected a fit of shape {true.shape}, found {found.shape}")
    for name, values in (("gradient", gradient_size), ("Laplacian", laplacian)):
        if values.shape != true.shape[:2]:
            raise ValueError(f"expected a {name} of shape {true.shape[:2]}, found {values.shape}")
    check_finite(image=true, fit=found, gradient=gradient_size, laplacian=laplacian)
    rows, columns, channels = true.shape
    shape = panel_shape(rows, columns, _SIDE, _HIGHEST)
    size = np.zeros((rows, columns))
    for k in range(channels):
        size += np.abs(found[..., k].astype(np.float64) - true[..., k]) / channels
    below = max(shape[0], _CHART) if len(curve) else shape[0]
    first = GAP + CAPTION
    second = first + shape[0] + BAR + CAPTION
    left = [GAP + k * (_SIDE + GAP) for k in range(3)]
    sheet = Sheet(second + below + BAR + GAP)
    sheet.panel(displayed(true, low, high, shape), left[0], first, _SIDE, f"image, {columns} x {rows} pixels")
    sheet.panel(displayed(found, low, high, shape), left[1], first, _SIDE, f"fit, {decibels(psnr)}")
    maps = (
        (size, Scale.of_sizes, 2, first, f"error, mean {size.mean():.2g}, at most {size.max():.2g}"),
        (
            gradient_size,
            Scale.of_sizes,
            0,
            second,
            f"size of the fit's gradient per pixel, at most {gradient_size.max():.2g}",
        ),
        (
            laplacian,
            Scale.of_signed,
            1,
            second,
            f"Laplacian of the fit per pixel squared, {laplacian.min():.2g} to {laplacian.max():.2g}",
        ),
    )
    for values, scale_of, column, top, caption in maps:
        shown = averaged(values, shape)
        scale = scale_of(shown)
        sheet.panel(scale.colours(shown), left[column], top, _SIDE, caption)
        sheet.bar(scale, left[column], top + shape[0] + 8, _SIDE)
    if len(curve):
        steps, values = np.array(curve, dtype=float).T
        chart = line_chart(
            [("", steps, values)],
            "steps",
            "PSNR in the steps, dB",
            size=(_SIDE, CAPTION + below + BAR),
            beside=GAP,
        )
        sheet.image.paste(chart, (left[2], second - CAPTION))
    sheet.save(path)
