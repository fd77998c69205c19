"""From the pieces of a file to one cloud: unusable rows, the crop, and the reduction of large scans.

Nothing here holds more than the points that are kept and one piece of the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.io.raw_points import RawPoints, as_colours, joined

MINIMUM_POINTS = 4
"""The least that can enclose a volume: a tetrahedron."""

FARTHEST = 1e30
"""Coordinates from here on are no lengths but marks of invalid rows, such as the largest float32."""

_FARTHEST_SENSOR = 100
"""Sizes of a scan from which on no sensor can have made it: files write zeros where they know none."""

_SEED = 0


class Reservoir:
    """A uniform sample of at most ``most`` rows of a stream (bottom-k sampling).

    Every row draws a random number, and the rows with the smallest ones stay. The result is in the order
    of the file and depends on the seed only, not on how the file was cut into pieces.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._draw = np.random.default_rng(_SEED)
        self._pieces: list[RawPoints] = []
        self._keys: list[NDArray[np.float64]] = []
        self._limit = np.inf
        self.seen = 0

    def add(self, piece: RawPoints) -> None:
        """Offer the rows of ``piece``."""
        self.seen += len(piece)
        keys = self._draw.random(len(piece))
        keep = keys <= self._limit
        self._pieces.append(piece if keep.all() else piece.select(keep))
        self._keys.append(keys[keep])
        if sum(map(len, self._keys)) > 1.5 * self._most:
            self._reduce()

    def sample(self) -> RawPoints:
        """The rows kept, of all that were offered."""
        self._reduce()
        return joined(self._pieces)

    def _reduce(self) -> None:
        keys = np.concatenate(self._keys) if self._keys else np.empty(0)
        if len(keys) <= self._most:
            return
        self._limit = float(np.partition(keys, self._most - 1)[self._most - 1])
        masks = [keys <= self._limit for keys in self._keys]
        self._pieces = [piece.select(mask) for piece, mask in zip(self._pieces, masks, strict=True)]
        self._keys = [keys[mask] for keys, mask in zip(self._keys, masks, strict=True)]


def gather(
    path: Path, pieces: Iterable[RawPoints], box: NDArray[np.float64] | None, max_points: int
) -> PointCloud:
    """One cloud of the usable points of all pieces inside ``box`` (6,), at most ``max_points`` of them.

    Raises:
        InputError: no usable points, or fewer than four inside the box.
    """
    reservoir, rows, usable, limit = Reservoir(max_points), 0, 0, ""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for piece in pieces:
        finite = np.asarray((np.abs(piece.points) < FARTHEST).all(axis=1))
        rows += len(piece)
        usable += int(finite.sum())
        if not finite.all():
            if np.isfinite(piece.points[~finite]).all(axis=1).any():
                limit = f" below {FARTHEST:g}"
            piece = piece.select(finite)
        low = np.minimum(low, piece.points.min(axis=0, initial=np.inf))
        high = np.maximum(high, piece.points.max(axis=0, initial=-np.inf))
        if box is not None:
            inside = (piece.points >= box[:3]) & (piece.points <= box[3:])
            piece = piece.select(np.asarray(inside.all(axis=1)))
        reservoir.add(piece)
    if not usable:
        raise InputError(f"{path}: expected finite coordinates{limit}, found none in {rows} rows")
    if box is not None and reservoir.seen < MINIMUM_POINTS:
        raise InputError(
            f"{path}: expected at least {MINIMUM_POINTS} points inside the crop box, found {reservoir.seen};"
            f" the scan spans {_numbers(low)} to {_numbers(high)}"
        )
    raw = reservoir.sample()
    notes = list(raw.notes)
    if usable < rows:
        notes.append(f"{rows - usable} of {rows} rows without finite coordinates{limit} were dropped")
    if reservoir.seen < usable:
        notes.append(f"{usable - reservoir.seen} of {usable} points outside the crop box were dropped")
    if len(raw) < reservoir.seen:
        notes.append(
            f"{len(raw)} of {reservoir.seen} points were kept, drawn at random;"
            " read.points.max_points changes how many"
        )
    colours = None if raw.colours is None else as_colours(raw.colours)
    if colours is not None and not colours.any():  # an empty field of the format
        colours = None
        notes.append("all colours of the file are black: they are not used")
    raw = _checked_sensors(replace(raw, notes=tuple(notes)), low, high)
    return PointCloud(raw.points, raw.normals, colours, str(path), raw.notes, raw.sensors, raw.intensity)


def _checked_sensors(raw: RawPoints, low: NDArray[np.float64], high: NDArray[np.float64]) -> RawPoints:
    """Without the sensors if one of them cannot be where its points were seen from."""
    if raw.sensors is None:
        return raw
    outside = np.maximum(np.maximum(low - raw.sensors, raw.sensors - high), 0).max()
    if outside <= _FARTHEST_SENSOR * float((high - low).max()):
        return raw
    note = "the file's sensor position is far away from its points: it is not used"
    return replace(raw, sensors=None, notes=(*raw.notes, note))


def _numbers(values: NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{value:.8g}" for value in values) + ")"
