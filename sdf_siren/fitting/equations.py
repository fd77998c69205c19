"""Boundary-value problems solved: which solver, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Solution
from sdf_siren.conditions.problem import Problem
from sdf_siren.errors import UsageError
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.ladder import FIRST_WIDTH, Ladder, Trial
from sdf_siren.fitting.least_squares import Candidate
from sdf_siren.progress import Progress, ProgressCallback, silent

SOLVERS = ("auto", "least_squares")
LAST_WIDTH = 3200


@dataclass(frozen=True)
class SolvedProblem:
    """A solution and how it was found.

    Attributes:
        solution: the function.
        solver: which of ``SOLVERS`` found it.
        reason: why that solver, and why it stopped, for people.
        indicator: the residual on points that the solver has not seen, inside and on the boundary, in units
        of the
            solution: about the relative error for equations like Poisson's.
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
    checkpoint: Path | None = None,
    resume: bool = False,
) -> SolvedProblem:
    """Solve a problem without knowing anything about its solution.

    Args:
        problem: what is asked.
        solver: one of ``SOLVERS``.
        tolerance: the residual on fresh points at which to stop, relative to the solution.
        width: units of the widest network to try; None for 3200.
        seed: of networks and points.
        progress: called after each trial.
        checkpoint: where to keep the state.
        resume: go on from the checkpoint, if there is one.

    Raises:
        UsageError: an unknown solver, or one that does not fit the problem.
        DivergenceError: no finite solution was found.
    """
    if solver not in SOLVERS:
        raise UsageError(f"fit.pde.solver must be one of {', '.join(SOLVERS)}, found {solver!r}")
    last_width = width or LAST_WIDTH
    start = time.monotonic()
    history: list[dict[str, float]] = []
    keeper = _Keeper(problem, seed, checkpoint)
    trials = keeper.read() if resume else []

    def report(trial: Trial) -> None:
        history.append(
            {
                "seconds": round(time.monotonic() - start, 4),
                "indicator": trial.indicator,
                "width": trial.candidate.width,
                "depth": trial.candidate.depth,
                "bandwidth": trial.candidate.bandwidth,
            }
        )
        keeper.write(ladder.trials)
        done, total = _rungs(trial.candidate.width), _rungs(last_width)
        values = {"width": float(trial.candidate.width), "residual": trial.indicator}
        progress(Progress("solve", done, max(done, total), values))

    ladder = Ladder(problem, tolerance, last_width, seed, trials, report)
    solution, best, why = ladder.climb()
    layers = "one frozen sine layer" if best.candidate.depth == 1 else "two frozen sine layers"
    return SolvedProblem(
        solution,
        "least_squares",
        f"the equation is linear: least squares on {layers} of {best.candidate.width} units; {why}",
        best.indicator,
        history,
    )


def _rungs(width: int) -> int:
    """How many widths of the ladder come up to ``width``."""
    return max(1, (width // FIRST_WIDTH).bit_length())


class _Keeper:
    """Reads and writes the trials of a ladder."""

    def __init__(self, problem: Problem, seed: int, path: Path | None) -> None:
        self._path = path
        x = problem.domain.interior(64, 0)
        source = torch.view_as_real(problem.source_at(x) + 0j)
        names: dict[str, object] = {"equation": problem.operator.name, "title": problem.title, "seed": seed}
        self._identity = checkpoints.fingerprint(names, x, source)

    def read(self) -> list[Trial]:
        if self._path is None or not self._path.exists():
            return []
        table: Tensor = checkpoints.load(self._path, self._identity, torch.device("cpu"))["trials"]
        return [Trial(Candidate(int(w), int(d), b), i, c) for w, d, b, i, c in table.tolist()]

    def write(self, trials: list[Trial]) -> None:
        if self._path is not None:
            rows = [
                [t.candidate.width, t.candidate.depth, t.candidate.bandwidth, t.indicator, t.coefficients]
                for t in trials
            ]
            state = {"trials": torch.tensor(rows, dtype=torch.float64)}
            checkpoints.save(self._path, state, self._identity)
