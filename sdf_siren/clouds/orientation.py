"""The side of normals that have none: patches by their neighbours, then all together by what closes up."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from sdf_siren.clouds.local_planes import FLAT, LocalPlanes
from sdf_siren.clouds.outward import outward_share
from sdf_siren.clouds.seams import Dipoles, dipoles
from sdf_siren.clouds.signed_graph import (
    SignedGraph,
    certain_patches,
    contract,
    descend,
    mirrored_agreement,
)

NEAR = 1e-3
"""Weight of an edge between neighbours beside the energy of the seams in units of the step between nodes."""

CLEAR = 0.3
"""Where the mean of the edges around a patch is less than minus this, the neighbours overrule the energy. At
an opening in a surface that is closed otherwise, as where an object stood on a table, the energy would rather
turn patches than leave the rim."""

VOTE = 4.0
"""Edges that the sensor's word about a node counts for."""

MOST_PATCHES = 4000
"""More of them are no surface but a mist of islands; there the neighbours alone decide."""

CLOSED = 0.7
"""Share of a piece where half of the space around it is inside, from which on it is closed."""

_TOLERANCE = 0.25
_LEAST_DIPOLES = 8
_SAMPLE = 400
"""Places looked at per piece."""

_BRIDGES = 60
_MOST_BRIDGED = 64
_ONE_SIDE = 0.5
"""Length of the mean normal from which on an open scan is seen from one side, as terrain is."""


@dataclass(frozen=True)
class Orientation:
    """Signs for the normals of nodes, and on what grounds.

    Attributes:
        signs: (m,) plus or minus one.
        certain: (m,) whether the node is on a closed piece that lies in no other one: its outside is known.
        piece: (m,) the connected piece of a node.
        closed: the share of the surface that is on closed pieces and has half of the space inside.
        rule: ``outward`` (closed), ``sensor``, or for open scans the guess: ``up`` or ``away``.
        patch: (m,) the patch of a node; signs inside it are certain relative to each other.
        agreement: (patches, patches) after the signs; None where there were too many patches.
    """

    signs: NDArray[np.float64]
    certain: NDArray[np.bool_]
    piece: NDArray[np.int64]
    closed: float
    rule: str
    patch: NDArray[np.int64]
    agreement: NDArray[np.float64] | None

    def trusting(self, given: NDArray[np.float64]) -> Orientation:
        """With the pieces whose outside is not certain on the side of most of their ``given`` signs (m,)."""
        most = np.bincount(self.piece, given * self.signs)[self.piece]
        turn = np.where(~self.certain & (most < 0), -1.0, 1.0)
        agreement = self.agreement
        if agreement is not None:
            by_patch = np.sign(np.bincount(self.patch, turn))  # a patch lies in one piece
            agreement = agreement * by_patch * by_patch[:, None]
        return replace(self, signs=self.signs * turn, agreement=agreement)

    def improves(self, signs: NDArray[np.float64], graph: SignedGraph) -> bool:
        """Whether these signs suit the neighbours and close up no worse than other ``signs`` (m,) do."""
        if self.agreement is None:
            return False
        if graph.total(self.signs) < graph.total(signs) - 1e-4 * graph.size:
            return False
        other = np.where(np.bincount(self.patch, signs * self.signs) < 0, -1.0, 1.0)
        slack = 1e-4 * np.abs(self.agreement).sum()
        return bool(self.agreement.sum() + slack >= other @ self.agreement @ other)


def orient(planes: LocalPlanes, graph: SignedGraph, votes: NDArray[np.float64] | None = None) -> Orientation:
    """Orient the normals of nodes.

    Patches that the neighbours are sure of are joined by their edges, the surest first; then patches, and
    groups of them, are turned while that lowers the energy of the seams, and back if the neighbours clearly
    say so. Connected closed pieces point outward, and inward inside of another one, which makes them its
    cavity. Open pieces keep what the neighbours say, are matched across the gaps between them, and point as a
    rule says: up if they are seen from one side and that is up or down, as terrain is, else away from their
    middle.

    Args:
        planes: the nodes.
        graph: their neighbours.
        votes: (m,) what a sensor says: the cosine between normal and line of sight; zero where nothing is
            known. With votes the sensor decides the side of each piece that it has seen.
    """
    patch, sign, between = certain_patches(graph)
    piece = _pieces(between)
    if between.size > MOST_PATCHES:
        return Orientation(sign, np.zeros(len(patch), bool), piece[patch], 0.0, "away", patch, None)
    parts = dipoles(planes.nodes, planes.normals * sign[:, None], planes.areas, patch)
    near, count = _dense(between, between.agreement), _dense(between, between.count)
    agreement = parts.agreement() + NEAR * near
    if votes is not None:
        seen = VOTE * np.bincount(patch, votes * sign, between.size).astype(np.float64)
        near, count = _with_sensor(near, seen), _with_sensor(count, np.abs(seen))
        agreement = _with_sensor(agreement, NEAR * seen)
    start, groups = contract(near)
    turn = descend(agreement, start, groups)
    # Each edge that is kept as it is now counts CLEAR more, so only what is clearly wrong is turned.
    turn = descend(near + CLEAR * count * turn * turn[:, None], turn, groups)
    if votes is not None:
        turn, agreement = (turn * turn[-1])[:-1], agreement[:-1, :-1]
        closed, certain, rule = 0.0, np.ones(piece.max() + 1, bool), "sensor"
    else:
        side, is_closed, certain, closed = _closed_sides(parts, turn, piece)
        # Where a surface ends, its rim is a seam anyhow, and the energy would rather turn parts than open it.
        turn = np.where(is_closed[piece], turn * side[piece], start)
        rule = "outward"
        if not is_closed.all():
            normals = planes.normals * (sign * turn[patch])[:, None]
            sides, rule = _open_sides(planes, normals, piece[patch], is_closed, closed >= 0.5)
            turn = turn * sides[piece]
    oriented = agreement * turn * turn[:, None]
    np.fill_diagonal(oriented, 0)
    return Orientation(sign * turn[patch], certain[piece][patch], piece[patch], closed, rule, patch, oriented)


