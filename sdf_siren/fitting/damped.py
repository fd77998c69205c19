"""Damped least squares ``min |J y + r|^2 + damping |y|^2``, for one Jacobian and many dampings.

The normal matrix J^T J carries a rounding error of about ``eps |J|^2``, which acts like an unknown damping of
that size. While the wanted damping is much larger, Cholesky's factorisation of the normal matrix loses
nothing and costs a fifth of QR. Below, a QR decomposition of ``[R; sqrt(damping)]``, with R from that of J,
keeps directions that the normal matrix has lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

SAFETY = 100.0
"""Dampings above the rounding error by this factor are left to Cholesky."""


@dataclass(frozen=True)
class Damped:
    """A Jacobian, divided by its longest column so that dampings mean the same for all of them.

    Attributes:
        jacobian: (n, q), n >= q.
    """

    jacobian: Tensor

    @cached_property
    def scale(self) -> float:
        """The length of the longest column."""
        return float(self.jacobian.square().sum(dim=0).max().sqrt()) or 1.0

    @cached_property
    def least_for_cholesky(self) -> float:
        """The smallest relative damping that the normal matrix can tell from its rounding error."""
        largest = float(self._normal.abs().sum(dim=1).max())  # bounds the largest eigenvalue
        return SAFETY * torch.finfo(torch.float64).eps * largest

    @cached_property
    def _normal(self) -> Tensor:
        return self.jacobian.T @ self.jacobian / self.scale**2

    @cached_property
    def _qr(self) -> tuple[Tensor, Tensor]:
        q, r = torch.linalg.qr(self.jacobian / self.scale)
        return q, r

    def solver(self, damping: float) -> Solver:
        """For right-hand sides, with a damping relative to the longest column's square."""
        if damping >= self.least_for_cholesky:
            matrix = self._normal.clone()
            matrix.diagonal().add_(damping)
            factor, failed = torch.linalg.cholesky_ex(matrix)
            if not int(failed):
                return Solver(self, factor, None)
        r = self._qr[1]
        stacked = torch.cat([r, math.sqrt(damping) * torch.eye(len(r), dtype=r.dtype)])
        q, r = torch.linalg.qr(stacked)
        return Solver(self, r, q[: len(r)])


@dataclass(frozen=True)
class Solver:
    """A factorised damped system."""

    _of: Damped
    _factor: Tensor
    _top: Tensor | None

    def __call__(self, r: Tensor) -> Tensor:
        """The step y (q,) for residuals ``r`` (n,)."""
        if self._top is None:
            gradient = self._of.jacobian.T @ r / self._of.scale
            return -torch.cholesky_solve(gradient[:, None], self._factor)[:, 0] / self._of.scale
        seen = self._top.T @ (self._of._qr[0].T @ r)
        step = torch.linalg.solve_triangular(self._factor, seen[:, None], upper=True)[:, 0]
        return -step / self._of.scale
