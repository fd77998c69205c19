"""Colours as files hold them, sRGB bytes, and as light adds up: linear (IEC 61966-2-1).

Means of colours are means of light; of the bytes themselves they would come out too dark between a light
and a dark one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def _decoded() -> NDArray[np.float32]:
    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


_LINEAR = _decoded()


def to_linear(colours: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Linear light, 0 to 1, of sRGB bytes of any shape."""
    return np.take(_LINEAR, colours)


def from_linear(light: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The sRGB bytes nearest to linear light of any shape, clipped to 0 to 1: the inverse of the above."""
    light = np.clip(light, 0, 1)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)