def _dense(graph: SignedGraph, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values (e,) of the edges as a matrix (patches, patches)."""
    matrix = np.zeros((graph.size, graph.size))
    matrix[graph.first, graph.second] = matrix[graph.second, graph.first] = values
    return matrix


def _with_sensor(matrix: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix with one more row: the sensor, a node whose normal is right by definition."""
    return np.block([[matrix, seen[:, None]], [seen[None, :], np.zeros((1, 1))]])


def _pieces(graph: SignedGraph) -> NDArray[np.int64]:
    ones = np.ones(len(graph.first))
    edges = sparse.coo_array((ones, (graph.first, graph.second)), shape=(graph.size, graph.size))
    return np.asarray(csgraph.connected_components(edges, directed=False)[1], np.int64)


def _closed_sides(
    parts: Dipoles, turn: NDArray[np.float64], piece: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], float]:
    """Of each piece its sign, whether it is closed, whether it is certain; and the share that is closed."""
    count = int(piece.max()) + 1
    owner = piece[parts.patch]
    area = np.bincount(owner, np.linalg.norm(parts.moments, axis=1), count)
    side, closed, share = np.ones(count), np.zeros(count, bool), np.zeros(count)
    for one in np.flatnonzero(np.bincount(owner, minlength=count) >= _LEAST_DIPOLES):
        outside = closure(parts.of(owner == one), turn)
        closed[one], side[one] = abs(outside) >= CLOSED, np.sign(outside) or 1.0
        share[one] = abs(outside) if closed[one] else 0.0
    inner = np.zeros(count, bool)
    for one in np.flatnonzero(closed):
        here = parts.centres[owner == one]
        here = here[:: len(here) // _SAMPLE + 1]
        larger = np.flatnonzero(closed & (area > area[one]))
        winding = [parts.of(owner == other).winding_number(here, turn) for other in larger]
        depth = sum(float(np.median(np.abs(w))) > 0.5 for w in winding)
        inner[one] = depth > 0
        side[one] *= -1 if depth % 2 else 1
    return side, closed, closed & ~inner, float(area @ share / area.sum())


def closure(parts: Dipoles, signs: NDArray[np.float64]) -> float:
    """The share of the dipoles around which half of the space is inside; negative if inside out.

    On a closed surface the winding number is a half everywhere, on a plane zero.
    """
    rows = np.arange(0, len(parts.centres), len(parts.centres) // _SAMPLE + 1)
    winding = parts.winding_number(parts.centres[rows], signs)
    outward, inward = (float((np.abs(winding - half) < _TOLERANCE).mean()) for half in (0.5, -0.5))
    return outward if outward >= inward else -inward


def _open_sides(
    planes: LocalPlanes,
    normals: NDArray[np.float64],
    piece: NDArray[np.int64],
    closed: NDArray[np.bool_],
    mostly_closed: bool,
) -> tuple[NDArray[np.float64], str]:
    """Signs of the open pieces: matched across gaps to each other and to closed ones, then by the rule."""
    unit = np.where(closed, 0, np.cumsum(~closed))  # the closed pieces, whose sides are known, are one
    sign, _ = contract(_bridges(planes.nodes, normals, unit[piece]))
    if mostly_closed:
        return np.where(closed, 1.0, (sign * sign[0])[unit]), "outward"
    is_open = ~closed[piece]
    # Trees and other thickets have no plane, and their normals would outvote the ground that they stand on.
    says = is_open & (planes.flatness < FLAT)
    is_open = says if says.any() else is_open
    weight = planes.areas[is_open, None] * sign[unit[piece[is_open]], None]
    mean = (weight * normals[is_open]).sum(axis=0) / planes.areas[is_open].sum()
    if np.linalg.norm(mean) > _ONE_SIDE and np.abs(mean).argmax() == 2:
        whole, rule = np.sign(mean[2]), "up"
    else:
        share = outward_share(planes.nodes[is_open], weight * normals[is_open])
        whole, rule = (1.0 if share >= 0.5 else -1.0), "away"
    return np.where(closed, 1.0, (whole * sign)[unit]), rule


def _bridges(
    nodes: NDArray[np.float64], normals: NDArray[np.float64], unit: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Agreements (u, u) of pieces: of the nodes of each of the largest that are nearest to other ones."""
    count = int(unit.max()) + 1
    matrix = np.zeros((count, count))
    for one in np.argsort(-np.bincount(unit, minlength=count), kind="stable")[:_MOST_BRIDGED]:
        here, there = np.flatnonzero(unit == one), np.flatnonzero(unit != one)
        if not len(here) or not len(there):
            continue
        distance, nearest = cKDTree(nodes[there]).query(nodes[here])
        close = np.argsort(distance, kind="stable")[:_BRIDGES]
        ends = here[close], there[nearest[close]]
        value = mirrored_agreement(nodes, normals, *ends)
        np.add.at(matrix, (unit[ends[0]], unit[ends[1]]), value)
    return matrix + matrix.T
