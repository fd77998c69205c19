"""Triangles that lie face down on the surface, as decimation leaves a few of: found by the field, taken out.

A triangle is turned where its normal is against the field's gradient at its centre. Around each of them three
kinds of change are tried: another diagonal for it and a neighbour, one of its edges collapsed, one of its
corners moved towards the middle of its neighbours. The one that leaves the fewest turned triangles is made;
of equally good ones that which lies closest to the level set. It must leave fewer than there were. All keep
the mesh a surface: closed where it was, and with the same rim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.fields import Field
from sdf_siren.meshing.edges import rim_edges
from sdf_siren.meshing.settle import distance_and_direction

Doubles = NDArray[np.float64]
Triangle = tuple[int, int, int]

_ROUNDS = 20
_CENTRES_AT_ONCE = 1 << 18


def unfolded(
    field: Field, vertices: Doubles, faces: NDArray[np.int64], *, device: torch.device | str = "cpu"
) -> tuple[Doubles, NDArray[np.int64]]:
    """Vertices and faces of the mesh with as few turned triangles as the changes above can leave.

    Triangles that are farther from any level set than their size, as of holes that were filled, count for
    nothing. A mesh without turned ones is returned as it is.

    Args:
        field: in the cube.
        vertices: (v, 3) in the cube.
        faces: (f, 3), at most two at an edge.
        device: where the field is.
    """
    turned, cost = _judged(field, vertices[faces], device)
    if not turned.any():
        return vertices, faces
    state = _State(vertices, faces, turned, cost)
    for _ in range(_ROUNDS):
        changes = [change for face in state.turned_faces() for change in state.changes(face)]
        if not changes:
            break
        corners = [state.corners(change) for change in changes]
        turned, cost = _judged(field, np.concatenate(corners), device)
        ends = np.cumsum([len(some) for some in corners])
        if not state.make_best(changes, np.split(turned, ends[:-1]), np.split(cost, ends[:-1])):
            break
    return state.mesh()


@dataclass(frozen=True)
class _Change:
    """Some faces for others, and maybe another place for a vertex."""

    face: int
    removed: tuple[int, ...]
    added: tuple[Triangle, ...]
    vertex: int = -1
    place: Doubles | None = None


class _State:
    """The mesh while it is changed."""

    def __init__(
        self, vertices: Doubles, faces: NDArray[np.int64], turned: NDArray[np.bool_], cost: Doubles
    ) -> None:
        self._places, self._faces = vertices.copy(), [tuple(face) for face in faces.tolist()]
        self._turned, self._cost = turned.tolist(), cost.tolist()
        self._alive = [True] * len(faces)
        order = np.argsort(faces.ravel(), kind="stable")
        self._start = np.searchsorted(faces.ravel()[order], np.arange(len(vertices) + 1))
        self._sorted = order // 3
        self._changed: dict[int, set[int]] = {}
        self._rim = np.zeros(len(vertices), bool)
        self._rim[rim_edges(faces, len(vertices)).ravel()] = True

    def turned_faces(self) -> list[int]:
        """Numbers of those that are left."""
        both = zip(self._turned, self._alive, strict=True)
        return [face for face, (turned, alive) in enumerate(both) if turned and alive]

    def mesh(self) -> tuple[Doubles, NDArray[np.int64]]:
        """As it is now, without vertices that have no face left."""
        left = np.array([face for face, alive in zip(self._faces, self._alive, strict=True) if alive])
        used, numbers = np.unique(left, return_inverse=True)
        return self._places[used], numbers.reshape(-1, 3)

    def corners(self, change: _Change) -> Doubles:
        """Of the faces that a change adds, (k, 3, 3)."""
        added = np.array(change.added)
        found = self._places[added]
        if change.place is not None:
            found[added == change.vertex] = change.place
        return found

    def changes(self, face: int) -> Iterator[_Change]:
        """All that may be done about a turned face."""
        corners = self._faces[face]
        for i in range(3):
            a, b, c = corners[i], corners[i - 2], corners[i - 1]
            yield from self._other_diagonal(face, a, b, c)
            yield from self._collapses(face, a, b)
            yield from self._moves(face, a)

    def _other_diagonal(self, face: int, a: int, b: int, c: int) -> Iterator[_Change]:
        other = (self._at(a) & self._at(b)) - {face}
        if len(other) != 1:
            return
        (second,) = other
        (d,) = set(self._faces[second]) - {a, b}
        if c != d and not self._at(c) & self._at(d):
            yield _Change(face, (face, second), ((a, d, c), (d, b, c)))

    def _collapses(self, face: int, a: int, b: int) -> Iterator[_Change]:
        both = self._at(a) & self._at(b)
        if len(both) != 2 or self._rim[a] or self._rim[b]:
            return
        if len(self._neighbours(a) & self._neighbours(b)) != 2:
            return
        removed = self._at(a) | self._at(b)
        added = [self._with(b, a, f) for f in sorted(removed - both)]
        if len({frozenset(triangle) for triangle in added}) < max(len(added), 4):
            return
        for place in (self._places[a], self._places[b], (self._places[a] + self._places[b]) / 2):
            yield _Change(face, tuple(sorted(removed)), tuple(added), b, place)

    def _moves(self, face: int, a: int) -> Iterator[_Change]:
        if self._rim[a]:
            return
        around = tuple(sorted(self._at(a)))
        added = tuple(self._faces[f] for f in around)
        middle = self._places[sorted(self._neighbours(a))].mean(axis=0)
        for place in (middle, (middle + self._places[a]) / 2):
            yield _Change(face, around, added, a, place)

    def make_best(self, changes: list[_Change], turned: list[NDArray[np.bool_]], cost: list[Doubles]) -> int:
        """Make the best change for every face that has a good one, and say how many those are.

        Changes of one round do not touch each other: each was judged on the mesh as it was.
        """
        best: dict[int, tuple[int, float, int]] = {}
        for i, change in enumerate(changes):
            fewer = int(turned[i].sum()) - sum(self._turned[f] for f in change.removed)
            key = fewer, float(cost[i].sum()) - sum(self._cost[f] for f in change.removed), i
            if fewer < 0 and key < best.get(change.face, (0, 0.0, -1)):
                best[change.face] = key
        touched: set[int] = set()
        made = 0
        for _, _, i in sorted(best.values()):
            change = changes[i]
            corners = {v for f in change.removed for v in self._faces[f]}
            if not touched & corners:
                touched |= corners
                self._make(change, turned[i], cost[i])
                made += 1
        return made

    def _make(self, change: _Change, turned: NDArray[np.bool_], cost: Doubles) -> None:
        for face in change.removed:
            self._alive[face] = False
            for v in self._faces[face]:
                self._own(v).discard(face)
        for triangle, is_turned, its_cost in zip(change.added, turned.tolist(), cost.tolist(), strict=True):
            for v in triangle:
                self._own(v).add(len(self._faces))
            self._faces.append(triangle)
            self._alive.append(True)
            self._turned.append(is_turned)
            self._cost.append(its_cost)
        if change.place is not None:
            self._places[change.vertex] = change.place

    def _at(self, vertex: int) -> set[int]:
        """The faces at a vertex."""
        if vertex in self._changed:
            return self._changed[vertex]
        return set(self._sorted[self._start[vertex] : self._start[vertex + 1]].tolist())

    def _own(self, vertex: int) -> set[int]:
        return self._changed.setdefault(vertex, self._at(vertex))

    def _with(self, b: int, a: int, face: int) -> Triangle:
        """The face with the corner b for a."""
        first, second, third = (b if v == a else v for v in self._faces[face])
        return first, second, third

    def _neighbours(self, vertex: int) -> set[int]:
        return {v for face in self._at(vertex) for v in self._faces[face]} - {vertex}


def _judged(field: Field, corners: Doubles, device: torch.device | str) -> tuple[NDArray[np.bool_], Doubles]:
    """Of faces with ``corners`` (f, 3, 3): whether they are turned, and area times squared distance (f,)."""
    pieces = [
        distance_and_direction(field, some.mean(axis=1), device)
        for some in np.split(corners, range(_CENTRES_AT_ONCE, len(corners), _CENTRES_AT_ONCE))
    ]
    distance, gradient = (np.concatenate(part) for part in zip(*pieces, strict=True))
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    size = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    turned = (np.einsum("fd,fd->f", across, gradient) <= 0) & (np.abs(distance) < size)
    return turned, np.linalg.norm(across, axis=1) * distance**2
