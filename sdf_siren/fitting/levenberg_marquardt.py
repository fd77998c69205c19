"""Levenberg-Marquardt on all parameters of a small SIREN, its output layer re-solved in every step.

The step minimises ``|J y + r|^2 + damping |y|^2``; the damping follows the gain ratio, actual by predicted
decrease (Marquardt 1963). With variable projection (Golub and Pereyra 1973) only the hidden layers move: J is
projected off what the output layer can do (Kaufman 1975), and behind every step the output layer is solved
exactly, by Newton's method where the problem has a reaction.

A small residual lies in a narrow curved canyon: a step of length y leaves it by the second derivative along
y, of order y^2, while there is only r to gain. So steps shrink like sqrt(r), the damping stays high, and what
is lowered is lowered as predicted, but hardly at all: this, and no loss of digits, is why the method stalls.
Following the curvature (geodesic acceleration, Transtrum and Sethna 2012, arXiv 1201.5885) costs one more
evaluation. On Helmholtz's equation with sin(pi x) sin(4 pi y), 128 units and 20 seconds of one processor, the
error is 2e-9 with it and 1e-7 without; 1e-7 also where the output layer is not projected out.

Points on which the residual is minimised are not the ones it is judged by.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Solution
from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.problem import Problem
from sdf_siren.errors import DivergenceError, UsageError
from sdf_siren.fields import Siren
from sdf_siren.fitting.damped import Damped
from sdf_siren.fitting.ladder import FRESH_ROWS, FRESH_SEED, Trial, chosen, first_candidates
from sdf_siren.fitting.least_squares import (
    ROWS_PER_UNKNOWN,
    Candidate,
    Collocation,
    column_scale,
    design,
    frozen_network,
)
from sdf_siren.fitting.linearisation import Equations, misses
from sdf_siren.fitting.newton import newton, siren_of

WIDTH = 128
STEPS = 1000
FIRST_DAMPING = 1e-3
TRIALS = 12
"""Dampings tried for one step."""
EASED, GOOD_GAIN = 0.2, 0.25
"""The factor of the damping behind a step that was taken at once with a gain ratio above the other."""
PROBE = 0.1
"""The part of a step at which the curvature along it is measured."""
MOST_BENT = 0.75
"""Accelerations longer than this part of the step are not trusted (Transtrum and Sethna 2012)."""
PATIENCE, WORTHWHILE = 20, 0.95
"""The search ends where so many steps have not lowered the fresh residual to this part."""
OUTPUT_STEPS = 4
"""Newton steps for the output layer, from its last value."""


@dataclass(frozen=True)
class Step:
    """A step that was done.

    Attributes:
        number: counted from one; 0 is the start.
        residual: on the points of the fit, relative to the solution's scale.
        indicator: on fresh points.
        damping: relative to the Jacobian's longest column squared.
        trials: dampings that were tried.
    """

    number: int
    residual: float
    indicator: float
    damping: float
    trials: int


class LevenbergMarquardt:
    """A search that can be interrupted: with :meth:`state` and :meth:`restore` it goes on bit for bit.

    Args:
        problem: real, linear or with a reaction.
        candidate: where to start; None chooses by the residual on fresh points.
        tolerance: the indicator to reach.
        steps: at most.
        seed: of the network and of scattered points.
        projected: whether the output layer is re-solved in every step, or moves with the others.

    Raises:
        UsageError: a complex problem.
        DivergenceError: no start gave a finite residual.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        candidate: Candidate | None = None,
        tolerance: float = 1e-10,
        steps: int = STEPS,
        seed: int = 0,
        projected: bool = True,
    ) -> None:
        if problem.is_complex:
            raise UsageError(
                f"{problem.title or 'problem'}: Levenberg-Marquardt needs a real problem, found a complex "
                "one; use least_squares"
            )
        self._problem, self._ansatz, self._seed = problem, ansatz_for(problem), seed
        self._tolerance, self._steps, self._projected = tolerance, steps, projected
        self._fresh = self._equations(FRESH_ROWS / ROWS_PER_UNKNOWN, FRESH_SEED)
        self.candidate = candidate or self._best_start()
        start = self._start(self.candidate)
        count = start.network.parameter_count + len(self._ansatz.columns)
        self._points = self._equations(count, seed)
        self._take(newton(siren_of(start), self._points, start))
        self._damping, self._harder, self.number = FIRST_DAMPING, 2.0, 0
        self.best, self.indicator = self.current, self._fresh.residual(self.current)
        self._since, self._reference = 0, self.indicator
        if not math.isfinite(self.indicator):
            raise DivergenceError(f"{problem.title or 'problem'}: the start has no finite residual")

    def _equations(self, unknowns: float, seed: int) -> Equations:
        return Equations.collocated(self._problem, self._ansatz, unknowns, seed)

    def _start(self, candidate: Candidate) -> Solution:
        equations = self._equations(candidate.width + len(self._ansatz.columns), self._seed)
        network = frozen_network(self._problem, self._ansatz, candidate, self._seed)
        return newton(network, equations)

    def _best_start(self) -> Candidate:
        """By the fresh residuals of frozen networks; with two layers half as wide, for more weights move."""
        trials = []
        for candidate in first_candidates(self._problem.domain.dimension, WIDTH):
            if candidate.depth == 2:
                candidate = replace(candidate, width=WIDTH // 2)
            try:
                solution = self._start(candidate)
            except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # columns that are equal
                continue
            size = float(solution.network.weights[-1].norm())
            trials.append(Trial(candidate, self._fresh.residual(solution), size))
        return chosen(trials).candidate

    def _take(self, solution: Solution) -> None:
        self.current = solution
        self._here = self._points.at(solution)
        self._misses = misses(self._here, solution)

    def run(self, report: Callable[[Step], None] = lambda step: None) -> tuple[Solution, float, str]:
        """The best solution by the fresh points, its indicator, and why the search ended."""
        while not (reason := self._reason()):
            found = self._step()
            if found is None:
                reason = "no damping lowered the residual any further"
                break
            report(found)
        return self.best, self.indicator, reason

    def _reason(self) -> str:
        if self.indicator <= self._tolerance:
            return f"the residual on fresh points is below {self._tolerance:.0e}"
        if self._since >= PATIENCE:
            return f"{PATIENCE} steps did not lower the residual on fresh points by {1 - WORTHWHILE:.0%}"
        if self.number >= self._steps:
            return f"{self._steps} steps were allowed"
        return ""

    def _step(self) -> Step | None:
        damped = Damped(self._jacobian())
        cost = float(self._misses.square().sum())
        for trial in range(1, TRIALS + 1):
            try:
                found = self._tried(damped, cost)
            except torch.linalg.LinAlgError:  # type: ignore[attr-defined]  # units that have become equal
                found = None
            if found is not None:
                solution, gain = found
                self._take(solution)
                if gain < GOOD_GAIN:
                    self._damping *= 2
                elif trial == 1:
                    self._damping *= EASED
                self._harder = 2.0
                return self._judged(trial)
            self._damping *= self._harder
            self._harder *= 2
        return None

    def _judged(self, trials: int) -> Step:
        self.number += 1
        indicator = self._fresh.residual(self.current)
        if indicator < self.indicator:
            self.best, self.indicator = self.current, indicator
        self._since += 1
        if self.indicator <= WORTHWHILE * self._reference:
            self._since, self._reference = 0, self.indicator
        return Step(self.number, float(self._misses.norm()), indicator, self._damping, trials)

    def _tried(self, damped: Damped, cost: float) -> tuple[Solution, float] | None:
        """What a step with the present damping leads to and its gain ratio, if that is lower."""
        solve = damped.solver(self._damping)
        y = solve(self._misses)
        predicted = cost - float((self._misses + damped.jacobian @ y).square().sum())
        probe = misses_at(self._points, self._moved(PROBE * y))
        bend = 2 / PROBE * ((probe - self._misses) / PROBE - damped.jacobian @ y)
        acceleration = solve(bend) / 2
        if 2 * float(acceleration.norm()) <= MOST_BENT * float(y.norm()):
            y = y + acceleration
        solution = self._moved(y)
        lower = misses_at(self._points, solution)
        decrease = cost - float(lower.square().sum())
        if not decrease > 0:
            return None
        return solution, decrease / predicted if predicted > 0 else math.inf

    def _moved(self, y: Tensor) -> Solution:
        """The solution a step away; with variable projection its output layer is solved there."""
        network, amplitudes = siren_of(self.current), self.current.amplitudes
        movable = self._movable(network)
        parts = y.split([p.numel() for p in movable] + ([] if self._projected else [len(amplitudes)]))
        changed = {id(p): p + part.view_as(p) for p, part in zip(movable, parts, strict=False)}
        weights, biases = (
            [changed.get(id(p), p) for p in tensors] for tensors in (network.weights, network.biases)
        )
        if not self._projected:
            amplitudes = amplitudes + parts[-1]
        moved = Siren(network.shape, weights, biases)
        there = Solution(self._ansatz, moved, amplitudes)
        return newton(moved, self._points, there, steps=OUTPUT_STEPS) if self._projected else there

    def _movable(self, network: Siren) -> list[Tensor]:
        """The parameters that a step changes."""
        if self._projected:
            return [*network.weights[:-1], *network.biases[:-1]]
        return network.parameters

    def _jacobian(self) -> Tensor:
        """Of the misses, by what a step changes."""
        return jacobian(self.current, self._here, projected=self._projected)

    def state(self) -> dict[str, Tensor]:
        """Everything the rest of the search depends on, as tensors by name."""
        numbers = [self._damping, self._harder, self.number, self._since, self.indicator, self._reference]
        found = {"numbers": torch.tensor(numbers, dtype=torch.float64)}
        for name, solution in (("current", self.current), ("best", self.best)):
            found |= {f"{name}.{i}": p.clone() for i, p in enumerate(solution.network.parameters)}
            found[f"{name}.amplitudes"] = solution.amplitudes.clone()
        return found

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` returned."""
        shape, layers = siren_of(self.current).shape, len(self.current.network.weights)

        def solution(name: str) -> Solution:
            parameters = [state[f"{name}.{i}"].clone() for i in range(2 * layers)]
            network = Siren(shape, parameters[:layers], parameters[layers:])
            return Solution(self._ansatz, network, state[f"{name}.amplitudes"].clone())

        self._take(solution("current"))
        self.best = solution("best")
        damping, harder, number, since, indicator, reference = state["numbers"].tolist()
        self._damping, self._harder, self.indicator, self._reference = damping, harder, indicator, reference
        self.number, self._since = int(number), int(since)


def misses_at(equations: Equations, solution: Solution) -> Tensor:
    """Left-hand minus right-hand sides (n,) of equations that need not be linear, relative to their scale."""
    return misses(equations.at(solution), solution)


def jacobian(solution: Solution, here: Collocation, *, projected: bool) -> Tensor:
    """The misses differentiated.

    Args:
        solution: where.
        here: the equations linearised about it.
        projected: by the hidden layers' parameters alone, each column without what the output layer and the
            amplitudes could make up for; if not, by all parameters and the amplitudes.

    Returns:
        (n, parameters): all weights, all biases, amplitudes.
    """
    network = siren_of(solution)
    rows = [block.network for block in here.blocks]
    whole = torch.cat([network.row_jacobian(r.x, r.alpha, r.beta, r.gamma) for r in rows]) / here.scale
    if not projected:
        return torch.cat([whole, torch.cat([block.columns for block in here.blocks]) / here.scale], dim=1)
    sizes = [p.numel() for p in network.parameters]
    layers = len(network.weights)
    parts = whole.split(sizes, dim=1)
    hidden = torch.cat([*parts[: layers - 1], *parts[layers:-1]], dim=1)
    matrix, _ = design(network, here)
    basis = torch.linalg.qr(matrix / column_scale(matrix))[0]
    return hidden - basis @ (basis.T @ hidden)
