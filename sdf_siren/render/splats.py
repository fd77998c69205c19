"""Scans as small shaded discs, hidden behind each other as their depths say."""

from __future__ import annotations

import numpy as np

from sdf_siren.render.camera import Camera, Floats
from sdf_siren.render.shading import HAZE, SLATE, canvas, shade

MOST_POINTS = 400_000
"""Points drawn; more only overlap in a picture of this size."""


def draw_points(camera: Camera, points: Floats, normals: Floats | None, size: int) -> Floats:
    """A linear picture (size, size, 3) of ``points`` (n, 3) in the unit frame.

    Discs are as wide as the points are apart, so that single points stay visible. Points
    whose normals look away from the viewer are faded: they belong to the far side, seen between the
    near ones. Without normals, depth alone sets the brightness.
    """
    picture = canvas(size)
    stride = -(-len(points) // MOST_POINTS)
    points = points[::stride]
    pixels, depth = camera.project(points, size)
    colours = _colours(camera, points, None if normals is None else normals[::stride], depth)
    radius = float(np.clip(0.52 * _spacing(pixels, size), 1.1, 0.006 * size))
    reach = int(np.ceil(radius))
    offsets = np.argwhere(np.ones((2 * reach + 1, 2 * reach + 1))) - reach
    offsets = offsets[np.linalg.norm(offsets, axis=1) <= radius]
    # Darker rims keep overlapping discs of the same shade apart.
    rim = 1 - 0.22 * (np.linalg.norm(offsets, axis=1) / radius) ** 2
    far_first = np.argsort(-depth, kind="stable")
    # Repeated indices keep the last value written, so the nearest disc wins.
    column = np.floor(pixels[far_first, :1]).astype(np.int64) + offsets[:, 0]
    row = np.floor(pixels[far_first, 1:]).astype(np.int64) + offsets[:, 1]
    seen = (column >= 0) & (column < size) & (row >= 0) & (row < size)
    winner = np.full(size * size, -1, dtype=np.int64)
    winner[(row * size + column)[seen]] = np.arange(row.size).reshape(row.shape)[seen]
    hit = winner >= 0
    disc, offset = np.divmod(winner[hit], len(offsets))
    picture.reshape(-1, 3)[hit] = colours[far_first[disc]] * rim[offset, None]
    return picture


def _spacing(pixels: Floats, size: int) -> float:
    """Distance between points in pixels, had the half of them that is seen spread evenly."""
    cells = 48
    at = np.floor(pixels * (cells / size)).astype(np.int64)
    area = len(np.unique(at, axis=0)) * (size / cells) ** 2
    return float(np.sqrt(2 * area / len(pixels)))


def _colours(camera: Camera, points: Floats, normals: Floats | None, depth: Floats) -> Floats:
    nearness = 1 - (depth - depth.min()) / max(float(np.ptp(depth)), 1e-6)
    if normals is None:
        shadow = (0.35 + 0.65 * nearness)[:, None]
        return np.asarray(HAZE + (SLATE * 0.7 - HAZE) * shadow, dtype=np.float32)
    directions = points - camera.eye
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    normals = np.nan_to_num(normals)
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    away = np.einsum("ij,ij->i", unit, directions) > 0
    colours = shade(camera, np.where(away[:, None], -unit, unit), directions, SLATE)
    colours[away] += (HAZE - colours[away]) * 0.85
    return colours
