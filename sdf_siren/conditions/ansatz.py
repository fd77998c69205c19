"""The form in which a solution is sought, and the solution found:

    u = lift + factor N + sum_k a_k column_k

with a network N. What the form fulfils by itself needs no rows: see :mod:`sdf_siren.conditions.construction`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.problem import BoundaryCondition
from sdf_siren.conditions.rows import Rows
from sdf_siren.fields import LayeredField
from sdf_siren.jets import JetFunction


@dataclass(frozen=True)
class Ansatz:
    """What surrounds the network.

    Attributes:
        factor: multiplies the network; None for one.
        lift: added, with amplitude one; None for zero.
        columns: added with amplitudes to be found.
        soft: the conditions that the form does not fulfil by itself.
        periods: by axis, the period of the network, or None.
    """

    factor: JetFunction | None = None
    lift: JetFunction | None = None
    columns: tuple[JetFunction, ...] = ()
    soft: tuple[BoundaryCondition, ...] = ()
    periods: tuple[float | None, ...] = ()

    def rows_of_network(self, rows: Rows) -> Rows:
        """What conditions on u ask of the network, the columns apart."""
        if self.lift is not None:
            rows = rows.minus(self.lift(rows.x))
        return rows if self.factor is None else rows.of_factor(self.factor(rows.x))

    def column_rows(self, rows: Rows) -> Tensor:
        """The left-hand sides of conditions on u for each column, (n, columns)."""
        if not self.columns:
            return torch.zeros(len(rows), 0, dtype=torch.float64)
        return torch.stack([rows.of(column(rows.x)) for column in self.columns], dim=1)


@dataclass(frozen=True)
class Solution:
    """A function that solves a problem, as nearly as it was fitted.

    Attributes:
        ansatz: its form.
        network: float64, one output, or real and imaginary part.
        amplitudes: of the columns, float64 or complex128.
    """

    ansatz: Ansatz
    network: LayeredField
    amplitudes: Tensor

    def of(self, rows: Rows) -> Tensor:
        """The left-hand sides (n,) of linear conditions."""
        asked = self.ansatz.rows_of_network(rows)
        total = rows.target - asked.target + network_rows(self.network, asked)
        if len(self.amplitudes):
            total = total + self.ansatz.column_rows(rows).to(self.amplitudes.dtype) @ self.amplitudes
        return total

    def residual(self, rows: Rows) -> Tensor:
        """Left-hand minus right-hand sides (n,)."""
        return self.of(rows) - rows.target

    def value(self, x: Tensor) -> Tensor:
        """u (n,) at points ``x`` (n, d)."""
        return self.of(Rows(x, _zeros(x), alpha=torch.ones_like(x[:, 0])))

    def gradient(self, x: Tensor) -> Tensor:
        """grad u (n, d) at points ``x`` (n, d)."""
        axes = torch.eye(x.shape[1], dtype=x.dtype)
        return torch.stack([self.of(Rows(x, _zeros(x), beta=axis.expand_as(x))) for axis in axes], dim=1)

    def laplacian(self, x: Tensor) -> Tensor:
        """lap u (n,) at points ``x`` (n, d)."""
        d = x.shape[1]
        return self.of(Rows(x, _zeros(x), gamma=torch.eye(d, dtype=x.dtype).expand(len(x), d, d)))


def network_rows(network: LayeredField, rows: Rows) -> Tensor:
    """The left-hand sides (n,) for a network alone; two outputs are real and imaginary part."""

    def channel(alpha: Tensor | None, beta: Tensor | None, gamma: Tensor | None) -> Tensor:
        values = network.rows(rows.x, alpha, beta, gamma)
        return values[:, 0] if values.shape[1] == 1 else torch.complex(values[:, 0], values[:, 1])

    return by_parts(rows, channel)


def by_parts(rows: Rows, linear: Callable[[Tensor | None, Tensor | None, Tensor | None], Tensor]) -> Tensor:
    """A function that is linear in real coefficients (alpha, beta, gamma), for complex ones too."""
    coefficients = (rows.alpha, rows.beta, rows.gamma)
    if not any(c is not None and c.is_complex() for c in coefficients):
        return linear(*coefficients)
    real = [None if c is None else c.real.contiguous() for c in coefficients]
    imaginary = [c.imag.contiguous() if c is not None and c.is_complex() else None for c in coefficients]
    return linear(*real) + 1j * linear(*imaginary)


def _zeros(x: Tensor) -> Tensor:
    return torch.zeros(len(x), dtype=torch.float64)
