"""Light and colour: a key light, a fill light and a sky, on matt clay.

Colours are linear until :func:`encode`, so that averaging the samples of a pixel averages light.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdf_siren.render.camera import Camera, Floats
from sdf_siren.render.vectors import dot, unit


def linear(srgb: ArrayLike) -> Floats:
    """Colours from 0 to 255 as :func:`encode` undoes it."""
    return np.asarray((np.asarray(srgb) / np.float32(255)) ** np.float32(2.2), dtype=np.float32)


BACKGROUND = (248, 247, 245)
"""sRGB of everything that is not the subject."""

CLAY = linear((228, 188, 158))
"""The mesh."""

LINING = linear((120, 132, 150))
"""The back of the surface: seen only where a mesh is open or inside out."""

SLATE = linear((112, 146, 176))
"""The points of a scan."""

HAZE = linear((206, 216, 226))
"""What the far points of a scan fade to."""

# Directions in the camera's axes (right, up, back), so that every view is lit alike.
_KEY = np.array([-0.50, 0.62, 0.60], dtype=np.float32)
_KEY /= np.linalg.norm(_KEY)
_FILL = np.array([0.85, 0.05, 0.53], dtype=np.float32)
_FILL /= np.linalg.norm(_FILL)
_KEY_LIGHT = np.array([1.00, 0.95, 0.87], dtype=np.float32) * 0.78
_FILL_LIGHT = np.array([0.75, 0.88, 1.00], dtype=np.float32) * 0.17
_SKY = np.array([0.88, 0.96, 1.08], dtype=np.float32) * 0.44
_GROUND = np.array([1.00, 0.86, 0.76], dtype=np.float32) * 0.20


def key_direction(camera: Camera) -> Floats:
    """Unit direction (3,) towards the key light, which goes with the camera."""
    return _KEY @ camera.axes


def shade(
    camera: Camera,
    normals: Floats,
    directions: Floats,
    albedo: Floats,
    openness: Floats | float = 1.0,
    lit: Floats | float = 1.0,
) -> Floats:
    """Linear colours (n, 3) of surface points.

    Args:
        camera: whose axes carry the lights.
        normals: (n, 3) unit, turned towards the viewer.
        directions: (n, 3) unit, from the viewer to the point.
        albedo: (3,) or (n, 3) linear.
        openness: (n,), share of the sky that is seen; darkens the ambient and the fill light.
        lit: (n,), share of the key light that is seen.
    """
    key = key_direction(camera)
    openness, lit = np.reshape(openness, (-1, 1)), np.reshape(lit, (-1, 1))
    height = 0.5 + 0.5 * (normals @ camera.sky)[:, None]
    ambient = (_GROUND + (_SKY - _GROUND) * height) * openness
    fill = np.clip(normals @ (_FILL @ camera.axes), 0, None)[:, None] * openness
    lambert = np.clip(normals @ key, 0, None)[:, None] * lit
    gloss = 0.05 * np.clip(dot(normals, unit(key - directions)), 0, None)[:, None] ** 24 * lit
    return np.asarray(
        albedo * (ambient + lambert * _KEY_LIGHT + fill * _FILL_LIGHT) + gloss, dtype=np.float32
    )


def canvas(size: int) -> Floats:
    """An empty linear picture (size, size, 3)."""
    return np.broadcast_to(linear(BACKGROUND), (size, size, 3)).copy()


def encode(picture: Floats, supersampling: int) -> NDArray[np.uint8]:
    """Average blocks of ``supersampling`` squared samples and encode them as sRGB bytes."""
    steps = range(supersampling)
    # One addition per sample of a block: numpy's mean over such short axes takes ten times as long.
    total = sum(picture[i::supersampling, j::supersampling] for i in steps for j in steps)
    mean = np.clip(total / np.float32(supersampling**2), 0, 1)
    return np.asarray(np.round(mean ** (1 / 2.2) * 255), dtype=np.uint8)
