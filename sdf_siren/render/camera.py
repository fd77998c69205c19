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
    """

    eye: Floats
    axes: Floats
    sky: Floats

    def rays(self, size: int) -> Floats:
        """Origins and unit directions (size, size, 6) through the centres of the pixels, top row first."""
        across = ((np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1) * TANGENT
        in_camera = np.stack(
            [*np.broadcast_arrays(across[None, :], -across[:, None]), np.full((size, size), -1.0)], axis=-1
        )
        in_camera /= np.linalg.norm(in_camera, axis=-1, keepdims=True)
        rays = np.empty((size, size, 6), dtype=np.float32)
        rays[..., :3] = self.eye
        rays[..., 3:] = in_camera @ self.axes
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
    at = points @ axes.T
    centre = (at[:, :2].min(axis=0) + at[:, :2].max(axis=0)) / 2
    # A point at height z fits if the eye stands |offset| / tangent behind it; the worst one decides.
    # The floor keeps the eye off a subject that is a line along the view.
    reach = np.maximum(np.abs(at[:, :2] - centre).max(axis=1), 0.02) / (TANGENT * (1 - MARGIN))
    distance = (at[:, 2] + reach).max()
    sky = np.zeros(3, dtype=np.float32)
    sky[vertical] = 1
    return Camera(np.array([*centre, distance], dtype=np.float32) @ axes, axes, sky)
