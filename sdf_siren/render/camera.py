"""Perspective cameras that frame what they are pointed at.

Everything here lives in a unit frame: the caller has brought its points to about [-1, 1]^3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TANGENT = 0.26
"""Tangent of half the field of view: about 29 degrees in all, a portrait lens."""

MARGIN = 0.06
"""Share of the picture's half width left free around the subject."""


@dataclass(frozen=True)
class View:
    """A direction to look from, in degrees: ``azimuth`` about the up axis, ``elevation`` above."""

    name: str
    azimuth: float
    elevation: float


VIEWS = (
    View("front three-quarter", 35, 18),
    View("side", 90, 8),
    View("back three-quarter", 215, 18),
    View("top", 20, 72),
)


@dataclass(frozen=True)
class Camera:
    """A square picture of what lies before ``eye``.

    Attributes:
        eye: (3,) float32.
        axes: (3, 3) float32, rows: right, up and back (against the direction of view).
        sky: (3,) float32, the up axis of the scene, for lighting from above.
        span: how far the subject reaches from the middle, across and up, of the picture's half width.
    """

    eye: Floats
    axes: Floats
    sky: Floats
    span: tuple[float, float] = (1.0, 1.0)

    def window(self, size: int) -> tuple[slice, slice]:
        """Rows and columns that hold the subject and a pixel around it."""
        across, up = (int(np.ceil(min(span, 1) * size / 2)) + 1 for span in self.span)
        row, column = (slice(max(size // 2 - reach, 0), size // 2 + reach) for reach in (up, across))
        return row, column

    def rays(self, size: int, window: tuple[slice, slice] = np.s_[:, :]) -> Floats:
        """Origins and unit directions (rows, columns, 6) through the centres of the pixels, top row first."""
        centres = np.arange(size, dtype=np.float32) + 0.5
        rows, columns = centres[window[0]], centres[window[1]]
        return self.rays_through(np.stack(np.meshgrid(columns, rows), axis=-1), size)

    def rays_through(self, pixels: NDArray[np.floating], size: int) -> Floats:
        """Origins and unit directions (..., 6) through positions (..., 2), as :meth:`project` gives them."""
        plane = (pixels * (2 / size) - 1).astype(np.float32) * np.array([TANGENT, -TANGENT], dtype=np.float32)
        x, y = plane[..., :1], plane[..., 1:]
        length = np.sqrt(x * x + y * y + 1)
        rays = np.empty((*pixels.shape[:-1], 6), dtype=np.float32)
        rays[..., :3] = self.eye
        rays[..., 3:] = np.concatenate([x, y, np.full_like(x, -1)], axis=-1) / length @ self.axes
        return rays

    def project(self, points: Floats, size: int) -> tuple[Floats, Floats]:
        """Pixel positions (n, 2), x to the right and y down, and depths (n,) along the view axis."""
        in_camera = (points - self.eye) @ self.axes.T
        depth = -in_camera[:, 2]
        pixels = in_camera[:, :2] / (TANGENT * depth[:, None]) * np.array([1, -1], dtype=np.float32)
        return (
            np.asarray((pixels + 1) * (size / 2), dtype=np.float32),
            np.asarray(depth, dtype=np.float32),
        )


def framing(view: View, points: Floats, up: str) -> Camera:
    """The camera that looks from ``view`` and holds all ``points`` (n, 3) as large as they fit.

    Args:
        view: where to look from; azimuth 0 is the axis that follows ``up`` cyclically (z for y).
        points: (n, 3), n >= 1.
        up: ``"x"``, ``"y"`` or ``"z"``, the axis that points up in the picture.
    """
    vertical = "xyz".index(up)
    side, front = (vertical + 2) % 3, (vertical + 1) % 3
    azimuth, elevation = np.deg2rad([view.azimuth, view.elevation])
    back, right = np.zeros(3), np.zeros(3)
    back[[side, vertical, front]] = (
        np.sin(azimuth) * np.cos(elevation),
        np.sin(elevation),
        np.cos(azimuth) * np.cos(elevation),
    )
    right[[side, front]] = np.cos(azimuth), -np.sin(azimuth)
    axes = np.stack([right, np.cross(back, right), back]).astype(np.float32)
    at = axes @ points.T
    centre = (at[:2].min(axis=1) + at[:2].max(axis=1)) / 2
    # A point at height z fits if the eye stands |offset| / tangent behind it; the worst one decides.
    # The floor keeps the eye off a subject that is a line along the view.
    offset = np.abs(at[:2] - centre[:, None])
    reach = np.maximum(offset.max(axis=0), 0.02) / (TANGENT * (1 - MARGIN))
    distance = (at[2] + reach).max()
    sky = np.zeros(3, dtype=np.float32)
    sky[vertical] = 1
    across, upwards = (offset / (distance - at[2])).max(axis=1) / TANGENT
    eye = np.array([*centre, distance], dtype=np.float32) @ axes
    return Camera(eye, axes, sky, (float(across), float(upwards)))
