"""Colour maps: numbers to sRGB bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

# Both are evenly bright in steps; colours between the stops are mixed linearly.
DIVERGING = (
    (33, 60, 122),
    (67, 124, 183),
    (152, 196, 222),
    (243, 242, 239),
    (240, 170, 132),
    (204, 84, 73),
    (119, 20, 43),
)
"""For values about zero."""
SEQUENTIAL = (
    (28, 20, 58),
    (66, 40, 114),
    (118, 53, 129),
    (175, 70, 117),
    (223, 101, 91),
    (247, 157, 84),
    (252, 224, 142),
)
"""For sizes."""
NOTHING = (222, 221, 218)
"""Where there is no value."""


def coloured(
    values: NDArray[np.floating], low: float, high: float, stops: tuple[tuple[int, ...], ...]
) -> Picture:
    """Colours (..., 3) of values, ``low`` the first stop, ``high`` the last; NaN is grey."""
    span = high - low if high > low else 1.0
    place = np.clip((np.nan_to_num(values) - low) / span, 0, 1) * (len(stops) - 1)
    table = np.array(stops, float)
    before = np.minimum(place.astype(int), len(stops) - 2)
    part = (place - before)[..., None]
    mixed = table[before] * (1 - part) + table[before + 1] * part
    mixed = np.where(np.isfinite(values)[..., None], mixed, np.array(NOTHING, float))
    return np.asarray(np.round(mixed), np.uint8)
