"""Views: where a field on the grid of a signal is asked for values, at another size or in a region only."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import UsageError

LARGEST_SIDE = 1_000_000


@dataclass(frozen=True)
class View:
    """Places of a grid that need not be the samples.

    Attributes:
        axes: float64 places along every axis, counted as in :class:`~sdf_siren.frames.GridFrame`.
    """

    axes: tuple[NDArray[np.float64], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Places along every axis."""
        return tuple(len(axis) for axis in self.axes)

    @property
    def between(self) -> bool:
        """Whether there are places that are no samples, where nothing was ever measured."""
        return any(bool((axis != np.round(axis)).any()) for axis in self.axes)

    def thinned(self, most: int) -> View:
        """Every k-th place along every axis, so that about ``most`` are left; itself if there are no more."""
        step = math.ceil((math.prod(self.shape) / most) ** (1 / len(self.axes)))
        return self if step <= 1 else View(tuple(axis[::step] for axis in self.axes))


def parse_size(text: str) -> tuple[int, int]:
    """``WIDTHxHEIGHT`` as (rows, columns).

    Raises:
        UsageError: another text, or no pixels, or more than a million a side.
    """
    match = re.fullmatch(r"\s*(\d{1,9})\s*[xX×]\s*(\d{1,9})\s*", text)
    columns, rows = (int(match[1]), int(match[2])) if match else (0, 0)
    if not (1 <= columns <= LARGEST_SIDE and 1 <= rows <= LARGEST_SIDE):
        raise UsageError(
            f"size: expected WIDTHxHEIGHT in pixels, such as 1024x768, found {text[:40]!r}; "
            f"a side has 1 to {LARGEST_SIDE} pixels"
        )
    return rows, columns


def view_of(
    shape: tuple[int, ...],
    size: tuple[int, int] | None = None,
    region: tuple[float, float, float, float] | None = None,
) -> View:
    """The pixels of a picture of ``size`` that shows a region of an image, or of every frame of a video.

    Args:
        shape: samples of the signal along every axis; rows and columns are the last two.
        size: (rows, columns) of the view; None keeps the distance of the samples as nearly as it can.
        region: x0, y0, x1, y1 in pixels, counted from the upper left corner of the image, so that its first
            pixel is 0, 0, 1, 1; None is all of it.

    Returns:
        A view in which pixel j of m shows the place in the middle of its share of the region.

    Raises:
        UsageError: the region is not inside, the size is none, or there are no rows and columns, or more than
            a million places along an axis.
    """
    if size is not None and not _is_size(size):
        raise UsageError(
            f"size: expected (rows, columns), two whole numbers from 1 to {LARGEST_SIDE}, found {size!r}"
        )
    if len(shape) < 2:
        if size is None and region is None:
            return View(tuple(np.arange(n, dtype=np.float64) for n in shape))
        raise UsageError("size and region are for images and videos; a sound has neither")
    rows, columns = shape[-2:]
    x0, y0, x1, y1 = (0.0, 0.0, float(columns), float(rows)) if region is None else region
    if not (0 <= x0 < x1 <= columns and 0 <= y0 < y1 <= rows):
        raise UsageError(
            f"region: expected x0 y0 x1 y1 with 0 <= x0 < x1 <= {columns} and 0 <= y0 < y1 <= {rows}, "
            f"found {' '.join(f'{edge:g}' for edge in (x0, y0, x1, y1))}"
        )
    counts = (max(1, round(y1 - y0)), max(1, round(x1 - x0))) if size is None else size
    if max(*shape[:-2], *counts) > LARGEST_SIDE:
        raise UsageError(
            f"size: expected at most {LARGEST_SIDE} places along an axis, found "
            f"{' x '.join(map(str, (*shape[:-2], *counts)))}; ask for fewer pixels, or for a region"
        )
    before = tuple(np.arange(n, dtype=np.float64) for n in shape[:-2])
    return View((*before, _middles(y0, y1, counts[0]), _middles(x0, x1, counts[1])))


def _is_size(size: object) -> bool:
    sides = size if isinstance(size, tuple | list) else ()
    return len(sides) == 2 and all(isinstance(n, int | np.integer) and 1 <= n <= LARGEST_SIDE for n in sides)


def asked_view(shape: tuple[int, ...], options: Mapping[str, Any]) -> View:
    """:func:`view_of` with ``size`` as a text and ``region``, both of which may be missing."""
    size = options.get("size")
    return view_of(shape, None if size is None else parse_size(size), options.get("region"))


def smooth_for(smooth: bool | None, shape: tuple[int, ...], options: Mapping[str, Any]) -> bool | None:
    """Whether a fit has to be smooth: yes where the view that is asked for shows places between the samples.

    Args:
        smooth: what was said; None leaves it open.
        shape: of the signal.
        options: of the view, as for :func:`asked_view`.

    Raises:
        UsageError: it was said that it must not be.
    """
    if not asked_view(shape, options).between:
        return smooth
    if smooth is False:
        raise UsageError(
            "fit.image.smooth=false: the output shows places between the samples, where such a fit invents; "
            "leave out smooth, or size and region"
        )
    return True


def _middles(low: float, high: float, count: int) -> NDArray[np.float64]:
    """Of ``count`` equal parts, as places: a sample's own is the middle of its pixel."""
    return np.asarray((np.arange(count) + 0.5) * ((high - low) / count) + (low - 0.5), np.float64)
