"""Scans as small shaded discs, hidden behind each other as their depths say."""

from __future__ import annotations

import numpy as np

from sdf_siren.render.camera import Camera, Floats
from sdf_siren.render.shading import HAZE, SLATE, canvas, shade
from sdf_siren.render.vectors import dot, unit

MOST_POINTS = 400_000
"""Points drawn; more only overlap in a picture of this size."""

FADE, FADE_IN_COLOUR = 0.85, 0.35
"""How far points that look away from the viewer fade, without and with colours of their own."""


def draw_points(
    camera: Camera, points: Floats, normals: Floats | None, size: int, colours: Floats | None = None
) -> Floats:
    """A linear picture (size, size, 3) of ``points`` (n, 3) in the unit frame, in slate or in ``colours``
    (n, 3), linear.

    Discs are as wide as the points are apart, so that single points stay visible. Points
    whose normals look away from the viewer are faded: they belong to the far side, seen between the
    near ones; less so if they have colours, for a room may be seen from outside. Without normals, depth
    alone sets the brightness.
    """
    picture = canvas(size)
    stride = -(-len(points) // MOST_POINTS)
    points = points[::stride]
    pixels, depth = camera.project(points, size)
    normals = None if normals is None else normals[::stride]
    albedo = SLATE if colours is None else colours[::stride]
    radius = float(np.clip(0.52 * _spacing(pixels, size), 1.1, 0.006 * size))
    reach = int(np.ceil(radius))
    offsets = np.argwhere(np.ones((2 * reach + 1, 2 * reach + 1))) - reach
    offsets = offsets[np.linalg.norm(offsets, axis=1) <= radius]
    # Darker rims keep overlapping discs of the same shade apart.
    rim = (1 - 0.22 * (np.linalg.norm(offsets, axis=1) / radius) ** 2).astype(np.float32)
    # A frame around the picture takes the parts of discs that stick out of it.
    at = np.floor(pixels).astype(np.int64) + reach
    drawn = np.flatnonzero(((at >= 0) & (at < size + 2 * reach)).all(axis=1))
    far_first = drawn[np.argsort(-depth[drawn], kind="stable")]
    width = size + 4 * reach
    # Repeated indices keep the last value written, so the nearest disc wins.
    centre = (at[far_first, 1] + reach) * width + at[far_first, 0] + reach
    covered = centre[:, None] + (offsets[:, 1] * width + offsets[:, 0])
    framed = np.full(width * width, -1, dtype=np.int64)
    framed[covered.ravel()] = np.arange(covered.size)
    winner = framed.reshape(width, width)[2 * reach :, 2 * reach :][:size, :size]
    hit = winner >= 0
    disc, offset = np.divmod(winner[hit], len(offsets))
    shaded = _shaded(camera, points, normals, depth, albedo)
    picture[hit] = np.take(shaded, far_first[disc], axis=0) * np.take(rim, offset)[:, None]
    return picture


def _spacing(pixels: Floats, size: int) -> float:
    """Distance between points in pixels, had the half of them that is seen spread evenly."""
    cells = 48
    column, row = np.floor(pixels.T * (cells / size)).astype(np.int64)
    area = len(np.unique(row * (2 << 20) + column)) * (size / cells) ** 2
    return float(np.sqrt(2 * area / len(pixels)))


def _shaded(camera: Camera, points: Floats, normals: Floats | None, depth: Floats, albedo: Floats) -> Floats:
    nearness = 1 - (depth - depth.min()) / max(float(np.ptp(depth)), 1e-6)
    if normals is None:
        shadow = (0.35 + 0.65 * nearness)[:, None]
        return np.asarray(HAZE + (albedo * 0.7 - HAZE) * shadow, dtype=np.float32)
    directions = unit(points - camera.eye)
    towards = unit(np.nan_to_num(normals))
    away = dot(towards, directions) > 0
    towards[away] *= -1
    colours = shade(camera, towards, directions, albedo)
    colours[away] += (HAZE - colours[away]) * (FADE if albedo.ndim == 1 else FADE_IN_COLOUR)
    return colours
