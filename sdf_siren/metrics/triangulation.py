"""Triangles for finite elements in plane domains: a lattice inside, nodes on the curves of the boundary.

Boundary nodes lie as far apart as those inside, which keep off it, so that Delaunay's triangles contain the
boundary's edges; that they do is checked. Around re-entrant corners nodes lie on rings that shrink to the
corner, for the solution is not smooth there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.domains import Circle, Corner, Domain
from sdf_siren.domains.curves import Curve, Segment, meetings

OFF = 0.6
"""How far nodes inside keep off the boundary, by the spacing."""
RING, TURN = 0.6, 0.5
"""Each ring around a corner by the one before, and the angle between its nodes."""
LEAST_RING = 1e-4
"""By the spacing."""
_SAME = 1e-9
_TRIES = 4

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Triangulation:
    """Triangles of a domain.

    Attributes:
        points: (v, 2) float64.
        triangles: (t, 3) indices, counter-clockwise.
        edges: (e, 2) indices, of the boundary.
        part: (e,) which part of the domain's boundary each lies on.
        middles: (e, 2) the place on that part halfway along each edge.
        spans: (e, 2) where each edge starts and stops on its curve, from 0 to 1.
    """

    points: Array
    triangles: Array
    edges: Array
    part: Array
    middles: Array
    spans: Array

    def refined(self, curves: Sequence[Curve]) -> Triangulation:
        """Every triangle in four, new nodes of the boundary on its curves; old nodes keep their numbers."""
        sides = np.sort(self.triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), 1)
        pairs, which = np.unique(sides, axis=0, return_inverse=True)
        number = {pair: k for k, pair in enumerate(map(tuple, pairs.tolist()))}
        middle = self.points[pairs].mean(1)
        on = np.array([number[pair] for pair in map(tuple, np.sort(self.edges, 1).tolist())])
        middle[on] = self.middles
        count = len(self.points)
        ab, bc, ca = (count + which.reshape(-1, 3)).T
        a, b, c = self.triangles.T
        triangles = np.concatenate(
            [np.stack(corners, 1) for corners in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))]
        )
        start, stop = self.edges.T
        edges = np.concatenate([np.stack([start, count + on], 1), np.stack([count + on, stop], 1)])
        low, high = self.spans.T
        half = (low + high) / 2
        spans = np.concatenate([np.stack([low, half], 1), np.stack([half, high], 1)])
        part = np.concatenate([self.part, self.part])
        points = np.concatenate([self.points, middle])
        return Triangulation(points, triangles, edges, part, _middles(curves, part, spans), spans)


def triangulated(domain: Domain, spacing: float) -> Triangulation | None:
    """Triangles about ``spacing`` wide, or smaller if the boundary needs it; None if that does not help."""
    for _ in range(_TRIES):
        found = _triangulated(domain, spacing)
        if found is not None:
            return found
        spacing /= 1.6
    return None


def _triangulated(domain: Domain, spacing: float) -> Triangulation | None:
    from scipy.spatial import Delaunay

    corners = _straight_corners(domain, spacing)
    rim, edges, part, spans = _rim(domain, spacing, corners)
    rings = [_rings(corner, reach, spacing) for corner, reach in corners]
    inside = _lattice(domain, spacing)
    for corner, reach in corners:
        inside = inside[np.linalg.norm(inside - corner.position, axis=1) > reach + OFF * spacing]
    points = np.concatenate([rim, *rings, inside])
    triangles = Delaunay(points).simplices
    middle = torch.from_numpy(points[triangles].mean(1))
    triangles = triangles[domain.contains(middle).numpy()]
    a, b, c = (points[triangles[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    triangles = np.where((area > 0)[:, None], triangles, triangles[:, ::-1])
    sides = np.sort(triangles[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), 1)
    pairs, uses = np.unique(sides, axis=0, return_counts=True)
    border = set(map(tuple, pairs[uses == 1].tolist()))
    if border != set(map(tuple, np.sort(edges, 1).tolist())) or len(np.unique(triangles)) < len(points):
        return None
    return Triangulation(points, triangles, edges, part, _middles(domain.curves, part, spans), spans)


def _straight_corners(domain: Domain, spacing: float) -> list[tuple[Corner, float]]:
    """Re-entrant corners between straight sides, and how far the rings around each may reach."""
    found = []
    for corner in domain.reentrant_corners:
        z = complex(*corner.position)
        meeting = [curve for curve in domain.curves if curve.place(z) is not None]
        others = [abs(z - complex(*other.position)) for other in domain.corners if other is not corner]
        if all(isinstance(curve, Segment) for curve in meeting):
            found.append((corner, min([2 * spacing, *(0.4 * distance for distance in others)])))
    return found


def _radii(reach: float, spacing: float) -> Array:
    count = math.ceil(math.log(LEAST_RING * spacing / reach) / math.log(RING))
    return reach * RING ** np.arange(count)


def _rings(corner: Corner, reach: float, spacing: float) -> Array:
    """Nodes on rings around a corner, without those on its sides."""
    turns = math.ceil(corner.opening / TURN)
    angle = corner.start + corner.opening * np.arange(1, turns) / turns
    directions = np.stack([np.cos(angle), np.sin(angle)], 1)
    nodes = np.array(corner.position) + _radii(reach, spacing)[:, None, None] * directions
    return nodes.reshape(-1, 2)


def _rim(
    domain: Domain, spacing: float, corners: Sequence[tuple[Corner, float]]
) -> tuple[Array, Array, Array, Array]:
    """Nodes on the boundary (n, 2), its edges (e, 2), their parts (e,) and spans (e, 2)."""
    nodes: list[complex] = []
    edges, parts, spans = [], [], []
    near = _SAME * domain.diameter

    def number(z: complex) -> int:
        distances = np.abs(np.array(nodes) - z) if nodes else np.array([np.inf])
        if distances.min() <= near:
            return int(distances.argmin())
        nodes.append(z)
        return len(nodes) - 1

    for part, first, last in _kept_pieces(domain):
        curve = domain.curves[part]
        places = _places(curve, first, last, spacing, corners)
        numbers = [number(curve.at(t)[0]) for t in places]
        edges += list(pairwise(numbers))
        spans += list(pairwise(places))
        parts += [part] * (len(places) - 1)
    z = np.array(nodes)
    return np.stack([z.real, z.imag], 1), np.array(edges), np.array(parts), np.array(spans)


def _places(
    curve: Curve, first: float, last: float, spacing: float, corners: Sequence[tuple[Corner, float]]
) -> list[float]:
    """Where the nodes of a piece lie: evenly, but for rings at its ends."""
    start, stop = [first], [last]
    for corner, reach in corners:
        radii = _radii(reach, spacing) / curve.length
        z = complex(*corner.position)
        if isinstance(curve, Segment) and abs(curve.at(first)[0] - z) < _SAME * curve.length:
            start = [first, *(first + radii[::-1]).tolist()]
        if isinstance(curve, Segment) and abs(curve.at(last)[0] - z) < _SAME * curve.length:
            stop = [*(last - radii).tolist(), last]
    length = (stop[0] - start[-1]) * curve.length
    least = math.ceil(12 * (stop[0] - start[-1])) if isinstance(curve, Circle) else 1
    count = max(math.ceil(length / spacing), least, 1)
    between = np.linspace(start[-1], stop[0], count + 1)[1:-1].tolist()
    return [*start, *between, *stop]


def _kept_pieces(domain: Domain) -> list[tuple[int, float, float]]:
    """Which pieces of which curves are on the boundary: part, first and last place."""
    curves, step = domain.curves, 1e-7 * domain.diameter
    meeting = meetings(curves)
    found: list[tuple[int, float, float]] = []
    for part, curve in enumerate(curves):
        places = sorted({0.0, 1.0, *(t for z in meeting if (t := curve.place(z)) is not None)})
        for first, last in pairwise(places):
            if last - first < _SAME:
                continue
            z, u = curve.at((first + last) / 2)
            sides = torch.tensor([[w.real, w.imag] for w in (z + 1j * u * step, z - 1j * u * step)])
            left, right = domain.contains(sides.to(torch.float64)).tolist()
            twice = any(
                (t := curves[p].place(z)) is not None and a <= t <= b for p, a, b in found if p != part
            )
            if left != right and not twice:
                found.append((part, first, last))
    return found


def _lattice(domain: Domain, spacing: float) -> Array:
    """Nodes of a lattice of equilateral triangles that keep off the boundary."""
    low, high = (bound.numpy() for bound in domain.bounds)
    rows = np.arange(low[1], high[1], spacing * math.sqrt(3) / 2)
    columns = np.arange(low[0] - spacing, high[0] + spacing, spacing)
    x = columns + spacing / 2 * (np.arange(len(rows)) % 2)[:, None]
    nodes = np.stack([x, np.broadcast_to(rows[:, None], x.shape)], -1).reshape(-1, 2)
    return nodes[(domain.distance(torch.from_numpy(nodes)) < -OFF * spacing).numpy()]


def _middles(curves: Sequence[Curve], part: Array, spans: Array) -> Array:
    z = np.array([curves[p].at((a + b) / 2)[0] for p, (a, b) in zip(part, spans, strict=True)])
    return np.stack([z.real, z.imag], 1)
