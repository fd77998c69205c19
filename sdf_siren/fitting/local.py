"""Least squares on tiles: what a field leaves of the scan's points and normals, as local cubics.

Each tile takes the points in its box and solves, in closed form and float64, for the cubic q with

    min  sum_i (q(x_i) - r_i)^2 / h^2 + w^2 |grad q(x_i) - s_i|^2  +  ridge n |c|^2

where r_i and s_i are what is missing at point i in value and gradient, h is half the box, and c are the
coefficients of q / h in the orthonormal Legendre polynomials of the box, so that the ridge also damps q
where there is no data. Normals are trusted less than positions: even on a clean scan they belong to
the smooth surface that the scanned facets only approximate. Where one points elsewhere than the field
does, w falls off: a single normal of a sliver, against a dozen good ones, would press a pit into the surface.
And where the value misses more than half the box, as on the walls of a crevice that the field has closed,
no cubic can mend it, it would blow bubbles: such a row counts less than half. Coarser levels are for that.

Places off the surface whose distance is known (:mod:`sdf_siren.fitting.folds`) add rows of their value alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from sdf_siren.fields import CubicTiles
from sdf_siren.fields.threads import drain, workers
from sdf_siren.fields.tiles import COEFFICIENTS, REACH
from sdf_siren.fitting.cubics import MEMBER, solved
from sdf_siren.fitting.membership import Membership

DOUBTED = 0.5
"""What is missing in the gradient (about the angle in radians) from where on a normal counts little."""

MOST_WEIGHT = 1.0
"""Of normals on a noisy scan, in tiles so small that values would be worth less: normals that were estimated
from the points know no more than these."""

BESIDE_WEIGHT = 0.1
"""Of a value off the surface beside that of a point on it. There is no surface to be exact about."""

ROWS = 4096
"""Of a batch of tiles, so that what is made of them stays in the cache of a core,"""

GPU_ROWS = 2**18
"""or gives a GPU enough to do."""


@dataclass(frozen=True)
class Trust:
    """How much of what is missing is believed.

    Attributes:
        gradient_weight: w above; on a noisy scan a multiple of the w by which values and normals count each
            by its error.
        ridge: above.
    """

    gradient_weight: float
    ridge: float


class Scatter(NamedTuple):
    """Standard deviations of a noisy scan about a field."""

    distance: float
    """Of the points from its level set, cube lengths."""
    turn: float
    """Of the normals from its gradient, radians about each axis."""


def fit_tiles(
    points: Tensor,
    missing: Tensor,
    missing_gradient: Tensor,
    side: float,
    trust: Trust,
    *,
    scatter: Scatter | None = None,
    seen_from: Tensor | None = None,
    beside: tuple[Tensor, Tensor] | None = None,
) -> CubicTiles:
    """Cubic tiles that take up what is missing.

    Args:
        points: (n, 3) float32 cube coordinates; the tiles are fitted on their device.
        missing: (n,) to be added to the field's value there.
        missing_gradient: (n, 3) the same for the gradient.
        side: of a tile, cube lengths.
        trust: see :class:`Trust`.
        scatter: of the points, if they are noisy.
        seen_from: solve only the tiles that bear on one of these points (m, 3).
        beside: places off the surface (l, 3) and what is missing in value there (l,). They count in the tiles
            that have points of the surface; none has a tile for their sake.
    """
    off, off_missing = (points[:0], missing[:0]) if beside is None else beside
    tiles, half = Membership.of(points, side, seen_from, off), side * REACH
    weight = trust.gradient_weight
    if scatter is not None:
        weight *= min(scatter.distance / (half * scatter.turn), MOST_WEIGHT)
    told = [
        _told(points, missing / half, missing_gradient, weight),
        _told(off, off_missing / half),
        points.new_zeros(1, MEMBER),
    ]
    table, nobody = torch.cat(told), len(points) + len(off)
    centres = (tiles.places.double() + 0.5) * side - 1
    coefficients = points.new_zeros(len(centres), COEFFICIENTS)
    failed = torch.zeros(len(centres), dtype=torch.int32, device=points.device)
    tasks = tiles.batches(ROWS if points.device.type == "cpu" else GPU_ROWS)

    def work(_: None, task: int) -> None:
        part, most = tasks[task]
        rows = tiles.members(part, most, nobody)
        members = table.index_select(0, rows.flatten()).double().unflatten(0, rows.shape)
        solution, failed[part] = solved(members, centres[part], half, trust.ridge)
        coefficients[part] = (solution * half).to(coefficients.dtype)

    drain(len(tasks), work, [None] * workers(points.device))
    assert not failed.any(), "a ridge above zero makes every system definite"
    return CubicTiles(side, tiles.places, coefficients)


def _told(
    points: Tensor, value: Tensor, gradient: Tensor | None = None, gradient_weight: float = 0.0
) -> Tensor:
    """What the solver is told of points (n, ``MEMBER``).

    Args:
        points: (n, 3).
        value: (n,) missing, in units of half the box.
        gradient: (n, 3) missing; None beside the surface, where values weigh less and count for no ridge.
        gradient_weight: w.
    """
    strange = value**4
    if gradient is None:
        a, b, slope = BESIDE_WEIGHT / (1 + strange), torch.zeros_like(value), torch.zeros_like(points)
    else:
        a, slope = 1 / (1 + strange), gradient
        b = gradient_weight / (1 + strange + (gradient.norm(dim=1) / DOUBTED) ** 4)
    a, b = a.square()[:, None], b.square()[:, None]
    counts = torch.full_like(a, float(gradient is not None))
    return torch.cat([points, a, b, a * value[:, None], b * slope, counts], dim=1)
