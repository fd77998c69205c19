"""What lies in the way of waves, from what receivers around it hear: the inverse Helmholtz problem.

The squared slowness m in ``lap u + k^2 m u = f`` is one outside a disk and ``1 + window N`` inside, with a
SIREN N whose sine layer is frozen (Sitzmann et al. 2020, sec. 4.3 and supplement, train both fields by
gradient descent). The scattered field of every source is another frozen SIREN. Both output layers are
unknown and multiply each other: Gauss-Newton on the slowness, with the waves solved exactly in every step.
What a change of the slowness does to all receivers follows from one triangular solve with the receivers as
right-hand sides (reciprocity).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.operators import AbsorbingLayer, helmholtz
from sdf_siren.conditions.point_sources import PointSource
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.domains import Box
from sdf_siren.errors import InputError
from sdf_siren.fields import Siren
from sdf_siren.fields.sweeps import hidden_rows
from sdf_siren.fitting.least_squares import Candidate, collocate, design, frozen_network, influence
from sdf_siren.jets import Jet
from sdf_siren.progress import Progress, ProgressCallback, silent

WAVE_BANDWIDTH = 3.0
"""Highest frequency of the fields' networks by that of free waves."""
WIDTH_PER_WAVE = 55.0
"""Units of the fields' networks by square wavelength of the box."""
STEPS = 3
"""Of Gauss-Newton; a fourth changes the slowness in its fourth digit."""
STRENGTHS = (3e-2, 1e-2, 3e-3, 1e-3, 3e-4)
"""Of the regularisation, from strong to weak; receivers held out choose."""
HELD_OUT = 4
"""Every so many-th receiver takes no part in the choice's fits."""


@dataclass(frozen=True, eq=False)
class Survey:
    """Sources, receivers and the box of calm air around them.

    Attributes:
        wavenumber: where the squared slowness is one.
        sources: each fires alone.
        receivers: positions (r, 2) outside the scatterer.
        box: the domain; its borders absorb.
        layer: how.
        centre, radius: of the disk that holds all that differs from one.
    """

    wavenumber: float
    sources: tuple[PointSource, ...]
    receivers: Tensor
    box: Box
    layer: AbsorbingLayer
    centre: tuple[float, float]
    radius: float


@dataclass(frozen=True, eq=False)
class Slowness:
    """A squared slowness ``1 + window N``.

    Attributes:
        survey: for which it was found.
        network: one frozen sine layer and its output.
        misfits: after every step, the relative 2-norm of what receivers hear beyond the data.
        strength: of the regularisation.
        held_out: the misfit of receivers that took no part, when the strength was chosen.
    """

    survey: Survey
    network: Siren
    misfits: list[float]
    strength: float
    held_out: float

    def value(self, x: Tensor) -> Tensor:
        """The squared slowness (n,) at ``x`` (n, 2)."""
        return 1 + window(self.survey, x) * self.network.value(x)[:, 0]


def window(survey: Survey, x: Tensor) -> Tensor:
    """``(1 - r^2 / R^2)^3`` in the disk and zero outside, (n,): twice differentiable."""
    away = (x - x.new_tensor(survey.centre)).square().sum(1)
    return (1 - away / survey.radius**2).clamp_min(0) ** 3


