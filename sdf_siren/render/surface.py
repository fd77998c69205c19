"""The picture of a mesh: one ray through every pixel, and more where one does not tell what is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdf_siren.render.camera import TANGENT, Camera, Floats
from sdf_siren.render.scene import Hits, Scene
from sdf_siren.render.shading import CLAY, LINING, canvas, key_direction, shade
from sdf_siren.render.visibility import footprint, visibility

SAMPLES = (np.array([[1, 5], [3, 1], [5, 7], [7, 3], [0, 2], [2, 6], [4, 0], [6, 4]]) + 0.5) / 8 - 0.5
"""Where rays pass through a pixel on an edge, from its centre: no two in a row or a column."""

BEND = 0.985
"""Cosine between neighbouring pixels' normals below which there is an edge between them: 10 degrees."""


def draw_surface(scene: Scene, camera: Camera, size: int, *, in_colour: bool = False) -> Floats:
    """A linear picture (size, size, 3) of the mesh, of clay or in its own colours, if it has any.

    Of clay its back is seen by its lining; colours are on both sides.
    """
    picture = canvas(size)
    background, window = picture[0, 0].copy(), camera.window(size)
    rays = camera.rays(size, window)
    shape, pixel = rays.shape[:2], 2 * TANGENT / size
    hits = scene.cast(rays.reshape(-1, 6))
    lit, openness = visibility(scene, hits, shape, pixel, key_direction(camera))
    colours = np.broadcast_to(background, (*shape, 3)).copy()
    colours[hits.mask.reshape(shape)] = _colours(camera, hits, openness, lit, in_colour)
    row, column = np.nonzero(_edges(hits, shape, pixel))
    corner = np.stack([column + window[1].start, row + window[0].start], axis=1) + 0.5
    finer = scene.cast(camera.rays_through(corner[:, None] + SAMPLES, size).reshape(-1, 6))
    nearest = _nearest(hits, finer, row, column, shape)
    samples = np.broadcast_to(background, (len(finer.mask), 3)).copy()
    samples[finer.mask] = _colours(camera, finer, openness[nearest], lit[nearest], in_colour)
    colours[row, column] = samples.reshape(len(row), len(SAMPLES), 3).mean(axis=1)
    picture[window] = colours
    return picture


def _colours(camera: Camera, hits: Hits, openness: Floats, lit: Floats, in_colour: bool) -> Floats:
    if in_colour and hits.albedo is not None:
        albedo = hits.albedo
    else:
        albedo = np.where(hits.inside[:, None], LINING, CLAY) if hits.inside.any() else CLAY
    return shade(camera, hits.normals, hits.directions, albedo, openness, lit)


def _edges(hits: Hits, shape: tuple[int, int], pixel: float) -> NDArray[np.bool_]:
    """The pixels (rows, columns) whose neighbour shows another surface, a bend in it or the background."""
    mask = hits.mask.reshape(shape)
    normals, (depth, slack) = np.zeros((3, *shape), np.float32), np.zeros((2, *shape), np.float32)
    normals[:, mask], depth[mask] = hits.normals.T, hits.distance
    slack[mask] = 3 * footprint(hits, pixel)
    edges = np.zeros(shape, dtype=bool)
    for one, other in ((np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])):
        bend = sum(normal[one] * normal[other] for normal in normals) < BEND
        jump = np.abs(depth[one] - depth[other]) > np.maximum(slack[one], slack[other])
        edge = (bend | jump) & (mask[one] | mask[other])
        edges[one] |= edge
        edges[other] |= edge
    return edges


def _nearest(
    hits: Hits, finer: Hits, row: NDArray[np.int64], column: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.int64]:
    """For each of ``finer``'s hits, the one of ``hits`` nearest in depth, of the nine pixels around it."""
    framed = (shape[0] + 2, shape[1] + 2)
    depth, index = np.full(framed, np.inf, dtype=np.float32), np.zeros(framed, dtype=np.int64)
    mask = hits.mask.reshape(shape)
    depth[1:-1, 1:-1][mask], index[1:-1, 1:-1][mask] = hits.distance, np.arange(len(hits.distance))
    around = (row[:, None] + np.repeat(range(3), 3)) * framed[1] + column[:, None] + np.tile(range(3), 3)
    pixel = np.repeat(np.arange(len(row)), len(SAMPLES))[finer.mask]
    apart = np.abs(np.take(depth, around)[pixel] - finer.distance[:, None])
    return np.take(index, around[pixel, apart.argmin(axis=1)])
