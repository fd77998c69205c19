"""The choice of a frozen network by a ladder of widths: see :mod:`sdf_siren.fitting.least_squares`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from sdf_siren.conditions.ansatz import Ansatz, Solution
from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.problem import Problem
from sdf_siren.errors import DivergenceError
from sdf_siren.fields import Siren
from sdf_siren.fitting.least_squares import (
    Candidate,
    Collocation,
    collocate,
    frozen_network,
    solved,
)

FIRST_WIDTH = 200
CHEAP = 400
"""Up to this width every candidate is tried, above only the neighbours of the best one of the width below."""
NOTHING_LEARNT = 0.1
"""An indicator above it says nothing about which candidate is the better one."""
USELESS = 0.9
"""From this indicator on there is no answer: without any solution, zero everywhere, it is one."""
FRESH_ROWS = 1000
FRESH_SEED = 1_000_003
ALIKE = 4.0
"""Indicators within this factor of the best count as equal; the smallest coefficients win, for large ones
cancel and leave their rounding in the solution."""
STEP = math.sqrt(2)
"""Between neighbouring bandwidths."""


@dataclass(frozen=True)
class Trial:
    """What a candidate came to.

    Attributes:
        candidate: who.
        indicator: its residual on fresh points, inside and on the boundary, in units of the solution.
        coefficients: 2-norm of its output layer: how much cancels in its sum.
    """

    candidate: Candidate
    indicator: float
    coefficients: float


@dataclass
class Ladder:
    """Tries candidates from narrow to wide until the fresh residual is small enough.

    Attributes:
        problem: linear.
        tolerance: the indicator to reach.
        last_width: of the widest network.
        seed: of networks and scattered points.
        trials: what was tried so far, in order; a ladder that starts with those of an interrupted one goes on
            from there.
        report: called after each trial.
    """

    problem: Problem
    tolerance: float = 1e-10
    last_width: int = 3200
    seed: int = 0
    trials: list[Trial] = field(default_factory=list)
    report: Callable[[Trial], None] = lambda trial: None

    def climb(self) -> tuple[Solution, Trial, str]:
        """The best solution, its trial, and why no further one was tried.

        Raises:
            DivergenceError: no candidate gave a finite answer, or none that says anything.
        """
        self._ansatz: Ansatz = ansatz_for(self.problem)
        self._fresh = collocate(self.problem, self._ansatz, FRESH_ROWS // 2, FRESH_SEED)
        self._collocations: dict[int, Collocation] = {}
        self._solutions: dict[Candidate, Solution] = {}
        best: Trial | None = None
        width, reason = FIRST_WIDTH, ""
        while True:
            here = []
            for candidate in self._candidates(width, best):
                here.append(self._try(candidate))
                if width > CHEAP and here[-1].indicator <= self.tolerance:
                    break
            champion = chosen(here)
            before = math.inf if best is None else best.indicator
            if best is None or champion.indicator < best.indicator:
                best = champion
            self._solutions = {c: s for c, s in self._solutions.items() if c == best.candidate}
            if best.indicator <= self.tolerance:
                reason = f"the residual on fresh points is below {self.tolerance:.0e}"
            elif best.indicator < NOTHING_LEARNT and best.indicator > before / 2:
                reason = "a network twice as wide did not halve the residual on fresh points"
            elif 2 * width > self.last_width:
                reason = f"the widest network allowed has {self.last_width} units"
            if reason:
                break
            width *= 2
        title = self.problem.title or "problem"
        if not math.isfinite(best.indicator):
            raise DivergenceError(
                f"{title}: no network gave a finite solution; numbers far from one, such as "
                "1e200, have squares beyond what a computer holds: choose other units"
            )
        if best.indicator >= USELESS:
            raise DivergenceError(
                f"{title}: no network came near a solution: on fresh points the best one misses equation and "
                f"conditions by {best.indicator:.2g} of its size; either these contradict each other, or the "
                f"solution is too rough for {self.last_width} units: allow more (fit.pde.width)"
            )
        solution = self._solutions.get(best.candidate)
        return solution or self._solve(best.candidate)[0], best, reason

    def _candidates(self, width: int, best: Trial | None) -> list[Candidate]:
        """All of them where trying is cheap, else the best one's neighbours; more where little is known."""
        if best is None or width <= (CHEAP if best.indicator < NOTHING_LEARNT else 2 * CHEAP):
            return first_candidates(self.problem.domain.dimension, width)
        depth, bandwidth = best.candidate.depth, best.candidate.bandwidth
        return [Candidate(width, depth, bandwidth * factor) for factor in (1.0, STEP, 1 / STEP)]

    def _try(self, candidate: Candidate) -> Trial:
        known = next((trial for trial in self.trials if trial.candidate == candidate), None)
        if known is not None:
            return known
        solution, trial = self._solve(candidate)
        self._solutions[candidate] = solution
        self.trials.append(trial)
        self.report(trial)
        return trial

    def _solve(self, candidate: Candidate) -> tuple[Solution, Trial]:
        network = self._network(candidate)
        try:
            solution = self._solution(candidate, network)
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # columns that are equal to the last bit
            return Solution(self._ansatz, network, torch.zeros(0)), Trial(candidate, math.inf, math.inf)
        size = float(solution.network.weights[-1].norm()) / self._collocation(candidate.width).scale
        return solution, Trial(candidate, self._indicator(solution), size)

    def _network(self, candidate: Candidate) -> Siren:
        return frozen_network(self.problem, self._ansatz, candidate, self.seed)

    def _solution(self, candidate: Candidate, network: Siren) -> Solution:
        """The candidate's network with its output layer solved."""
        return solved(network, self._ansatz, self._collocation(candidate.width))

    def _indicator(self, solution: Solution) -> float:
        return self._fresh.residual(solution)

    def _collocation(self, width: int) -> Collocation:
        """The same for all candidates of a width."""
        if width not in self._collocations:
            unknowns = width + len(self._ansatz.columns)
            self._collocations[width] = collocate(self.problem, self._ansatz, unknowns, self.seed)
        return self._collocations[width]


def first_candidates(dimension: int, width: int) -> list[Candidate]:
    """Bandwidths from nearly constant to the finest waves that ``width`` units can tell apart."""
    finest = 3.0 * width ** (1 / dimension)
    single = [STEP**k for k in range(1, 40) if STEP**k <= finest]
    double = [STEP**k for k in range(1, 40) if STEP**k <= finest / 5]
    return [*(Candidate(width, 1, b) for b in single), *(Candidate(width, 2, b) for b in double)]


def chosen(trials: list[Trial]) -> Trial:
    """Of the trials with the smallest indicators the one with the smallest coefficients."""
    least = min(trial.indicator for trial in trials)
    factor = ALIKE if least < NOTHING_LEARNT else 1.0
    alike = [trial for trial in trials if trial.indicator <= factor * least]
    return min(alike, key=lambda trial: trial.coefficients) if math.isfinite(least) else trials[0]
