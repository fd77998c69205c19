"""What rays meet of a mesh: where they hit, the normal there, and whether anything is in their way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.open3d_import import import_open3d
from sdf_siren.render.camera import Floats
from sdf_siren.render.shading import linear
from sdf_siren.render.vectors import dot, unit

_ANSWERS = ("t_hit", "primitive_normals", "primitive_ids", "primitive_uvs")


@dataclass(frozen=True)
class Hits:
    """Of n rays, the m that meet the mesh, in order.

    Attributes:
        mask: (n,) bool, the rays that meet it.
        distance: (m,) float32 along the rays.
        points: (m, 3) float32, where.
        directions: (m, 3) float32 unit directions of the rays.
        normals: (m, 3) float32 unit normals turned towards where the rays come from.
        inside: (m,) bool, where the ray meets the back of the surface.
        albedo: (m, 3) float32 linear colours of the mesh there, or None if it has none.
    """

    mask: NDArray[np.bool_]
    distance: Floats
    points: Floats
    directions: Floats
    normals: Floats
    inside: NDArray[np.bool_]
    albedo: Floats | None


class Scene:
    """A mesh in a unit frame, ready to be looked at.

    Args:
        mesh: with at least one face; without vertex normals it is drawn in flat facets. Its colours come
            with the hits.
        frame: brings world coordinates to the unit frame.

    Attributes:
        vertices: (v, 3) float32, in the unit frame.
    """

    def __init__(self, mesh: Mesh, frame: Similarity) -> None:
        self.vertices: Floats = frame.to_cube(mesh.vertices).astype(np.float32)
        self._faces = mesh.faces.astype(np.uint32)
        # A field without slope at a vertex has no normal there; one black speck, not a lost picture.
        self._normals = None if mesh.normals is None else np.nan_to_num(mesh.normals)
        self._colours = None if mesh.colours is None else linear(mesh.colours)
        open3d = import_open3d()
        self._tensor: Any = open3d.core.Tensor.from_numpy  # shares memory
        self._caster = open3d.t.geometry.RaycastingScene()
        self._caster.add_triangles(self._tensor(self.vertices), self._tensor(self._faces))

    def cast(self, rays: Floats) -> Hits:
        """What each ray (n, 6), origin and unit direction, meets first."""
        answer = self._caster.cast_rays(self._tensor(rays))
        mask = np.isfinite(answer["t_hit"].numpy())
        met = np.flatnonzero(mask)
        distance, normal, face, uv = (np.take(answer[name].numpy(), met, axis=0) for name in _ANSWERS)
        origins, directions = np.take(rays[:, :3], met, axis=0), np.take(rays[:, 3:], met, axis=0)
        facets = unit(normal)
        inside = dot(facets, directions) > 0
        corner = np.take(self._faces, face, axis=0)
        normals = facets if self._normals is None else unit(_blend(self._normals, corner, uv))
        normals[inside] *= -1
        points = (origins + distance[:, None] * directions).astype(np.float32, copy=False)
        albedo = None if self._colours is None else _blend(self._colours, corner, uv)
        return Hits(mask, distance, points, directions, normals, inside, albedo)

    def reaches(self, origins: Floats, steps: Floats, share: float = np.inf) -> NDArray[np.bool_]:
        """Whether nothing is between ``origins`` (n, 3) and ``share`` times ``steps`` (n, 3) from there."""
        rays = np.concatenate([origins, steps], axis=1)
        return np.logical_not(self._caster.test_occlusions(self._tensor(rays), tnear=0.0, tfar=share).numpy())


def _blend(values: Floats, corner: NDArray[np.uint32], uv: Floats) -> Floats:
    """Values (m, 3) between those (v, 3) of the vertices ``corner`` (m, 3)."""
    u, v = uv[:, :1], uv[:, 1:]
    a, b, c = (np.take(values, corner[:, k], axis=0) for k in range(3))
    return np.asarray((1 - u - v) * a + u * b + v * c)
