"""Made-up rooms as a scanner that turns about its upright axis sees them from inside.

Lengths are metres. Rays are spread by equal angles, so that points are dense around the scanner and sparse
far away, and nothing is seen below it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import virtual_scans
from numpy.typing import NDArray

from sdf_siren.clouds import PointCloud

NOISE = 0.002
"""Standard deviation along the rays."""

LOWEST = np.radians(150)
"""From the zenith; the scanner's own stand is below."""

_COLUMNS, _ROWS = 420, 175

Floats = NDArray[np.float64]
Box = tuple[tuple[float, float, float], tuple[float, float, float]]

_FURNITURE: tuple[Box, ...] = (
    ((0.5, 0.3, 0.7), (2.1, 1.1, 0.75)),  # a table's top
    ((0.6, 0.4, 0.0), (0.7, 0.5, 0.7)),
    ((1.9, 0.9, 0.0), (2.0, 1.0, 0.7)),
    ((5.2, 0.0, 0.0), (6.0, 1.6, 2.0)),  # a cupboard in a corner
    ((3.5, 2.9, 0.0), (4.7, 3.4, 0.5)),  # a bench
)


def room(*, seen: float = 360.0, sensor: bool = False) -> PointCloud:
    """A furnished room of 6 x 4 x 2.7; ``seen`` degrees of it from the middle."""
    walls = _box(((0, 0, 0), (6, 4, 2.7)))
    return _scanned([walls, *map(_box, _FURNITURE)], [(2.6, 2.0, 1.5)], seen, sensor)


def corridor(*, sensor: bool = False) -> PointCloud:
    """A corridor of 24 x 2 x 2.5 without ends, scanned from two places."""
    vertices, faces = _box(((0, 0, 0), (24, 2, 2.5)))
    ends = np.isin(vertices[faces][:, :, 0].min(axis=1) - vertices[faces][:, :, 0].max(axis=1), 0)
    places = [(8.0, 1.0, 1.5), (16.0, 1.1, 1.5)]
    return _scanned([(vertices, faces[~ends]), _box(((10, 0, 0), (11, 0.4, 2)))], places, 360, sensor)


def facade(*, sensor: bool = False) -> PointCloud:
    """A house's front of 12 x 7 with pillars and lintels that stand out, and the street before it."""
    parts = [_box(((0, 0.3, 0), (12, 0.6, 7))), _box(((-2, -6, -0.1), (14, 0.3, 0)))]
    for x in (1.0, 5.0, 9.0):
        for z in (0.8, 4.0):
            parts += [
                _box(((x - 1.0, 0, z - 0.6), (x, 0.3, z + 2.4))),
                _box(((x, 0, z + 1.9), (x + 2, 0.3, z + 2.4))),
            ]
    return _scanned(parts, [(6.0, -5.0, 1.6)], 180, sensor)


ROOMS: dict[str, Callable[[], PointCloud]] = {
    "room": room,
    "room-sensor": lambda: room(sensor=True),
    "half-room": lambda: room(seen=180),
    "half-room-sensor": lambda: room(seen=180, sensor=True),
    "corridor": corridor,
    "corridor-sensor": lambda: corridor(sensor=True),
    "facade": facade,
    "facade-sensor": lambda: facade(sensor=True),
}


def _scanned(
    parts: list[tuple[Floats, NDArray[np.int64]]],
    places: list[tuple[float, float, float]],
    seen: float,
    sensor: bool,
) -> PointCloud:
    """What a scanner sees from ``places``, looking along y in the middle of ``seen`` degrees."""
    starts = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    vertices = np.concatenate([vertices for vertices, _ in parts])
    faces = np.concatenate([faces + start for (_, faces), start in zip(parts, starts, strict=False)])
    cast = virtual_scans.ray_caster(vertices, faces)
    turn = np.radians(90 + seen * ((np.arange(_COLUMNS) + 0.5) / _COLUMNS - 0.5))
    tilt = LOWEST * (np.arange(_ROWS) + 0.5) / _ROWS
    turn, tilt = (angle.reshape(-1) for angle in np.meshgrid(turn, tilt))
    directions = np.stack([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt)], axis=1)
    generator = np.random.default_rng(0)
    clouds, sensors = [], []
    for place in places:
        hits = cast(np.hstack([np.broadcast_to(place, directions.shape), directions]))
        met = np.einsum("nk,nkd->nd", hits.weights, vertices[faces[hits.faces]])
        clouds.append(met + generator.normal(scale=NOISE, size=(len(met), 1)) * directions[hits.rays])
        sensors.append(np.broadcast_to(place, met.shape))
    return PointCloud(np.concatenate(clouds), sensors=np.concatenate(sensors) if sensor else None)


def _box(corners: Box) -> tuple[Floats, NDArray[np.int64]]:
    """Vertices (8, 3) and faces (12, 3) of an upright box."""
    low, high = np.array(corners, dtype=np.float64)
    corner = np.array([[i & 1, i >> 1 & 1, i >> 2] for i in range(8)])
    sides = np.array([[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]])
    return low + corner * (high - low), sides[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
