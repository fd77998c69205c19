"""The sheet of a video fit: some of its frames, the fit's and the error."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

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

_MOST = 6
_HIGHEST = 480

Array = NDArray[np.floating]


def write_video_sheet(
    path: str | os.PathLike[str],
    true: Array,
    found: Array,
    *,
    psnr: float,
    low: float = 0.0,
    high: float = 1.0,
) -> None:
    """Write a PNG, 1600 pixels wide: up to six frames from the first to the last, evenly spread; a row of the
    video, a row of the fit and a row of the error, its colours the same for all frames.

    Args:
        path: where to write; appears only when complete.
        true: (frames, rows, columns, c), one to four channels: grey, grey and alpha, RGB, RGBA.
        found: the fit, of the same shape.
        psnr: of the fit, decibels; written above it.
        low, high: the values that are shown black and white; those beyond are clipped for display only.

    Raises:
        ValueError: shapes do not agree, or there is NaN or infinity in a frame that is shown.
        UsageError: the folder of ``path`` cannot be written.
    """
    if found.shape != true.shape or true.ndim != 4 or not true.size:
        raise ValueError(f"expected a video and a fit of one shape, found {true.shape} and {found.shape}")
    frames = np.unique(np.linspace(0, len(true) - 1, _MOST).round().astype(int))
    check_finite(video=true[frames], fit=found[frames])
    rows, columns = true.shape[1:3]
    side = (WIDTH - GAP) // max(3, len(frames)) - GAP
    shape = panel_shape(rows, columns, side, _HIGHEST)
    sizes = [np.abs(found[k].astype(np.float64) - true[k]).mean(axis=-1) for k in frames]
    errors = [averaged(size, shape) for size in sizes]
    scale = Scale.of_sizes(np.stack(errors))
    sheet = Sheet(GAP + 3 * (CAPTION + shape[0]) + BAR + GAP)
    tops = [GAP + CAPTION + k * (CAPTION + shape[0]) for k in range(3)]
    for k, (frame, size, error) in enumerate(zip(frames, sizes, errors, strict=True)):
        left = GAP + k * (side + GAP)
        captions = f"frame {frame + 1} of {len(true)}", "", f"at most {size.max():.2g}"
        if k == 0:
            captions = captions[0], f"fit, {decibels(psnr)}", f"error, {captions[2]}"
        sheet.panel(displayed(true[frame], low, high, shape), left, tops[0], side, captions[0])
        sheet.panel(displayed(found[frame], low, high, shape), left, tops[1], side, captions[1])
        sheet.panel(scale.colours(error), left, tops[2], side, captions[2])
    sheet.bar(scale, GAP, tops[2] + shape[0] + 8, min(WIDTH - 2 * GAP, 512))
    sheet.save(path)
