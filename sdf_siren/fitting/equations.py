"""Boundary-value problems solved: which solver, and what came of it."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass, field, replace
from numbers import Integral
from pathlib import Path

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Solution
from sdf_siren.conditions.problem import Problem
from sdf_siren.errors import UsageError
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.ladder import FIRST_WIDTH, Ladder, Trial
from sdf_siren.fitting.least_squares import Candidate, with_output
from sdf_siren.fitting.levenberg_marquardt import STEPS, LevenbergMarquardt, Step
from sdf_siren.fitting.newton import NewtonLadder, siren_of
from sdf_siren.fitting.residual_training import ResidualTraining
from sdf_siren.fitting.trainer import Look, Trainer
from sdf_siren.progress import Progress, ProgressCallback, silent

SOLVERS = ("auto", "least_squares", "levenberg_marquardt", "training")
LAST_WIDTH = 3200
TRAINING_STEPS = 10_000
_MEAN_POINTS = 2**14
"""Points over which a mean is taken where a constant is free."""


@dataclass(frozen=True)
class SolvedProblem:
    """A solution and how it was found.

    Attributes:
        solution: the function.
        solver: which of ``SOLVERS`` found it.
        reason: why that solver, and why it stopped, for people.
        indicator: the residual on points that the solver has not seen, inside and on the boundary, in units
            of the solution: about the relative error for equations like Poisson's.
        history: what was tried, in order; each with ``seconds``, ``indicator`` and what it was.
    """

    solution: Solution
    solver: str
    reason: str
    indicator: float
    history: list[dict[str, float]] = field(default_factory=list)


@torch.no_grad()
def solve_problem(
    problem: Problem,
    *,
    solver: str = "auto",
    tolerance: float = 1e-10,
    width: int | None = None,
    seed: int = 0,
    progress: ProgressCallback = silent,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> SolvedProblem:
    """Solve a problem without knowing anything about its solution.

    ``auto`` is ``least_squares``: exact for linear problems, by Newton's method for those with a reaction,
    which beats training all weights by orders of magnitude (docs/method.md has the figures). Where
    equation and conditions leave a constant free, the mean is that of ``problem.exact``, or zero.

    Args:
        problem: what is asked.
        solver: one of ``SOLVERS``.
        tolerance: the residual on fresh points at which to stop, relative to the solution.
        width: of ``least_squares``, units of the widest network to try; None for 3200.
        seed: of networks and points.
        progress: called after each trial or step.
        checkpoint: where to keep the state.
        resume: go on from the checkpoint, if there is one.

    Raises:
        UsageError: an unknown solver, one that does not fit the problem, or settings out of range.
        InputError: data without a finite value.
        DivergenceError: no finite solution was found, or none that says anything.
    """
    if solver not in SOLVERS:
        raise UsageError(f"fit.pde.solver must be one of {', '.join(SOLVERS)}, found {solver!r}")
    if not 0 <= tolerance < math.inf:
        raise UsageError(f"fit.pde.tolerance must be finite and not negative, found {tolerance!r}")
    if width is not None and (not isinstance(width, Integral) or width < 1):
        raise UsageError(f"fit.pde.width must be a whole number from 1 on, found {width!r}")
    diary = _Diary(progress)
    keeper = _Keeper(problem, solver, seed, None if checkpoint is None else Path(checkpoint), resume)
    if solver == "levenberg_marquardt":
        solved = _by_levenberg_marquardt(problem, tolerance, seed, diary, keeper)
    elif solver == "training":
        solved = _by_training(problem, seed, diary, keeper)
    else:
        solved = _by_least_squares(problem, tolerance, width or LAST_WIDTH, seed, diary, keeper)
    return _with_mean(problem, solved) if problem.leaves_constant_free else solved


def _with_mean(problem: Problem, solved: SolvedProblem) -> SolvedProblem:
    """Of the solutions of a problem that leaves a constant free, the one whose mean is known."""
    solution, network = solved.solution, siren_of(solved.solution)
    x = problem.domain.interior(_MEAN_POINTS, 0)
    wanted = torch.zeros(len(x), dtype=torch.float64) if problem.exact is None else problem.exact(x).value
    missing = (wanted - solution.value(x)).mean()
    parts = torch.stack([missing.real, missing.imag]) if missing.is_complex() else missing[None]
    moved = with_output(network, network.weights[-1], network.biases[-1] + parts)
    mean = "is zero" if problem.exact is None else "is that of exact"
    reason = f"{solved.reason}; conditions and equation leave a constant free, chosen so that the mean {mean}"
    return replace(solved, solution=replace(solution, network=moved), reason=reason)


def _by_least_squares(
    problem: Problem, tolerance: float, last_width: int, seed: int, diary: _Diary, keeper: _Keeper
) -> SolvedProblem:
    linear = problem.operator.is_linear
    trials = [
        Trial(Candidate(int(w), int(d), b), i, c)
        for w, d, b, i, c in keeper.found.get("trials", torch.zeros(0, 5)).tolist()
    ]

    def report(trial: Trial) -> None:
        candidate = trial.candidate
        rows = [
            [t.candidate.width, t.candidate.depth, t.candidate.bandwidth, t.indicator, t.coefficients]
            for t in ladder.trials
        ]
        keeper.write({"trials": torch.tensor(rows, dtype=torch.float64)})
        settings = {"width": candidate.width, "depth": candidate.depth, "bandwidth": candidate.bandwidth}
        diary.write(trial.indicator, _rungs(candidate.width), _rungs(last_width), settings)

    kind = Ladder if linear else NewtonLadder
    ladder = kind(problem, tolerance, last_width, seed, trials, report)
    solution, best, why = ladder.climb()
    layers = "one frozen sine layer" if best.candidate.depth == 1 else "two frozen sine layers"
    how = "linear: least squares" if linear else "not linear: Newton's method"
    reason = f"the equation is {how} on {layers} of {best.candidate.width} units; {why}"
    return SolvedProblem(solution, "least_squares", reason, best.indicator, diary.entries)


def _rungs(width: int) -> int:
    """How many widths of the ladder come up to ``width``."""
    return max(1, (width // FIRST_WIDTH).bit_length())


def _by_levenberg_marquardt(
    problem: Problem, tolerance: float, seed: int, diary: _Diary, keeper: _Keeper
) -> SolvedProblem:
    search = LevenbergMarquardt(problem, tolerance=tolerance, seed=seed)
    if keeper.found:
        search.restore(keeper.found)

    def report(step: Step) -> None:
        keeper.write(search.state())
        diary.write(step.indicator, step.number, STEPS, {"damping": step.damping})

    solution, indicator, why = search.run(report)
    reason = f"asked for: Levenberg-Marquardt with variable projection on all weights; {why}"
    return SolvedProblem(solution, "levenberg_marquardt", reason, indicator, diary.entries)


def _by_training(problem: Problem, seed: int, diary: _Diary, keeper: _Keeper) -> SolvedProblem:
    training = ResidualTraining(problem, steps=TRAINING_STEPS, seed=seed)
    if keeper.found:
        training.trainer.restore(keeper.found)

    def observe(trainer: Trainer, look: Look) -> None:  # type: ignore[type-arg]
        keeper.write(trainer.state())
        diary.write(look.losses["residual"], look.step, look.steps, {"rate": look.rate})

    training.trainer.run((observe,))
    reason = f"asked for: SOAP on the residual of all weights; {TRAINING_STEPS} steps were allowed"
    return SolvedProblem(training.solution, "training", reason, training.indicator(), diary.entries)


class _Diary:
    """Collects the history and passes progress on."""

    def __init__(self, progress: ProgressCallback) -> None:
        self.entries: list[dict[str, float]] = []
        self._progress, self._start = progress, time.monotonic()

    def write(self, indicator: float, done: int, total: int, settings: dict[str, float]) -> None:
        seconds = round(time.monotonic() - self._start, 4)
        self.entries.append({"seconds": seconds, "indicator": indicator, **settings})
        values = {"residual": indicator, **settings}
        self._progress(Progress("solve", done, max(done, total), values))


class _Keeper:
    """Keeps the state of a solver in a file, tied to the problem.

    Attributes:
        found: the state to go on from; empty for a new start.
    """

    def __init__(self, problem: Problem, solver: str, seed: int, path: Path | None, resume: bool) -> None:
        self._path = path
        x = problem.domain.interior(64, 0)
        source = torch.view_as_real(problem.source_at(x) + 0j)
        names: dict[str, object] = {
            "equation": problem.operator.name,
            "title": problem.title,
            "solver": solver,
            "seed": seed,
        }
        self._identity = checkpoints.fingerprint(names, x, source)
        self.found: dict[str, Tensor] = {}
        if resume and path is not None and path.exists():
            self.found = checkpoints.load(path, self._identity, torch.device("cpu"))

    def write(self, state: dict[str, Tensor]) -> None:
        if self._path is not None:
            checkpoints.save(self._path, state, self._identity)
