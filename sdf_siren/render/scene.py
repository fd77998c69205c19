"""What rays see of a mesh: where they hit, the normal there, and how open the surface is to the sky."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter
from scipy.sparse import csr_array

from sdf_siren.artifacts import Mesh, vertex_normals
from sdf_siren.frames import Similarity
from sdf_siren.open3d_import import import_open3d
from sdf_siren.render.camera import Camera, Floats

OCCLUSION_RAYS = 800_000
"""Rays spent on ambient occlusion per scene, however many vertices share them."""

OCCLUSION_REACH = 0.7
"""How far, in the unit frame, something may be and still darken a surface."""

LIFT = 0.006
"""How far rays that leave the surface start above it, so that its own facets do not stop them."""

LIGHT_RADIUS = 0.10
"""Of the disc that is the key light, as seen from a distance of one: its shadows have soft edges."""

LIGHT_TILE = 6
"""Neighbouring pixels, this many along each side, look at different points of the light."""


@dataclass(frozen=True)
class Hits:
    """The pixels that see the mesh, and what they see.

    Attributes:
        mask: (size, size) bool.
        normals: (m, 3) float32 unit normals turned towards the viewer, in the mask's order.
        directions: (m, 3) float32 unit directions of the rays.
        openness: (m,) float32, 1 where nothing hides the sky, 0 where all of it is hidden.
        inside: (m,) bool, where the viewer looks at the back of the surface.
        lit: (m,) float32, share of the key light that is seen.
    """

    mask: NDArray[np.bool_]
    normals: Floats
    directions: Floats
    openness: Floats
    inside: NDArray[np.bool_]
    lit: Floats


class Scene:
    """A mesh in a unit frame, ready to be looked at.

    Occlusion is kept per vertex, not per pixel: it does not depend on the view, so all pictures of a
    sheet share it, and averaging along edges takes out the noise without blurring across silhouettes.

    Args:
        mesh: with at least one face; without vertex normals it is drawn in flat facets.
        frame: brings world coordinates to the unit frame.

    Attributes:
        vertices: (v, 3) float32, in the unit frame.
        openness: (v,) float32, share of the cosine-weighted sky that each vertex sees.
    """

    def __init__(self, mesh: Mesh, frame: Similarity) -> None:
        self.vertices: Floats = frame.to_cube(mesh.vertices).astype(np.float32)
        self._faces = mesh.faces
        # A field without slope at a vertex has no normal there; one black speck, not a lost picture.
        self._normals = None if mesh.normals is None else np.nan_to_num(mesh.normals)
        open3d = import_open3d()
        self._tensor = open3d.core.Tensor
        self._caster = open3d.t.geometry.RaycastingScene()
        self._caster.add_triangles(self._tensor(self.vertices), self._tensor(self._faces.astype(np.uint32)))
        self.openness: Floats = self._open_to_the_sky()

    def look(self, camera: Camera, size: int, light: Floats) -> Hits:
        """Cast one ray through each of ``size`` x ``size`` pixels, and one from there to the light.

        Args:
            camera: where to look from.
            size: pixels along each side.
            light: (3,) direction towards the key light.
        """
        rays = camera.rays(size)
        answer = self._caster.cast_rays(self._tensor(rays))
        distance = answer["t_hit"].numpy()
        mask = np.isfinite(distance)
        directions = rays[mask, 3:]
        corner = self._faces[answer["primitive_ids"].numpy()[mask]]
        uv = answer["primitive_uvs"].numpy()[mask]
        weights = np.concatenate([1 - uv.sum(axis=1, keepdims=True), uv], axis=1)
        facets = _unit(answer["primitive_normals"].numpy()[mask])
        inside = np.einsum("ij,ij->i", facets, directions) > 0
        normals = facets if self._normals is None else _blend(self._normals, corner, weights)
        normals[inside] *= -1
        openness = np.einsum("ij,ij->i", self.openness[corner], weights)
        points = rays[mask, :3] + distance[mask, None] * directions + LIFT * normals
        return Hits(mask, normals, directions, openness, inside, self._lit(mask, points, light))

    def _lit(self, mask: NDArray[np.bool_], points: Floats, light: Floats) -> Floats:
        """Share of the light that each point (m, 3) sees.

        One ray per pixel, each pixel of a tile to its own point of the light; the mean over a window
        of the tile's size then holds every point once, so that there is no noise to filter
        (interleaved sampling, Keller and Heidrich 2001).
        """
        order = np.arange(LIGHT_TILE**2)
        radius = LIGHT_RADIUS * np.sqrt((order + 0.5) / len(order))
        angle = order * 2.399963  # the golden angle: even on the disc
        across, along = _tangents(light[None])
        disc = (radius * np.cos(angle))[:, None] * across + (radius * np.sin(angle))[:, None] * along
        # Shuffled: the spiral's order would leave streaks where a window is cut by a silhouette.
        disc = np.random.default_rng(0).permutation(disc)
        row, column = np.nonzero(mask)
        towards = light + disc[row % LIGHT_TILE * LIGHT_TILE + column % LIGHT_TILE]
        rays = np.concatenate([points, towards], axis=1).astype(np.float32)
        lit, weight = np.zeros((2, *mask.shape), dtype=np.float32)
        lit[mask] = ~self._caster.test_occlusions(self._tensor(rays)).numpy()
        weight[mask] = 1
        return np.asarray(uniform_filter(lit, LIGHT_TILE)[mask] / uniform_filter(weight, LIGHT_TILE)[mask])

    def _open_to_the_sky(self) -> Floats:
        """Cast every vertex's rays and average the answers along the edges."""
        neighbours = _averaging(self._faces, len(self.vertices))
        normals = self._normals
        if normals is None:
            normals = vertex_normals(self.vertices, self._faces).astype(np.float32)
        per_vertex = int(np.clip(OCCLUSION_RAYS // len(normals), 1, 64))
        generator = np.random.default_rng(0)
        clear = np.zeros(len(normals), dtype=np.float32)
        turn, shift, stretch = generator.random((3, len(normals)), dtype=np.float32)
        for ray in range(per_vertex):
            # The golden ratio spreads a vertex's rays; its own random phases differ from its neighbours'.
            angle = 2 * np.pi * (turn + ray * 0.618034)
            height2 = (shift + (ray + 0.5) / per_vertex) % 1
            # A random reach makes the yes-or-no answer fade with distance in the mean.
            reach = OCCLUSION_REACH * (0.02 + 0.98 * ((stretch + ray * 0.754878) % 1))
            clear += self._is_free(normals, angle, height2, reach)
        clear /= per_vertex
        for _ in range(int(np.clip(96 // per_vertex, 2, 12))):
            clear = neighbours @ clear
        return clear

    def _is_free(self, normals: Floats, angle: Floats, height2: Floats, reach: Floats) -> NDArray[np.bool_]:
        """Whether one ray per vertex, ``reach`` long, meets nothing; cosine-weighted about the normal."""
        across, along = _tangents(normals)
        radius = np.sqrt(1 - height2)[:, None]
        directions = (
            radius * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * along)
            + np.sqrt(height2)[:, None] * normals
        )
        origins = self.vertices + LIFT * normals
        rays = np.concatenate([origins, directions * reach[:, None]], axis=1).astype(np.float32)
        occluded = self._caster.test_occlusions(self._tensor(rays), tnear=0.0, tfar=1.0).numpy()
        return np.asarray(np.logical_not(occluded))


def _averaging(faces: NDArray[np.int64], vertices: int) -> csr_array:
    """The matrix (v, v) that replaces a vertex's value by the mean over itself and its neighbours."""
    start, end = faces.ravel(), np.roll(faces, -1, axis=1).ravel()
    own = np.arange(vertices)
    rows, columns = np.concatenate([start, end, own]), np.concatenate([end, start, own])
    matrix = csr_array((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(vertices, vertices))
    matrix.data /= np.repeat(matrix.sum(axis=1), np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def _blend(values: Floats, corner: NDArray[np.int64], weights: Floats) -> Floats:
    return _unit(np.einsum("mk,mkd->md", weights, values[corner]))


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12))


def _tangents(normals: Floats) -> tuple[Floats, Floats]:
    """Two unit vectors at right angles to each normal and each other (Duff et al. 2017, JCGT 6(1))."""
    x, y, z = normals.T
    sign = np.copysign(np.float32(1), z)
    a = -1 / (sign + z)
    b = x * y * a
    return (
        np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1),
        np.stack([b, sign + y * y * a, -y], axis=1),
    )
