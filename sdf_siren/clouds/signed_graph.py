"""A graph whose edges say whether two normals without a side point to the same side of the surface.

Hoppe et al. (1992) compare neighbours by the product of their normals and follow a minimum spanning tree; one
wrong edge turns everything behind it. Here an edge compares one normal with the other's mirror image in the
plane half way between the points, which is exact on circles and right across creases and between the two
sides of a thin plate (the Hermite curve of König and Gumhold 2009 has such end tangents); and groups of nodes
are joined by the sum of all edges between them, the surest pair first, as in greedy additive edge contraction
(Keuper et al. 2015) of the energy of Schertler et al. (2017).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS = ((0.9, 1.0), (0.8, 1.0), (0.8, 4.0), (0.6, 4.0), (0.3, 1.0))
"""Agreement from which on groups are joined, and the number of edges that are missing if there are fewer."""

_PATCHES = 800
_LEAST_PATCH = 30


@dataclass(frozen=True)
class SignedGraph:
    """Edges between nodes or groups of them.

    Attributes:
        size: how many nodes there are.
        first, second: (e,) the ends of each edge, ``first < second``, no pair twice.
        agreement: (e,) sum over the edges joined, positive where normals point to the same side.
        count: (e,) how many edges were joined into one.
    """

    size: int
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    agreement: NDArray[np.float64]
    count: NDArray[np.float64]

    def joined(self, group: NDArray[np.int64], sign: NDArray[np.float64], size: int) -> SignedGraph:
        """The graph of groups: node i is in ``group[i]`` after its normal is multiplied by ``sign[i]``."""
        first, second = group[self.first], group[self.second]
        between = first != second
        first, second = first[between], second[between]
        low, high = np.minimum(first, second), np.maximum(first, second)
        pair, edge = np.unique(low * size + high, return_inverse=True)
        value = (self.agreement * sign[self.first] * sign[self.second])[between]
        return SignedGraph(
            size,
            pair // size,
            pair % size,
            _sums(edge, value, len(pair)),
            _sums(edge, self.count[between], len(pair)),
        )

    def total(self, signs: NDArray[np.float64]) -> float:
        """The sum of all agreements after the nodes' normals are multiplied by ``signs``."""
        return float(np.sum(self.agreement * signs[self.first] * signs[self.second]))

    def votes(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the neighbours' ``values`` (n,) say about each node: sums over its edges (n,)."""
        forth = _sums(self.first, self.agreement * values[self.second], self.size)
        return forth + _sums(self.second, self.agreement * values[self.first], self.size)

    def settled(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Signs (n,), from given ones on, after every node has been turned that its neighbours are against.

        Of neighbours only the one that is contradicted most is turned at a time, so that the total rises.
        """
        signs, rank = signs.copy(), np.empty(self.size)
        least = -1e-9 * max(1.0, float(np.abs(self.agreement).sum()))  # below it are rounding errors
        while True:
            votes = signs * self.votes(signs)
            if not (votes < least).any():
                return signs
            rank[np.argsort(votes, kind="stable")] = np.arange(self.size)
            first = rank.copy()
            np.minimum.at(first, self.first, rank[self.second])
            np.minimum.at(first, self.second, rank[self.first])
            signs[(votes < least) & (rank == first)] *= -1

    def accord(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean agreement (n,) over each node's edges after its and its neighbours' normals are multiplied by
        ``signs`` (n,)."""
        edges = np.bincount(self.first, minlength=self.size) + np.bincount(self.second, minlength=self.size)
        return signs * self.votes(signs) / np.maximum(edges, 1)


def _sums(at: NDArray[np.int64], values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(at, values, size), np.float64)


def neighbour_graph(
    nodes: NDArray[np.float64], normals: NDArray[np.float64], near: NDArray[np.integer]
) -> SignedGraph:
    """The graph of nearest neighbours.

    The agreement is that of :func:`mirrored_agreement`.

    Args:
        nodes: (m, 3).
        normals: (m, 3), unit length, any side.
        near: (m, k) the nearest other nodes of each.
    """
    here = np.arange(len(nodes))[:, None]
    pair = np.sort(np.minimum(here, near) * len(nodes) + np.maximum(here, near), axis=None)
    pair = pair[np.diff(pair, prepend=-1) > 0]  # np.unique takes several times as long
    first, second = pair // len(nodes), pair % len(nodes)
    first, second = first[first != second], second[first != second]  # doubles may be their own neighbours
    agreement = mirrored_agreement(nodes, normals, first, second)
    return SignedGraph(len(nodes), first, second, agreement, np.ones(len(first)))


def mirrored_agreement(
    nodes: NDArray[np.float64],
    normals: NDArray[np.float64],
    first: NDArray[np.int64],
    second: NDArray[np.int64],
) -> NDArray[np.float64]:
    """n . m - 2 (n . e)(m . e) for pairs of nodes (p,): one normal times the mirror image of the other.

    e is the unit chord; n and m are the unit normals of its ends.
    """
    chord = nodes[second] - nodes[first]
    chord /= np.maximum(np.linalg.norm(chord, axis=1, keepdims=True), 1e-300)
    n, m = normals[first], normals[second]
    across = np.einsum("ed,ed->e", n, chord) * np.einsum("ed,ed->e", m, chord)
    return np.asarray(np.einsum("ed,ed->e", n, m) - 2 * across)


def certain_patches(
    graph: SignedGraph,
) -> tuple[NDArray[np.int64], NDArray[np.float64], SignedGraph]:
    """Groups of nodes whose sides are certain relative to each other.

    In each round those pairs are joined that are each other's best. Groups stay below a size (nodes / 800, at
    least 30): what is between larger ones is not for the nearest edges alone to decide.

    Returns:
        The patch of each node (n,), its sign relative to the patch (n,), and the graph of patches.
    """
    most = max(_LEAST_PATCH, graph.size / _PATCHES)
    patch, sign = np.arange(graph.size), np.ones(graph.size)
    nodes = np.ones(graph.size)
    for least, edges in _STEPS:
        while True:
            strength = np.abs(graph.agreement)
            sure = strength >= least * np.maximum(graph.count, edges)
            sure &= nodes[graph.first] + nodes[graph.second] <= most
            pairs = _best_pairs(graph, np.flatnonzero(sure), strength)
            if not len(pairs):
                break
            keep, give = graph.first[pairs], graph.second[pairs]
            into, turn = np.arange(graph.size), np.ones(graph.size)
            into[give], turn[give] = keep, np.sign(graph.agreement[pairs])
            left, group = np.unique(into, return_inverse=True)
            sign *= turn[patch]
            patch = group[patch]
            nodes = _sums(group, nodes, len(left))
            graph = graph.joined(group, turn, len(left))
    return patch, sign, graph


def _best_pairs(
    graph: SignedGraph, edges: NDArray[np.int64], strength: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Those of ``edges`` that are the strongest at both of their ends."""
    edges = edges[np.argsort(-strength[edges], kind="stable")]
    rank = np.arange(len(edges))
    best = np.full(graph.size, len(edges))
    np.minimum.at(best, graph.first[edges], rank)
    np.minimum.at(best, graph.second[edges], rank)
    return edges[(best[graph.first[edges]] == rank) & (best[graph.second[edges]] == rank)]


def contract(agreement: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[NDArray[np.int64]]]:
    """Signs of groups whose agreements are all known: always the pair with the largest sum is joined next.

    Args:
        agreement: (m, m) symmetric; zero between groups that say nothing about each other.

    Returns:
        Signs (m,), and the members of each group that was joined to a larger one, for :func:`descend`.
    """
    matrix = agreement.copy()
    np.fill_diagonal(matrix, 0)
    sign = np.ones(len(matrix))
    members = [[i] for i in range(len(matrix))]
    bound = np.abs(matrix).max(axis=1)  # never too small; looked up again where it is the largest
    joined: list[NDArray[np.int64]] = []
    while True:
        a = int(bound.argmax())
        row = np.abs(matrix[a])
        b = int(row.argmax())
        if bound[a] <= 0:
            return sign, joined
        if row[b] < bound[a]:
            bound[a] = row[b]
            continue
        if len(members[b]) > len(members[a]):
            a, b = b, a
        turn = np.sign(matrix[a, b])
        joined.append(np.array(members[b]))
        sign[members[b]] *= turn
        members[a] += members[b]
        matrix[a] += turn * matrix[b]
        matrix[a, a] = matrix[a, b] = 0
        matrix[:, a] = matrix[a]
        matrix[b] = matrix[:, b] = 0
        bound = np.maximum(bound, np.abs(matrix[a]))
        bound[b] = 0


def descend(
    agreement: NDArray[np.float64], sign: NDArray[np.float64], groups: list[NDArray[np.int64]]
) -> NDArray[np.float64]:
    """Signs that no single turn improves: of one patch, or of one of ``groups`` as a whole.

    Args:
        agreement: (m, m) symmetric.
        sign: (m,) where to start.
        groups: rows of ``agreement``.

    Returns:
        (m,) signs whose sum of ``agreement`` times both signs is at least that of the start.
    """
    matrix = agreement.copy()
    np.fill_diagonal(matrix, 0)
    sign = sign.copy()
    field = matrix @ sign
    least = 1e-7 * np.abs(matrix).sum()  # below it are rounding errors, which could go round for ever
    groups = sorted((g for g in groups if len(g) > 1), key=len, reverse=True)
    changed = True
    while changed:
        changed = False
        while (worst := int((sign * field).argmin())) >= 0 and sign[worst] * field[worst] < -least:
            field -= 2 * sign[worst] * matrix[:, worst]
            sign[worst] *= -1
            changed = True
        for group in groups:
            part = sign[group]
            if part @ field[group] - part @ (matrix[np.ix_(group, group)] @ part) < -least:
                field -= 2 * matrix[:, group] @ part
                sign[group] = -part
                changed = True
    return sign