class WaveSystem:
    """The equations of the scattered fields, for any slowness.

    Args:
        survey: sources and receivers.
        seed: of the fields' network and of the points.
    """

    def __init__(self, survey: Survey, seed: int) -> None:
        k, box = survey.wavenumber, survey.box
        operator = helmholtz(lambda x: Jet.constant(k, x), survey.layer)
        problem = Problem(
            box, operator, None, (BoundaryCondition("dirichlet", box.parts),), layer=survey.layer
        )
        extent = float((box.bounds[1] - box.bounds[0]).max())
        waves = (k * extent / (2 * math.pi)) ** 2
        candidate = Candidate(int(200 + WIDTH_PER_WAVE * waves), 1, WAVE_BANDWIDTH * k * extent / 2)
        ansatz = ansatz_for(problem)
        network = frozen_network(problem, ansatz, candidate, seed)
        collocation = collocate(problem, ansatz, candidate.width, seed)
        assert ansatz.factor is not None
        self.x = collocation.blocks[0].network.x
        self._calm, _ = design(network, collocation)
        weight = influence(problem) / math.sqrt(len(self.x))
        self.coupling = weight * k * k
        """What one unit of squared slowness times one of the field adds to a row."""
        self._fields = self._values(network, ansatz.factor, self.x)
        self._heard = self._values(network, ansatz.factor, survey.receivers).to(torch.complex128)
        self._incident = torch.stack([s.field(self.x, k, survey.layer).value for s in survey.sources], 1)

    @staticmethod
    def _values(network: Siren, factor: object, x: Tensor) -> Tensor:
        ones = torch.ones(len(x), dtype=torch.float64)
        return hidden_rows(network.layers, x, ones) * factor(x).value[:, None]  # type: ignore[operator]

    def solve(self, slowness: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """For the squared slowness (n,) at ``x``: what receivers hear (r, s) beyond the incident field, the
        whole fields (n, s), and the receivers' answers to a unit in every row (r, n)."""
        change = self.coupling * (slowness - 1)
        matrix = self._calm + change[:, None] * self._fields
        scale = matrix.norm(dim=0)
        scale = torch.where(scale > 0, scale, torch.ones_like(scale))
        q, r = torch.linalg.qr(matrix / scale)
        answers = (
            torch.linalg.solve_triangular(r.mH.contiguous(), (self._heard / scale).mH, upper=False).mH @ q.mH
        )
        right = q.mH @ (-change[:, None] * self._incident)
        scattered = torch.linalg.solve_triangular(r, right, upper=True) / scale[:, None]
        whole = self._incident + self._fields.to(torch.complex128) @ scattered
        return self._heard @ scattered, whole, answers


@torch.no_grad()
def simulate(survey: Survey, slowness: Tensor | object, *, seed: int = 0) -> Tensor:
    """What receivers hear beyond the incident field, (r, s), for a function of positions (n, 2)."""
    system = WaveSystem(survey, seed)
    return system.solve(slowness(system.x))[0]  # type: ignore[operator]


@torch.no_grad()
def recover_slowness(
    survey: Survey,
    heard: Tensor,
    *,
    units: int = 120,
    seed: int = 0,
    progress: ProgressCallback = silent,
) -> Slowness:
    """The squared slowness that explains what receivers heard.

    Args:
        survey: sources and receivers.
        heard: the scattered field at receivers by source, (r, s) complex128.
        units: of the slowness network; its highest frequency is twice the wavenumber, the finest that a
            scattered wave can tell.
        seed: of both networks and of the points.
        progress: called after every step.

    Raises:
        InputError: the data have another shape, or are not finite.
    """
    expected = (len(survey.receivers), len(survey.sources))
    if heard.shape != expected or not bool(heard.isfinite().all()):
        raise InputError(
            f"inverse scattering: expected finite data of shape {expected}, found {tuple(heard.shape)}"
        )
    system = WaveSystem(survey, seed)
    network = _slowness_network(survey, units, seed)
    basis = window(survey, system.x)[:, None] * hidden_rows(
        network.layers, system.x, torch.ones(len(system.x), dtype=torch.float64)
    )
    learning = torch.arange(len(heard)) % HELD_OUT != 0
    total = STEPS * (len(STRENGTHS) + 1)
    done = 0

    def fit(strength: float, rows: Tensor) -> tuple[Tensor, list[float], float]:
        nonlocal done
        coefficients, misfits, outside = torch.zeros(basis.shape[1], dtype=torch.float64), [], math.inf
        for _ in range(STEPS):
            answer, whole, answers = system.solve(1 + basis @ coefficients)
            miss = answer - heard
            coefficients = coefficients + _step(
                system.coupling, answers[rows], basis, whole, miss[rows], coefficients, strength
            )
            misfits.append(float(miss[rows].norm() / heard[rows].norm()))
            outside = float(miss[~rows].norm() / heard[~rows].norm()) if not bool(rows.all()) else math.nan
            done += 1
            progress(Progress("recover", done, total, {"misfit": misfits[-1]}))
        return coefficients, misfits, outside

    trials = {strength: fit(strength, learning)[2] for strength in STRENGTHS}
    strength = min(trials, key=lambda s: trials[s])
    coefficients, misfits, _ = fit(strength, torch.ones_like(learning))
    weights = [network.weights[0], coefficients[None, :-1].contiguous()]
    biases = [network.biases[0], coefficients[-1:].clone()]
    return Slowness(survey, Siren(network.shape, weights, biases), misfits, strength, trials[strength])


def _slowness_network(survey: Survey, units: int, seed: int) -> Siren:
    """A frozen sine layer with frequencies up to twice the wavenumber."""
    box = Box(
        [c - survey.radius for c in survey.centre],
        [c + survey.radius for c in survey.centre],
    )
    operator = helmholtz(lambda x: Jet.constant(survey.wavenumber, x))
    problem = Problem(box, operator, None, (BoundaryCondition("dirichlet", box.parts),))
    bandwidth = 2 * survey.wavenumber * survey.radius
    return frozen_network(problem, ansatz_for(problem), Candidate(units, 1, bandwidth), seed + 1)


def _step(
    coupling: float,
    answers: Tensor,
    basis: Tensor,
    whole: Tensor,
    miss: Tensor,
    coefficients: Tensor,
    strength: float,
) -> Tensor:
    """One step of regularised Gauss-Newton."""
    slopes = torch.einsum("rn,nj,ns->rsj", -coupling * answers, basis.to(torch.complex128), whole)
    slopes = slopes.reshape(-1, basis.shape[1])
    jacobian = torch.cat([slopes.real, slopes.imag])
    right = -torch.cat([miss.reshape(-1).real, miss.reshape(-1).imag])
    damping = strength * float(jacobian.norm()) / math.sqrt(jacobian.shape[1])
    rows = torch.cat([jacobian, damping * torch.eye(jacobian.shape[1], dtype=torch.float64)])
    return torch.linalg.lstsq(rows, torch.cat([right, -damping * coefficients])).solution
