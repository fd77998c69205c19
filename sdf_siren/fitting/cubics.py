"""Least squares for cubics, a batch of them at a time: sums over points, normal equations, solutions.

The unknowns are coefficients of monomials, where the sums over the points are least work: a derivative of a
monomial is a multiple of one of lower degree, so that the normal matrix of the gradients is made of 35 sums
of ``b u^e``, e up to degree 4, whatever the number of points. That is a third of the products, and of the
numbers that are moved, that a row per derivative takes. Monomials are badly conditioned beside Legendre
polynomials, by a factor of a thousand in the normal equations, which float64 bears.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from sdf_siren.fields.tiles import COEFFICIENTS, EXPONENTS, differentiated, monomials

MEMBER = 10
"""Numbers that are told of a point: its place (3), the squared weights a of its value and b of its gradient,
a times the value, b times the gradient (3), and how much it counts for the ridge."""

_DERIVED = 10
"""Monomials that derivatives are made of: those of degree 2 at most."""


def solved(members: Tensor, centres: Tensor, half: float, ridge: float) -> tuple[Tensor, Tensor]:
    """The cubics q of ``u = (x - centre) / half`` with the least

        sum_i a_i (q(u_i) - r_i)^2 + b_i |grad_u q(u_i) - s_i|^2  +  ridge n |c|^2

    where c are the coefficients in orthonormal Legendre products and n is the sum of what counts.

    Args:
        members: (t, k, ``MEMBER``) float64, k points for each; rows of zeros are no points.
        centres: (t, 3) float64.
        half: of the box.
        ridge: above.

    Returns:
        Coefficients (t, 20) of the monomials, and (t,) int32, zero where the equations were definite.
    """
    constants = _constants(members.device)
    x, a, b, wanted, counts = members.split([3, 1, 1, 4, 1], dim=2)
    m = monomials(((x - centres[:, None]) / half).flatten(0, 1)).unflatten(0, x.shape[:2])
    sums = torch.cat([a * m, b * m[..., :_DERIVED], wanted], dim=2).mT @ m  # (t, 34, 20)
    values, slopes = sums[:, :COEFFICIENTS], sums[:, -3:, :_DERIVED]
    rest = torch.cat([sums.flatten(1).index_select(1, constants.moments), ridge * counts.sum(dim=1)], dim=1)
    normal = torch.addmm(values.flatten(1), rest, constants.normal).unflatten(1, values.shape[1:])
    right = torch.addmm(sums[:, -4], slopes.flatten(1), constants.right)
    factor, failed = torch.linalg.cholesky_ex(normal)
    return torch.cholesky_solve(right[..., None], factor)[..., 0], failed


@dataclass(frozen=True)
class _Constants:
    """What the sums are multiplied with.

    Attributes:
        moments: (35,) where in the flat sums (34 * 20) those of ``b u^e`` are, e up to degree 4.
        normal: (36, 400): these, and last the ridge, in the normal matrix.
        right: (30, 20): the sums of ``b s u^e``, by axis, in the right-hand side.
    """

    moments: Tensor
    normal: Tensor
    right: Tensor


@cache
def _constants(device: torch.device) -> _Constants:
    slope = differentiated(torch.eye(COEFFICIENTS, dtype=torch.float64))  # (20, 3, 10)
    found: dict[tuple[int, ...], int] = {}
    which = torch.zeros(_DERIVED, _DERIVED, dtype=torch.int64)
    at: list[int] = []
    for i, one in enumerate(EXPONENTS[:_DERIVED]):
        for j, other in enumerate(EXPONENTS[:_DERIVED]):
            total = tuple(p + q for p, q in zip(one, other, strict=True))
            if total not in found:
                found[total] = len(at)
                at.append((COEFFICIENTS + i) * COEFFICIENTS + j)
            which[i, j] = found[total]
    products = torch.einsum("pai,qaj->ijpq", slope, slope).reshape(_DERIVED**2, COEFFICIENTS**2)
    normal = torch.zeros(len(at) + 1, COEFFICIENTS**2, dtype=torch.float64)
    normal.index_add_(0, which.flatten(), products)
    inverse = torch.linalg.inv(_legendre_in_monomials())
    normal[-1] = (inverse @ inverse.T).flatten()
    right = slope.permute(1, 2, 0).flatten(0, 1)
    return _Constants(torch.tensor(at, device=device), normal.to(device), right.to(device))


def _legendre_in_monomials() -> Tensor:
    """(20, 20) float64: row p holds the monomial coefficients of the p-th product of Legendre polynomials,
    scaled to mean square one over the box [-1, 1]^3."""
    one = torch.zeros(4, 4, dtype=torch.float64)  # [degree, power]
    one[0, 0], one[1, 1] = 1, 1
    one[2, 0], one[2, 2] = -0.5, 1.5
    one[3, 1], one[3, 3] = -1.5, 2.5
    one *= torch.sqrt(2 * torch.arange(4, dtype=torch.float64) + 1)[:, None]
    rows = [
        [float(one[p[0], e[0]] * one[p[1], e[1]] * one[p[2], e[2]]) for e in EXPONENTS] for p in EXPONENTS
    ]
    return torch.tensor(rows, dtype=torch.float64)
