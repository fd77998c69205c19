"""Second-order linear operators: at points, the coefficients of the rows that they put there.

Signs: Poisson ``-lap u``, screened Poisson ``-lap u + c u``, Helmholtz ``lap u + k^2 u``, wave ``u_tt - c^2
lap u`` with time as the last coordinate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.rows import Rows
from sdf_siren.jets import Jet, JetFunction

Coefficients = tuple[Tensor | None, Tensor | None, Tensor | None]
"""alpha (n,), beta (n, d), gamma (n, d, d) at n points."""


@dataclass(frozen=True)
class Operator:
    """A linear operator of second order, and a term that need not be linear.

    Attributes:
        name: ``poisson``, ``screened_poisson``, ``helmholtz`` or ``wave``.
        coefficients: from points (n, d) to alpha, beta and gamma.
        time_speed: for waves, the largest speed: how much faster solutions change along the last
            coordinate than along the others; else None.
        reaction: None, or a function of points and values (both carried as the coordinates of jets, the value
        last)
            that is added to the linear part.
    """

    name: str
    coefficients: Callable[[Tensor], Coefficients]
    time_speed: float | None = None
    reaction: JetFunction | None = None

    @property
    def is_linear(self) -> bool:
        """Whether least squares solve it in one step."""
        return self.reaction is None

    def rows(self, x: Tensor, target: Tensor) -> Rows:
        """The linear part's rows at points ``x`` (n, d) with right-hand sides ``target`` (n,)."""
        alpha, beta, gamma = self.coefficients(x)
        return Rows(x, target, alpha, beta, gamma)

    def applied(self, jet: Jet, x: Tensor) -> Tensor:
        """The operator applied to a function given by its jet at ``x``, (n,)."""
        linear = self.rows(x, torch.zeros_like(jet.value)).of(jet)
        return linear if self.reaction is None else linear + self.reaction_at(x, jet.value)[0]

    def reaction_at(self, x: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """The reaction and its derivative by the value, both (n,), where u is ``value``."""
        assert self.reaction is not None
        jet = self.reaction(torch.cat([x, value[:, None]], 1))
        return jet.value, jet.gradient[:, -1]


def _identity(x: Tensor, factor: Tensor | float = 1.0) -> Tensor:
    eye = torch.eye(x.shape[1], dtype=torch.float64, device=x.device).expand(len(x), -1, -1)
    return eye * (factor[:, None, None] if isinstance(factor, Tensor) else factor)


def poisson(reaction: JetFunction | None = None) -> Operator:
    """``-lap u``, plus a reaction."""
    return Operator("poisson", lambda x: (None, None, _identity(x, -1.0)), reaction=reaction)


def screened_poisson(coefficient: JetFunction) -> Operator:
    """``-lap u + c u``."""
    return Operator("screened_poisson", lambda x: (coefficient(x).value, None, _identity(x, -1.0)))


def wave(speed: JetFunction, largest_speed: float) -> Operator:
    """``u_tt - c^2 lap u`` with time as the last coordinate."""

    def coefficients(x: Tensor) -> Coefficients:
        gamma = _identity(x, -speed(x).value.square())
        gamma[:, -1, -1] = 1.0
        return None, None, gamma

    return Operator("wave", coefficients, time_speed=largest_speed)


@dataclass(frozen=True)
class AbsorbingLayer:
    """A perfectly matched layer: near the faces of a box, coordinates turn complex and waves decay.

    Along each axis ``d/dx`` becomes ``(1/s) d/dx`` with ``s = 1 - i strength (depth / thickness)^2``, depth
    counted from the layer's inner face (Berenger 1994; the profile and its default strength 5 are those of
    Sitzmann et al. 2020, supplement). Outgoing waves carry ``exp(-i omega t)`` conjugated as in that paper:
    ``exp(-i k r)``.

    Attributes:
        low, high: corners of the box, one number per axis.
        thickness: of the layer.
        strength: of the absorption.
    """

    low: Sequence[float]
    high: Sequence[float]
    thickness: float
    strength: float = 5.0

    def stretched(self, x: Tensor) -> Tensor:
        """The complex coordinates, the factors' integral (n, d), complex128; ``x`` outside the layer."""
        before, behind = self._depths(x)
        return torch.complex(x, -self.strength * self.thickness / 3 * (behind**3 - before**3))

    def stretch(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The factors s and their derivatives along their own axes, both (n, d), complex128."""
        before, behind = self._depths(x)
        s = torch.complex(torch.ones_like(x), -self.strength * (before.square() + behind.square()))
        slope = torch.complex(torch.zeros_like(x), -2 * self.strength / self.thickness * (behind - before))
        return s, slope

    def _depths(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """How deep points lie in the layers at the low and the high faces, from 0 to 1, (n, d) each."""
        low, high = x.new_tensor(list(self.low)), x.new_tensor(list(self.high))
        before = (low + self.thickness - x).clamp_min(0) / self.thickness
        behind = (x - high + self.thickness).clamp_min(0) / self.thickness
        return before, behind


def helmholtz(wavenumber: JetFunction, layer: AbsorbingLayer | None = None) -> Operator:
    """``lap u + k^2 u``, in complex coordinates where there is an absorbing layer."""

    def coefficients(x: Tensor) -> Coefficients:
        k = wavenumber(x).value
        if layer is None:
            return k * k, None, _identity(x)
        s, slope = layer.stretch(x)
        return (k * k).to(s.dtype), -slope / s**3, torch.diag_embed(s**-2)

    return Operator("helmholtz", coefficients)
