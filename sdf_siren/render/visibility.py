"""How much of the key light and of the sky the pixels of a picture see.

Few rays a pixel, and each pixel of a tile its own: the mean over a window of the tile's size then holds
every ray of the tile once, so that there is no noise to filter (interleaved sampling, Keller and Heidrich
2001). A window leaves out pixels that lie on another surface, before or behind.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdf_siren.render.camera import Floats
from sdf_siren.render.scene import Hits, Scene
from sdf_siren.render.vectors import dot, tangents

Counts = NDArray[np.uint16]

TILE = 4
"""Pixels along each side of a tile."""

LIGHT_RAYS = 2
"""Rays to the key light per pixel."""

SKY_RAYS = 2
"""Rays to the sky per pixel."""

LIGHT_RADIUS = 0.10
"""Of the disc that is the key light, as seen from a distance of one: its shadows have soft edges."""

SKY_REACH = 0.7
"""How far, in the unit frame, something may be and still hide the sky."""

LIFT = 0.006
"""How far rays that leave the surface start above it, so that its own facets do not stop them."""

GOLDEN_ANGLE = 2.399963


def visibility(
    scene: Scene, hits: Hits, shape: tuple[int, int], pixel: float, light: Floats
) -> tuple[Floats, Floats]:
    """Shares of the key light and of the cosine-weighted sky that the hits of a picture see, (m,) each.

    Args:
        scene: what was looked at.
        hits: of the rays through pixels, row by row.
        shape: rows and columns of these pixels.
        pixel: from one to the next, as seen from a distance of one.
        light: (3,) unit direction towards the key light.
    """
    mask = hits.mask.reshape(shape)
    row, column = np.nonzero(mask)
    place = row % TILE * TILE + column % TILE
    origins = hits.points + LIFT * hits.normals
    # What looks away from the light is dark without a ray, and is not to darken the rim of what does not.
    facing = np.flatnonzero(dot(hits.normals, light) > 0)
    counts = np.zeros((4, len(place)), dtype=np.uint16)
    counts[0, facing] = _lit(scene, origins[facing], place[facing], light)
    counts[1, facing] = LIGHT_RAYS
    counts[2] = _open(scene, origins, hits.normals, place)
    counts[3] = SKY_RAYS
    # As far as the surface itself may fall back across a window, and again for where it bends.
    lit, rays, clear, all_rays = _pooled(counts, mask, hits.distance, 2 * TILE * footprint(hits, pixel))
    return lit / np.maximum(rays, np.float32(1)), clear / np.maximum(all_rays, np.float32(1))


def footprint(hits: Hits, pixel: float) -> Floats:
    """How much farther than itself a hit's surface is one pixel on, at most (m,)."""
    return np.asarray(pixel * hits.distance / np.maximum(-dot(hits.normals, hits.directions), 0.1))


def _lit(scene: Scene, origins: Floats, place: NDArray[np.int64], light: Floats) -> Counts:
    """How many of a pixel's own rays (m,) reach the light."""
    count = TILE**2 * LIGHT_RAYS
    order = np.arange(count)
    radius, angle = LIGHT_RADIUS * np.sqrt((order + 0.5) / count), order * GOLDEN_ANGLE
    across, along = tangents(light[None])
    disc = (radius * np.cos(angle))[:, None] * across + (radius * np.sin(angle))[:, None] * along
    towards = _shuffled(light + disc, LIGHT_RAYS)
    seen = np.zeros(len(place), dtype=np.uint16)
    for turn in towards:
        seen += scene.reaches(origins, np.take(turn, place, axis=0))
    return seen


def _open(scene: Scene, origins: Floats, normals: Floats, place: NDArray[np.int64]) -> Counts:
    """How many of a pixel's own rays (m,) meet nothing; cosine-weighted about the normal."""
    count = TILE**2 * SKY_RAYS
    order = np.arange(count)
    height2, angle = (order + 0.5) / count, order * GOLDEN_ANGLE
    radius, height = np.sqrt(1 - height2), np.sqrt(height2)
    # Reaches of all lengths make the yes-or-no answer fade with distance in the mean.
    reach = SKY_REACH * (0.02 + 0.98 * (order * 0.754878 % 1))
    local = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1) * reach[:, None]
    across, along = tangents(normals)
    seen = np.zeros(len(place), dtype=np.uint16)
    for turn in _shuffled(local, SKY_RAYS):
        x, y, z = (np.take(part, place)[:, None] for part in turn.T)
        seen += scene.reaches(origins, np.asarray(x * across + y * along + z * normals), share=1.0)
    return seen


def _shuffled(directions: NDArray[np.float64], rays: int) -> Floats:
    """Directions (rays, TILE^2, 3), those of one place in the tile far from each other.

    Shuffled: the spiral's order would leave streaks where a window is cut by a silhouette.
    """
    strata = directions.reshape(rays, -1, 3)
    generator = np.random.default_rng(0)
    return np.stack([generator.permutation(stratum) for stratum in strata]).astype(np.float32)


def _pooled(counts: Counts, mask: NDArray[np.bool_], depth: Floats, slack: Floats) -> Counts:
    """Sums (c, m) of ``counts`` (c, m) over windows of windows, where depths differ by ``slack`` at most.

    Summed twice, for where the shadow changes across a window its mean would come in steps.
    """
    height, width = mask.shape
    shape = (height + TILE - 1, width + TILE - 1)
    slacks = np.zeros(mask.shape, dtype=np.float32)
    slacks[mask] = slack
    for before in (TILE // 2, TILE - 1 - TILE // 2):  # an even window has no middle; the two make up for it
        own = (slice(before, before + height), slice(before, before + width))
        depths, centre = np.full(shape, np.inf, dtype=np.float32), np.zeros(mask.shape, dtype=np.float32)
        depths[own][mask] = centre[mask] = depth
        padded = np.zeros((len(counts), *shape), dtype=np.uint16)
        for count, image in zip(counts, padded, strict=True):
            image[own][mask] = count
        total = np.zeros((len(counts), *mask.shape), dtype=np.uint16)
        for down, right in np.ndindex(TILE, TILE):
            window = (slice(down, down + height), slice(right, right + width))
            total += padded[:, *window] * (np.abs(depths[window] - centre) <= slacks).view(np.uint8)
        counts = np.stack([image[mask] for image in total])
    return counts
