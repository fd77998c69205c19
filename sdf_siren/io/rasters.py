"""Pixels as files hold them, and the signals that they stand for; shared by all formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.signals import IMAGE, Signal, samples_of

MOST_PIXELS = 100_000_000
"""Of an image, and samples of a film: as float32 in four channels they take 1.6 GB."""

MOST_CHANNELS = 4
_BLOCK = 2**20
"""Numbers converted in double precision at once."""
_MOST_STRETCH = 10.0
"""Pixels of real devices are at most twice as long as wide; a larger ratio is damage."""
_SQUARE_ENOUGH = 5e-3
"""Resolutions are rounded to whole dots per metre or inch; that is no other shape of a pixel."""


@dataclass(frozen=True)
class Raster:
    """An image as its file holds it.

    Attributes:
        stored: (h, w, c) numbers of the file's own type.
        full: the integer that stands for full light; None for the largest of uint8 or uint16, and for other
            types, which keep their own units.
        icc_profile: the colour space.
        orientation: the value 1 to 8 of EXIF's Orientation (TIFF 6.0, tag 274) that is still to be applied.
        resolution: pixels per length along columns and rows (x and y) of the upright image, None if unknown.
        notes: what happened on the way.
    """

    stored: NDArray[np.generic]
    full: int | None = None
    icc_profile: bytes | None = None
    orientation: int = 1
    resolution: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()

    def signal(self, source: str) -> Signal:
        """The upright image in the units that signals have."""
        samples, form = samples_of(upright(self.stored, self.orientation), self.full, self.icc_profile)
        spacing, notes = _spacing(self.resolution)
        return Signal(samples, IMAGE, spacing, form, source, (*self.notes, *notes))


def as_integers(signal: Signal, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Samples as integers of 8 or 16 bits: clipped to low..high, which become 0 and the largest; rounded."""
    full, samples = 2**bits - 1, signal.samples.reshape(-1)
    stored = np.empty(samples.shape, np.uint8 if bits == 8 else np.uint16)
    for start in range(0, len(samples), _BLOCK):
        part = slice(start, start + _BLOCK)
        unit = (samples[part].astype(np.float64) - signal.format.low) / signal.format.peak
        stored[part] = np.rint(np.clip(unit, 0, 1) * full)
    return stored.reshape(signal.samples.shape)


def upright(stored: NDArray[np.generic], orientation: int) -> NDArray[np.generic]:
    """(h, w, c) pixels as they are meant to be seen; TIFF 6.0, tag 274."""
    match orientation:
        case 2:
            return stored[:, ::-1]
        case 3:
            return stored[::-1, ::-1]
        case 4:
            return stored[::-1]
        case 5:
            return stored.swapaxes(0, 1)
        case 6:
            return stored[::-1].swapaxes(0, 1)
        case 7:
            return stored[::-1, ::-1].swapaxes(0, 1)
        case 8:
            return stored[:, ::-1].swapaxes(0, 1)
        case _:
            return stored


def turned(resolution: tuple[float, float] | None, orientation: int) -> tuple[float, float] | None:
    """The resolution along the axes of the upright image; orientations from 5 on exchange the axes."""
    return resolution[::-1] if resolution and orientation in (5, 6, 7, 8) else resolution


def _spacing(resolution: tuple[float, float] | None) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Relative height and width of a pixel, the shorter one 1, and a note if they differ."""
    x, y = resolution or (1.0, 1.0)
    if not (math.isfinite(x) and math.isfinite(y) and min(x, y) > 0):
        return (1.0, 1.0), ()
    stretch = x / y
    if abs(stretch - 1) < _SQUARE_ENOUGH:
        return (1.0, 1.0), ()
    if not 1 / _MOST_STRETCH <= stretch <= _MOST_STRETCH:
        note = f"the file says that its pixels are {stretch:.3g} times as high as wide; taken as square"
        return (1.0, 1.0), (note,)
    spacing = (max(1.0, stretch), max(1.0, 1 / stretch))
    return spacing, (f"the pixels are {stretch:.4g} times as high as wide; kept",)


def check_pixels(path: Path, sizes: Sequence[int], what: str = "pixels") -> None:
    """Refuse, before anything is decoded, a header that declares none or more than :data:`MOST_PIXELS`."""
    if min(sizes) < 1 or math.prod(sizes) > MOST_PIXELS:
        found = " x ".join(map(str, sizes))
        raise InputError(
            f"{path}: expected 1 to {MOST_PIXELS // 10**6} million {what}, found a header that declares "
            f"{found[:80]}; reduce it first"
        )
