"""What a page shows of an image and its fit: few enough pixels, and of the rest what is worth most."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sdf_siren.metrics import Likeness
from sdf_siren.signals.maps import gradient_size, mean_laplacian

MOST_BYTES = 3_700_000
"""Of the numbers in a page, about; with all else it has about 4 MB at most."""

_PART = 0.3
"""Of these for a part at full resolution, where the whole is reduced."""

_PER_SAMPLE, _PER_ERROR, _PER_PIXEL = 1.4, 0.9, 2.2
"""Bytes in a page: of a sample of 8 bits, of others twice that; of its error; of both maps."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Plate:
    """An image and its fit at the same pixels: all, every k-th, or a part.

    Attributes:
        given: (rows, columns, c).
        error: (rows, columns, c), fitted minus given.
        gradient: (rows, columns), length of the fit's gradient, per pixel of the image.
        laplacian: (rows, columns), mean of the fit's Laplacian over the channels, per pixel squared.
        corner: row and column in the image of the first pixel here.
        stride: rows, and columns, of the image from one pixel here to the next.
    """

    given: Array
    error: Array
    gradient: Array
    laplacian: Array
    corner: tuple[int, int] = (0, 0)
    stride: int = 1

    def cut(self, corner: tuple[int, int], shape: tuple[int, int]) -> Plate:
        """Some rows and columns of a plate that has all."""
        rows, columns = (slice(start, start + count) for start, count in zip(corner, shape, strict=True))
        return replace(self._at(rows, columns), corner=corner)

    def thinned(self, stride: int) -> Plate:
        """Every ``stride``-th pixel along both axes."""
        every = slice(None, None, stride)
        return replace(self._at(every, every), stride=self.stride * stride)

    def _at(self, rows: slice, columns: slice) -> Plate:
        return replace(
            self,
            given=self.given[rows, columns],
            error=self.error[rows, columns],
            gradient=self.gradient[rows, columns],
            laplacian=self.laplacian[rows, columns],
        )


def plates(likeness: Likeness, bits: int = 8, most_bytes: float = MOST_BYTES) -> list[Plate]:
    """The image, and if that is reduced, the square that is fitted worst at full resolution.

    Reduced is every k-th pixel along both axes, not a mean of several: what the page says of a pixel is then
    true of a pixel, and the errors are as large as they are.

    Args:
        likeness: of an image.
        bits: of its samples.
        most_bytes: what all may take in a page, about.
    """
    found = likeness.found
    assert found.gradient is not None, "an image's likeness has derivatives"
    assert found.laplacian is not None, "an image's likeness has derivatives"
    error = found.values - likeness.true
    maps = gradient_size(found.gradient), mean_laplacian(found.laplacian)
    whole = Plate(likeness.true, error, *maps, stride=likeness.stride)
    rows, columns, channels = error.shape
    pixel = channels * (_PER_SAMPLE * (1 if bits == 8 else 2) + _PER_ERROR) + _PER_PIXEL
    if rows * columns * pixel <= most_bytes:
        return [whole]
    share = 1.0 if whole.stride > 1 else 1 - _PART
    stride = math.ceil(math.sqrt(rows * columns * pixel / (share * most_bytes)))
    reduced = whole.thinned(stride)
    if whole.stride > 1:  # the rest of the pixels is not here
        return [reduced]
    side = int(math.sqrt(_PART * most_bytes / pixel))
    shape = (min(side, rows), min(side, columns))
    return [reduced, whole.cut(worst(error, shape), shape)]


def worst(error: Array, shape: tuple[int, int]) -> tuple[int, int]:
    """First row and column of the rectangle with the largest sum of squared errors.

    Args:
        error: (rows, columns, c).
        shape: of the rectangle, not larger.
    """
    sums = np.zeros((error.shape[0] + 1, error.shape[1] + 1))
    sums[1:, 1:] = np.square(error, dtype=np.float64).sum(axis=-1).cumsum(axis=0).cumsum(axis=1)
    height, width = shape
    inside = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    row, column = np.unravel_index(np.argmax(inside), inside.shape)
    return int(row), int(column)
