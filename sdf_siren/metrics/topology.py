"""What can be said of a mesh without a reference: pieces, holes, volume."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sdf_siren.artifacts import Mesh, edges_and_sides


@dataclass(frozen=True)
class Topology:
    """Counts and volume of a mesh.

    Attributes:
        vertices: all of them, used by a face or not.
        faces: all of them.
        components: sets of faces connected through shared edges; touching in one vertex does not
            connect.
        watertight: there are faces, and every edge belongs to exactly two of them.
        boundary_edges: edges of only one face.
        non_manifold_edges: edges of three or more faces.
        volume: enclosed, cubic world units, positive when the faces look outward; of a mesh that is
            not watertight, the volume after closing each hole with a cone to the box's centre.
    """

    vertices: int
    faces: int
    components: int
    watertight: bool
    boundary_edges: int
    non_manifold_edges: int
    volume: float

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, under the names of the attributes."""
        return asdict(self)


def topology(mesh: Mesh) -> Topology:
    """Count components and edges of ``mesh`` and take its volume.

    Vertices are told apart by their index, as the file has them: meshes that repeat vertices for
    each face (STL) must be welded before. Faces that name a vertex twice have no area and are left
    out of edges and components.
    """
    a, b, c = mesh.faces.T
    proper = (a != b) & (b != c) & (c != a)
    edges, side = mesh.edges if proper.all() else edges_and_sides(mesh.faces[proper], len(mesh.vertices))
    uses = np.bincount(side.ravel(), minlength=len(edges))
    boundary, crowded = int((uses == 1).sum()), int((uses > 2).sum())
    return Topology(
        vertices=len(mesh.vertices),
        faces=len(mesh.faces),
        components=_components(side, len(edges)),
        watertight=len(side) > 0 and boundary == 0 and crowded == 0,
        boundary_edges=boundary,
        non_manifold_edges=crowded,
        volume=_volume(mesh),
    )


def _components(side: NDArray[np.int64], edges: int) -> int:
    """Connected pieces of the faces whose edges are ``side`` (f, 3)."""
    faces = len(side)
    if not faces:
        return 0
    face = np.arange(faces, dtype=np.int32).repeat(3)
    last = np.empty(edges, np.int32)
    last[side.ravel()] = face
    # Each face and the last one at each of its edges: whoever shares an edge shares that.
    graph = coo_array((np.ones(3 * faces, dtype=np.int8), (face, last[side.ravel()])), shape=(faces, faces))
    return int(connected_components(graph, directed=False, return_labels=False))


def _volume(mesh: Mesh) -> float:
    """Sum of the signed tetrahedra from the box's centre to each face (divergence theorem)."""
    if not len(mesh.faces):
        return 0.0
    used = np.zeros(len(mesh.vertices), dtype=bool)
    used[mesh.faces.ravel()] = True
    box = mesh.vertices[used]
    # About the centre: about the origin, tetrahedra of 1e18 would cancel at survey offsets.
    points = mesh.vertices - (box.min(axis=0) + box.max(axis=0)) / 2
    a, b, c = (np.take(points, corner, axis=0) for corner in mesh.faces.T)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6)
