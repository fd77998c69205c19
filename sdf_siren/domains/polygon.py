"""Simple polygons in the plane."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from sdf_siren.domains.corners import STRAIGHT, Corner
from sdf_siren.domains.curves import Curve, Segment
from sdf_siren.domains.domain import Boundary, Domain, numbers, vector
from sdf_siren.domains.sobol import points as sobol_points
from sdf_siren.domains.sobol import spread
from sdf_siren.errors import UsageError

_MOST_VERTICES = 1000
_AT_ONCE = 2**20


@dataclass(frozen=True)
class Polygon(Domain):
    """The inside of a closed line that does not meet itself.

    Its parts are ``edge_1``, from the first vertex to the second, and so on.

    Attributes:
        vertices: three or more points of two numbers, in either orientation.
    """

    vertices: Sequence[Sequence[float]]
    dimension = 2

    def __post_init__(self) -> None:
        if not 3 <= len(self.vertices) <= _MOST_VERTICES:
            raise UsageError(f"a polygon needs 3 to {_MOST_VERTICES} vertices, found {len(self.vertices)}")
        vertices = tuple(numbers(v, f"vertex {k} of a polygon") for k, v in enumerate(self.vertices, 1))
        for k, vertex in enumerate(vertices, 1):
            if len(vertex) != 2:
                raise UsageError(f"a polygon's vertex needs two numbers, found {len(vertex)} in vertex {k}")
            if vertex == vertices[k % len(vertices)]:
                raise UsageError(
                    f"a polygon's edges need a length, found vertex {k} twice in a row; "
                    "leave one out (the last edge closes by itself)"
                )
        object.__setattr__(self, "vertices", vertices)
        meeting = _self_meeting(vector(vertices))  # type: ignore[arg-type]
        if meeting is not None:
            raise UsageError(
                f"a polygon may not meet itself, found edge_{meeting[0] + 1} and edge_{meeting[1] + 1} "
                "meeting; reorder its vertices"
            )

    @cached_property
    def _ends(self) -> tuple[Tensor, Tensor]:
        """Where the edges begin and stop, (edges, 2) each."""
        start = torch.tensor(self.vertices, dtype=torch.float64)
        return start, start.roll(-1, 0)

    @cached_property
    def area(self) -> float:
        """The enclosed area."""
        return abs(_signed_area(self._ends[0]))

    @cached_property
    def bounds(self) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        start = self._ends[0]
        return start.amin(0), start.amax(0)

    @cached_property
    def bounding_ball(self) -> tuple[Tensor, float]:  # type: ignore[override]
        low, high = self.bounds
        centre = (low + high) / 2
        return centre, float((self._ends[0] - centre).norm(dim=1).max())

    @cached_property
    def diameter(self) -> float:  # type: ignore[override]
        return float(torch.cdist(self._ends[0], self._ends[0]).max())

    @cached_property
    def parts(self) -> tuple[str, ...]:  # type: ignore[override]
        return tuple(f"edge_{k}" for k in range(1, len(self.vertices) + 1))

    @cached_property
    def part_measure(self) -> Tensor:  # type: ignore[override]
        start, stop = self._ends
        return (stop - start).norm(dim=1)

    @cached_property
    def _counter_clockwise(self) -> bool:
        return _signed_area(self._ends[0]) > 0

    @cached_property
    def curves(self) -> tuple[Curve, ...]:  # type: ignore[override]
        pairs = [((a[0], a[1]), (b[0], b[1])) for a, b in zip(*(e.tolist() for e in self._ends), strict=True)]
        return tuple(Segment(a, b) if self._counter_clockwise else Segment(b, a) for a, b in pairs)

    @cached_property
    def corners(self) -> tuple[Corner, ...]:  # type: ignore[override]
        z = [complex(x, y) for x, y in self.vertices]
        if not self._counter_clockwise:
            z.reverse()
        found = []
        for before, here, after in zip([z[-1], *z[:-1]], z, [*z[1:], z[0]], strict=True):
            opening = cmath.phase((before - here) / (after - here)) % (2 * math.pi)
            if abs(opening - math.pi) > STRAIGHT:
                found.append(Corner((here.real, here.imag), cmath.phase(after - here), opening))
        return tuple(found)

    def distance(self, x: Tensor) -> Tensor:
        x = self._points(x)
        size = max(1, _AT_ONCE // len(self.vertices))
        return torch.cat([self._distance(chunk) for chunk in x.split(size)])

    def _distance(self, x: Tensor) -> Tensor:
        """The distance to the nearest edge, and its sign by how often a ray to the right crosses edges."""
        start, stop = self._ends
        along = stop - start
        local = x[:, None] - start
        t = ((local * along).sum(-1) / (along * along).sum(-1)).clamp(0, 1)
        away = (local - t[..., None] * along).norm(dim=-1).amin(1)
        spans = (start[:, 1] > x[:, 1:]) != (stop[:, 1] > x[:, 1:])
        side = along[:, 0] * local[..., 1] - along[:, 1] * local[..., 0]
        crossed = spans & ((side > 0) == (along[:, 1] > 0))
        inside = crossed.sum(1) % 2 == 1
        return torch.where(inside, -away, away)

    def boundary(self, count: int, seed: int) -> Boundary:
        start, stop = self._ends
        part, t = spread(sobol_points(1, count, seed)[:, 0], self.part_measure)
        along = (stop - start)[part]
        right = torch.stack([along[:, 1], -along[:, 0]], 1) / along.norm(dim=1, keepdim=True)
        normal = right if self._counter_clockwise else -right
        return Boundary(start[part] + t[:, None] * along, normal, part)


def _signed_area(vertices: Tensor) -> float:
    """Positive where the vertices run counter-clockwise; taken about the first, for polygons far away."""
    local = vertices - vertices[0]
    following = local.roll(-1, 0)
    return float((local[:, 0] * following[:, 1] - local[:, 1] * following[:, 0]).sum()) / 2


def _self_meeting(vertices: Tensor) -> tuple[int, int] | None:
    """Two edges that have more in common than the vertex of neighbours, or None."""
    n = len(vertices)
    start, stop = vertices, vertices.roll(-1, 0)

    def side(p: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """On which side of the lines a b the points p are: -1, 0 or 1."""
        u, v = b - a, p - a
        cross, scale = u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0], u.norm(dim=-1) * v.norm(dim=-1)
        return torch.where(cross.abs() <= 1e-14 * scale, torch.zeros_like(cross), cross.sign())

    def between(p: Tensor, a: Tensor, b: Tensor) -> Tensor:
        return ((p >= torch.minimum(a, b)) & (p <= torch.maximum(a, b))).all(-1)

    a, b, c, d = start[:, None], stop[:, None], start[None], stop[None]
    sides = side(c, a, b), side(d, a, b), side(a, c, d), side(b, c, d)
    meets = (sides[0] * sides[1] < 0) & (sides[2] * sides[3] < 0)
    for s, p, q, r in zip(sides, (c, d, a, b), (a, a, c, c), (b, b, d, d), strict=True):
        meets |= (s == 0) & between(p, q, r)
    index = torch.arange(n)
    gap = (index[:, None] - index[None]).abs()
    neighbours = (gap <= 1) | (gap == n - 1)
    # Neighbours share a vertex; they meet in more than it where the line turns straight back.
    u, v = stop - start, (stop - start).roll(-1, 0)
    back = (side(stop.roll(-1, 0), start, stop) == 0) & ((u * v).sum(1) < 0)
    if back.any():
        k = int(back.nonzero()[0])
        return k, (k + 1) % n
    found = (meets & ~neighbours).nonzero()
    return (int(found[0, 0]), int(found[0, 1])) if len(found) else None
