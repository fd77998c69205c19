"""What lies in the way of waves, from what receivers around it hear: the inverse Helmholtz problem.

The squared slowness is one outside a disk and ``1 + window N`` inside, with a SIREN N whose sine layer is
frozen (Sitzmann et al. 2020, sec. 4.3 and supplement, train both fields by gradient descent). The scattered
field of every source is another frozen SIREN. Both output layers are unknown and multiply each other:
Gauss-Newton on the slowness, with the waves solved exactly in every step. What a change of the slowness does
to all receivers follows from one triangular solve with the receivers as right-hand sides (reciprocity).
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from pathlib import Path

import torch
from torch import Tensor

from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.operators import helmholtz
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.conditions.surveys import InverseProblem, Slowness, Survey, window
from sdf_siren.domains import Box
from sdf_siren.errors import InputError, UsageError
from sdf_siren.fields import Siren
from sdf_siren.fields.sweeps import hidden_rows
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.least_squares import Candidate, frozen_network, solve_columns, with_output
from sdf_siren.fitting.scattered_fields import WaveSystem, simulate
from sdf_siren.jets import Jet
from sdf_siren.progress import Progress, ProgressCallback, silent

STEPS = 3
"""Of Gauss-Newton; a fourth changes the slowness in its fourth digit."""
UNITS = 120
"""Of the slowness network."""
STRENGTHS = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4)
"""Of the regularisation, from strong to weak; receivers held out choose."""
HELD_OUT = 4
"""Every so many-th receiver takes no part in the choice's fits."""
PREDICTION_SEED = 500_009
"""By how much the seed differs of the networks that say what receivers would hear."""
LIMIT_WEIGHT = 30.0
"""By how much a unit beyond the limits counts more than all that receivers hear of one."""
LIMIT_ROUNDS = 8


@dataclass(frozen=True)
class Step:
    """One step of Gauss-Newton.

    Attributes:
        number: of all steps, from one.
        total: how many there are in all.
        misfit: before it, the relative 2-norm of what receivers hear beyond the data.
        strength: of the regularisation.
        trial: whether it belongs to a fit that only serves the choice of the strength.
    """

    number: int
    total: int
    misfit: float
    strength: float
    trial: bool


