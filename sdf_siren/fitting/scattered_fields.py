"""What receivers hear of waves that something scatters: the forward side of inverse scattering.

The scattered field of every source is a SIREN with a frozen sine layer; all sources share one matrix.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.operators import helmholtz
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.conditions.surveys import Survey
from sdf_siren.fields import Siren
from sdf_siren.fields.sweeps import hidden_rows
from sdf_siren.fitting.least_squares import (
    Candidate,
    collocate,
    column_scale,
    design,
    frozen_network,
    influence,
)
from sdf_siren.jets import Jet, JetFunction

WAVE_BANDWIDTH = 3.0
"""Highest frequency of the fields' networks by that of free waves."""
WIDTH_PER_WAVE = 55.0
"""Units of the fields' networks by square wavelength of the box."""


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
    def _values(network: Siren, factor: JetFunction, x: Tensor) -> Tensor:
        ones = torch.ones(len(x), dtype=torch.float64)
        return hidden_rows(network.layers, x, ones) * factor(x).value[:, None]

    def solve(self, slowness: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """For the squared slowness (n,) at ``x``: what receivers hear (r, s) beyond the incident field, the
        whole fields (n, s), and the receivers' answers to a unit in every row (r, n)."""
        change = self.coupling * (slowness - 1)
        matrix = self._calm + change[:, None] * self._fields
        scale = column_scale(matrix)
        q, r = torch.linalg.qr(matrix / scale)
        answers = (
            torch.linalg.solve_triangular(r.mH.contiguous(), (self._heard / scale).mH, upper=False).mH @ q.mH
        )
        right = q.mH @ (-change[:, None] * self._incident)
        scattered = torch.linalg.solve_triangular(r, right, upper=True) / scale[:, None]
        whole = self._incident + self._fields.to(torch.complex128) @ scattered
        return self._heard @ scattered, whole, answers


@torch.no_grad()
def simulate(survey: Survey, slowness: Callable[[Tensor], Tensor], *, seed: int = 0) -> Tensor:
    """What receivers hear beyond the incident field, (r, s), for a function of positions (n, 2)."""
    system = WaveSystem(survey, seed)
    return system.solve(slowness(system.x))[0]
