"""Holes closed by smooth patches.

A rim is drawn together to its centre in rings whose vertices are as far apart as the rim's own; the patch is
then bent so that the squares of its second differences are least, with the rim held where it is and the mesh
around it telling the direction (a thin plate). Triangles between the rim's own vertices alone, as other
programs make, are long and flat, and for large rims they fold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import identity
from scipy.sparse.linalg import spsolve

from sdf_siren.meshing.edges import rim_edges, umbrella

MOST_RINGS = 64
"""A wider hole gets longer triangles."""

_TINY = 1e-12
"""Shortest side of a rim, in the cube; those without length would have no place along it."""

Doubles = NDArray[np.float64]
Faces = NDArray[np.int64]


@dataclass(frozen=True)
class Filling:
    """A mesh with some of its holes filled.

    Attributes:
        vertices: (v, 3), the old ones first.
        faces: (f, 3), the old ones first.
        filled: how many holes were.
        left: how many were too wide.
    """

    vertices: Doubles
    faces: Faces
    filled: int
    left: int


def fill_holes(vertices: Doubles, faces: Faces, widest: float = np.inf) -> Filling:
    """Close the holes of a mesh.

    Args:
        vertices: (v, 3).
        faces: (f, 3), at most two at every edge.
        widest: diameter of the largest hole to fill, measured from the centre of its rim.
    """
    loops = rims(faces, len(vertices))
    narrow = [loop for loop in loops if _width(vertices[loop]) <= widest]
    places, triangles = [vertices], [faces]
    count = len(vertices)
    for loop in narrow:
        added, patch = _patch(vertices[loop])
        number = np.concatenate([loop, count + np.arange(len(added))])
        places.append(added)
        triangles.append(number[patch])
        count += len(added)
    found = np.concatenate(places), np.concatenate(triangles)
    bent = _bent(*found, len(vertices)) if narrow else found[0]
    return Filling(bent, found[1], len(narrow), len(loops) - len(narrow))


def rims(faces: Faces, vertices: int) -> list[NDArray[np.int64]]:
    """The loops of a mesh's rim, each a list of vertices; a face beyond it would run in their direction."""
    after: dict[int, list[int]] = {}
    for start, stop in rim_edges(faces, vertices).tolist():
        after.setdefault(stop, []).append(start)
    loops = []
    while after:
        path = [next(iter(after))]
        place = {path[0]: 0}
        while path:
            following = after[path[-1]]
            vertex = following.pop()
            if not following:
                del after[path[-1]]
            if vertex not in place:
                place[vertex] = len(path)
                path.append(vertex)
                continue
            # Where rims touch in a vertex, the loop that comes back to it is one of its own.
            loop = path[place[vertex] :]
            loops.append(np.array(loop))
            for each in loop[1:]:
                del place[each]
            path = path[: place[vertex] + 1]
            if vertex not in after:
                break
    return loops


def _width(rim: Doubles) -> float:
    return 2 * float(np.linalg.norm(rim - rim.mean(axis=0), axis=1).max())


def _patch(rim: Doubles) -> tuple[Doubles, Faces]:
    """New vertices, and faces over the rim's vertices (n, 3) followed by them."""
    if len(rim) == 3:
        return np.empty((0, 3)), np.array([[0, 1, 2]])
    side = np.linalg.norm(np.roll(rim, -1, axis=0) - rim, axis=1).clip(_TINY)
    along = np.concatenate([[0.0], np.cumsum(side)]) / side.sum()
    centre = np.average(rim, axis=0, weights=side + np.roll(side, 1))
    radius = np.linalg.norm(rim - centre, axis=1).mean()
    rings = int(np.clip(round(radius / side.mean()), 1, MOST_RINGS))
    closed = np.concatenate([rim, rim[:1]])
    outer, first, count = along[:-1], 0, len(rim)
    places: list[Doubles] = []
    faces: list[tuple[int, int, int]] = []
    for ring in range(1, rings + 1):
        inward = 1 - ring / rings
        inner = np.linspace(0, 1, max(3, round(len(rim) * inward)) if ring < rings else 1, endpoint=False)
        spots = np.stack([np.interp(inner, along, closed[:, axis]) for axis in range(3)], axis=1)
        places.append(centre + inward * (spots - centre))
        faces += _band(outer, first, inner, count)
        outer, first, count = inner, count, count + len(inner)
    return np.concatenate(places), np.array(faces)


def _band(outer: Doubles, first: int, inner: Doubles, inner_first: int) -> list[tuple[int, int, int]]:
    """Triangles between two rings, given by how far along them (0 to 1, rising) their vertices are."""
    faces = []
    i = j = 0
    m, n = len(outer), len(inner)
    turns = n if n > 1 else 0  # a single vertex has no sides
    while i < m or j < turns:
        a, b = first + i % m, inner_first + j % n
        ahead_outer = outer[i + 1] if i + 1 < m else 1.0
        ahead_inner = inner[j + 1] if j + 1 < n else 1.0
        if j >= turns or (i < m and ahead_outer <= ahead_inner):
            faces.append((a, first + (i + 1) % m, b))
            i += 1
        else:
            faces.append((a, inner_first + (j + 1) % n, b))
            j += 1
    return faces


def _bent(vertices: Doubles, faces: Faces, old: int) -> Doubles:
    """Vertices after those from ``old`` on were moved to where second differences are least."""
    if len(vertices) == old:  # only holes of three sides
        return vertices
    touched = np.unique(faces[(faces >= old).any(axis=1)])
    difference = identity(len(vertices), format="csr") - umbrella(faces, len(vertices))
    rows = difference[touched]
    new = np.arange(old, len(vertices))
    free, held = rows[:, new], rows[:, :old] @ vertices[:old]
    solution = spsolve((free.T @ free).tocsc(), -(free.T @ held))
    return np.concatenate([vertices[:old], solution.reshape(-1, 3)])