class Recovery:
    """The search for the squared slowness: a fit for every strength that is tried, then one with all data.

    Its state is small and complete: a search that is restored ends as one that was never interrupted.

    Args:
        problem: what was heard, and where.
        units: of the slowness network; its highest frequency is twice the wavenumber, the finest that a
            scattered wave can tell.
        steps: of Gauss-Newton for every fit.
        strength: of the regularisation; None lets receivers held out choose.
        seed: of both networks and of the points.

    Raises:
        InputError: the data have another shape than the survey, or are not finite.
        UsageError: units or steps below one, or a strength that is not above zero.
    """

    def __init__(
        self,
        problem: InverseProblem,
        *,
        units: int = UNITS,
        steps: int = STEPS,
        strength: float | None = None,
        seed: int = 0,
    ) -> None:
        for name, count in (("units", units), ("steps", steps)):
            if not isinstance(count, Integral) or count < 1:
                raise UsageError(f"fit.slowness.{name} must be a whole number from 1 on, found {count!r}")
        if strength is not None and not 0 < strength < math.inf:
            raise UsageError(f"fit.slowness.strength must be above 0 and finite, found {strength!r}")
        survey, heard = problem.survey, problem.heard
        expected = (len(survey.receivers), len(survey.sources))
        if heard.shape != expected or not bool(heard.isfinite().all()):
            raise InputError(
                f"inverse scattering: expected finite data of shape {expected}, found {tuple(heard.shape)}"
            )
        self._problem, self._steps, self._given = problem, steps, strength
        self._system = WaveSystem(survey, seed)
        self._network = _slowness_network(survey, units, seed)
        x = self._system.x
        ones = torch.ones(len(x), dtype=torch.float64)
        self._basis = window(survey.region, x)[:, None] * hidden_rows(self._network.layers, x, ones)
        self._learning = torch.arange(len(heard)) % HELD_OUT != 0
        self.coefficients = torch.zeros(self._basis.shape[1], dtype=torch.float64)
        self.misfits: list[float] = []
        """Of the fit that is under way, before every step."""
        self.held_out: list[float] = []
        """The misfit of receivers that took no part, for every strength that was tried."""
        self.done = 0

    @property
    def total(self) -> int:
        """Steps in all."""
        return self._steps * (1 + (len(STRENGTHS) if self._given is None else 0))

    @property
    def strength(self) -> float:
        """Of the fit that is under way."""
        if self._given is not None:
            return self._given
        fit = min(self.done, self.total - 1) // self._steps
        if fit < len(STRENGTHS):
            return STRENGTHS[fit]
        return STRENGTHS[min(range(len(STRENGTHS)), key=self.held_out.__getitem__)]

    @property
    def best_held_out(self) -> float:
        """The misfit of receivers held out with the strength that was chosen; NaN where none were."""
        return min(self.held_out, default=math.nan)

    @property
    def slowness(self) -> Slowness:
        """As far as it is known."""
        weight, bias = self.coefficients[None, :-1].contiguous(), self.coefficients[-1:].clone()
        return Slowness(self._problem.survey.region, with_output(self._network, weight, bias))

    @cached_property
    def _calm(self) -> tuple[Tensor, Tensor, Tensor]:
        """Where every fit begins."""
        return self._system.solve(torch.ones(len(self._basis), dtype=torch.float64))

    def run(self, report: Callable[[Step], None] = lambda step: None) -> None:
        """All steps that are left."""
        while self.done < self.total:
            report(self._step())

    def _step(self) -> Step:
        strength, last = self.strength, self.done % self._steps == self._steps - 1
        trial = self.done < self.total - self._steps
        rows = self._learning if trial else torch.ones_like(self._learning)
        heard = self._problem.heard
        if self.done % self._steps == 0:
            self.coefficients, self.misfits = torch.zeros_like(self.coefficients), []
            answer, whole, answers = self._calm
        else:
            answer, whole, answers = self._system.solve(1 + self._basis @ self.coefficients)
        miss = answer - heard
        slopes = torch.einsum(
            "rn,nj,ns->rsj",
            -self._system.coupling * answers[rows],
            self._basis.to(torch.complex128),
            whole,
        )
        self.coefficients = self.coefficients + self._gauss_newton(slopes, miss[rows], strength)
        self.misfits = [*self.misfits, float(miss[rows].norm() / heard[rows].norm())]
        if trial and last:
            self.held_out = [*self.held_out, float(miss[~rows].norm() / heard[~rows].norm())]
        self.done += 1
        return Step(self.done, self.total, self.misfits[-1], strength, trial)

    def _gauss_newton(self, slopes: Tensor, miss: Tensor, strength: float) -> Tensor:
        """The change of the coefficients (j,): regularised, and kept within the limits.

        Where the step would leave the limits, rows that hold the squared slowness there are added, until it
        leaves them nowhere else.
        """
        slopes = slopes.reshape(-1, slopes.shape[-1])
        jacobian = torch.cat([slopes.real, slopes.imag])
        right = -torch.cat([miss.reshape(-1).real, miss.reshape(-1).imag])
        size = float(jacobian.norm())
        damping = strength * size / math.sqrt(jacobian.shape[1])
        rows = torch.cat([jacobian, damping * torch.eye(jacobian.shape[1], dtype=torch.float64)])
        right = torch.cat([right, -damping * self.coefficients])
        change = solve_columns(rows.clone(), right)
        held = torch.full((len(self._basis),), math.nan, dtype=torch.float64)
        weight = LIMIT_WEIGHT * size / float(self._basis.norm())
        for _ in range(LIMIT_ROUNDS):
            value = 1 + self._basis @ (self.coefficients + change)
            limit = value.clamp(*self._problem.limits)
            beyond = (limit != value) & held.isnan()
            if not bool(beyond.any()):
                break
            held = torch.where(beyond, limit, held)
            on = ~held.isnan()
            fixed = weight * self._basis[on]
            aim = weight * (held[on] - 1) - fixed @ self.coefficients
            change = solve_columns(torch.cat([rows, fixed]), torch.cat([right, aim]))
        return change

    def state(self) -> dict[str, Tensor]:
        """Everything the rest of the search depends on, as tensors by name."""
        return {
            "coefficients": self.coefficients.clone(),
            "misfits": torch.tensor(self.misfits, dtype=torch.float64),
            "held_out": torch.tensor(self.held_out, dtype=torch.float64),
            "done": torch.tensor(self.done),
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` returned."""
        self.coefficients = state["coefficients"].clone()
        self.misfits, self.held_out = state["misfits"].tolist(), state["held_out"].tolist()
        self.done = int(state["done"])


@dataclass(frozen=True, eq=False)
class Recovered:
    """A squared slowness and how it was found.

    Attributes:
        slowness: the function.
        misfits: before every step of the last fit, what receivers hear beyond the data, relative 2-norm.
        strength: of the regularisation.
        held_out: the misfit of receivers that took no part, when the strength was chosen; NaN where it was
            given.
        predicted: what receivers would hear beyond the incident field, (r, s) complex128, by another network
            and other points than those of the fit.
        misfit: of that, as above.
    """

    slowness: Slowness
    misfits: list[float]
    strength: float
    held_out: float
    predicted: Tensor
    misfit: float


@torch.no_grad()
def recover_slowness(
    problem: InverseProblem,
    *,
    units: int = UNITS,
    steps: int = STEPS,
    strength: float | None = None,
    seed: int = 0,
    progress: ProgressCallback = silent,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
) -> Recovered:
    """The squared slowness that explains what receivers heard.

    Args:
        problem: what was heard, and where.
        units, steps, strength, seed: see :class:`Recovery`.
        progress: called after every step.
        checkpoint: where to keep the state.
        resume: go on from the checkpoint, if there is one.

    Raises:
        InputError: the data have another shape than the survey, or are not finite.
        UsageError: settings out of range, or the checkpoint belongs to another problem or other settings.
    """
    search = Recovery(problem, units=units, steps=steps, strength=strength, seed=seed)
    settings: dict[str, object] = {"units": units, "steps": steps, "strength": strength, "seed": seed}
    limits = torch.tensor(problem.limits, dtype=torch.float64)
    identity = checkpoints.fingerprint(
        settings | {"title": problem.title, "wavenumber": problem.survey.wavenumber},
        torch.view_as_real(problem.heard),
        problem.survey.receivers,
        limits,
    )
    path = None if checkpoint is None else Path(checkpoint)
    if resume and path is not None and path.exists():
        search.restore(checkpoints.load(path, identity, torch.device("cpu")))

    def report(step: Step) -> None:
        if path is not None:
            checkpoints.save(path, search.state(), identity)
        values = {"misfit": step.misfit, "strength": step.strength}
        progress(Progress("recover", step.number, step.total, values))

    search.run(report)
    found = search.slowness
    predicted = simulate(problem.survey, found.value, seed=seed + PREDICTION_SEED)
    misfit = float((predicted - problem.heard).norm() / problem.heard.norm())
    return Recovered(found, search.misfits, search.strength, search.best_held_out, predicted, misfit)


def _slowness_network(survey: Survey, units: int, seed: int) -> Siren:
    """A frozen sine layer with frequencies up to twice the wavenumber."""
    centre, radius = survey.region.centre, survey.region.radius
    box = Box([c - radius for c in centre], [c + radius for c in centre])
    operator = helmholtz(lambda x: Jet.constant(survey.wavenumber, x))
    problem = Problem(box, operator, None, (BoundaryCondition("dirichlet", box.parts),))
    bandwidth = 2 * survey.wavenumber * radius
    return frozen_network(problem, ansatz_for(problem), Candidate(units, 1, bandwidth), seed + 1)
