"""The weighted sum of loss terms that a fit minimises."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.losses.terms import LossTerm

Shares = Callable[[], dict[str, Tensor]]
"""Sums of losses by name, 0-dimensional, made when it is called: few steps are looked at."""

Schedule = Sequence[tuple[float, float]]
"""Knots (fraction of the fit, factor), linear between them and constant beyond; empty means 1."""


@dataclass(frozen=True)
class WeightedTerm:
    """A term, its weight and how the weight changes during the fit."""

    term: LossTerm
    weight: float
    schedule: Schedule = ()

    def weight_at(self, fraction: float) -> float:
        """The weight when ``fraction`` in [0, 1] of the fit is done."""
        return self.weight * interpolate(self.schedule, fraction)


def interpolate(schedule: Schedule, fraction: float) -> float:
    """The factor of ``schedule`` at ``fraction``."""
    if not schedule:
        return 1.0
    before = max((knot for knot in schedule if knot[0] <= fraction), default=schedule[0])
    after = min((knot for knot in schedule if knot[0] >= fraction), default=schedule[-1])
    if after[0] <= before[0]:
        return before[1]
    return before[1] + (after[1] - before[1]) * (fraction - before[0]) / (after[0] - before[0])


@dataclass(frozen=True)
class Objective:
    """Terms with weights; each is averaged over the points it reads.

    Attributes:
        terms: the weighted terms.
        over_all_points: average every term over the points of all groups instead, counting zero
            where a term does not apply: the convention of the SIREN reference code, which halves
            the weight of the terms that read half of the points.
    """

    terms: tuple[WeightedTerm, ...]
    over_all_points: bool = False

    def needs_gradient(self, group: str) -> bool:
        """Whether any term of ``group`` reads the input gradient."""
        return any(t.term.needs_gradient for t in self.terms if group in t.term.groups)

    def weights_at(self, fraction: float) -> tuple[float, ...]:
        """The weights of all terms when ``fraction`` of the fit is done."""
        return tuple(term.weight_at(fraction) for term in self.terms)

    def divisors(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """By how many points each term is divided, given the sizes of the groups."""
        everything = sum(sizes.values())
        return {
            t.term.name: everything if self.over_all_points else sum(sizes.get(g, 0) for g in t.term.groups)
            for t in self.terms
        }

    def adjoints(
        self,
        name: str,
        group: PointGroup,
        f: Tensor,
        g: Tensor | None,
        divisors: Mapping[str, int],
        fraction: float,
    ) -> tuple[Shares, Tensor, Tensor | None]:
        """The share of (part of) a group in every term, and the adjoints of values and gradients.

        Args:
            name: of the group.
            group: n of its points.
            f: (n, 1) values.
            g: (n, 3) gradients, or None if no term of the group needs them.
            divisors: see :meth:`divisors`.
            fraction: of the fit that is done.

        Returns:
            Unweighted shares by name of term, when asked for; dloss/df (n, 1), dloss/dg (n, 3).
        """
        losses: dict[str, tuple[Tensor, float]] = {}
        fbar = gbar = None
        for weighted in self.terms:
            if name not in weighted.term.groups:
                continue
            value = weighted.term(f, g, group)
            factor = 1 / divisors[weighted.term.name]
            scale = weighted.weight_at(fraction) * factor
            losses[weighted.term.name] = value.loss, factor
            fbar, gbar = _plus(fbar, value.by_value, scale), _plus(gbar, value.by_gradient, scale)
        if fbar is None:
            fbar = torch.zeros_like(f)
        if g is not None and gbar is None:
            gbar = torch.zeros_like(g)
        return partial(_sums, losses), fbar, gbar


def _sums(losses: dict[str, tuple[Tensor, float]]) -> dict[str, Tensor]:
    return {name: loss.sum() * factor for name, (loss, factor) in losses.items()}


def _plus(total: Tensor | None, part: Tensor | None, factor: float) -> Tensor | None:
    """``total + factor part`` where None is zero; overwrites ``total``."""
    if total is None or part is None:
        return total if part is None else part * factor
    return total.add_(part, alpha=factor)
