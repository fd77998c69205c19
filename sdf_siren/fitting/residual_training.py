"""Training on an equation's residual alone, by the loop and the optimizers that scans are fitted with.

The conditions are those of :mod:`sdf_siren.fitting.least_squares`, weighted alike; a step sees some of the
rows of a pool. This is how physics-informed networks are trained (Raissi et al. 2019), apart from conditions
that the ansatz fulfils by construction. It is far from the accuracy of the other solvers, and serves networks
that these cannot handle and the comparison of activations.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Solution
from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.problem import Problem
from sdf_siren.conditions.rows import Rows
from sdf_siren.errors import UsageError
from sdf_siren.fields import LayeredField, ParameterGradients, Siren, SirenShape, initialise
from sdf_siren.fitting.ladder import FRESH_ROWS, FRESH_SEED
from sdf_siren.fitting.least_squares import ROWS_PER_UNKNOWN, Block, Collocation
from sdf_siren.fitting.linearisation import Equations, misses
from sdf_siren.fitting.optimizers import Adam, Optimizer, Soap
from sdf_siren.fitting.trainer import RateSchedule, Trainer
from sdf_siren.losses.objective import Shares

OPTIMIZERS = ("soap", "adam")
POOL_ROWS = 20_000
BATCH_ROWS = 300
RATE = {"soap": 1e-2, "adam": 1e-2}
WARMUP, FLOOR = 50, 1e-3
WIDTH, HIDDEN_LAYERS = 48, 2
BANDWIDTH = 4.0
"""The highest frequency of a network's first layer times half the domain's largest extent."""


@dataclass(frozen=True)
class RowSampler:
    """Draws rows with replacement from every block of a pool, in proportion.

    Attributes:
        pool: of equations at many points.
        count: rows inside per step.
    """

    pool: Equations
    count: int

    def draw(self, generator: torch.Generator, step: int = 0) -> Equations:
        """Equations at some of the points, weighted so that residuals of all are estimated."""
        share = self.count / len(self.pool.collocation.blocks[0].network)
        blocks, values = [], self.pool.values
        for k, block in enumerate(self.pool.collocation.blocks):
            count = max(1, math.ceil(share * len(block.network)))
            chosen = torch.randint(len(block.network), (count,), generator=generator)
            blocks.append(_some(block, chosen, math.sqrt(len(block.network) / count)))
            if k == 0 and values is not None:
                values = _some(values, chosen, 1.0)
        collocation = Collocation(tuple(blocks), self.pool.collocation.scale)
        return Equations(self.pool.problem, self.pool.ansatz, collocation, values)


def _some(block: Block, chosen: Tensor, weight: float) -> Block:
    r = block.network
    parts = [None if t is None else t[chosen] for t in (r.alpha, r.beta, r.gamma)]
    return Block(Rows(r.x[chosen], r.target[chosen], *parts).times(weight), block.columns[chosen] * weight)


class ResidualEngine:
    """Half the mean square of what rows miss, and its gradients by a network's parameters.

    Args:
        network: float64; its parameters are read at every call.
    """

    def __init__(self, network: LayeredField) -> None:
        self._network = network

    @torch.no_grad()
    def __call__(self, batch: Equations, fraction: float) -> tuple[list[Tensor], Shares]:
        """Gradients like ``network.parameters``, and the loss by name, 0-dimensional, when asked for."""
        solution = Solution(batch.ansatz, self._network, torch.zeros(0, dtype=torch.float64))
        here = batch.at(solution)
        missing = misses(here, solution)
        total: ParameterGradients | None = None
        for block, part in zip(
            here.blocks, missing.split([len(b.network) for b in here.blocks]), strict=True
        ):
            r, rbar = block.network, part[:, None] / here.scale
            found = self._network.row_gradients(r.x, r.alpha, r.beta, r.gamma, rbar)
            if total is None:
                total = found
            else:
                total.add(found)
        assert total is not None
        return total.tensors, lambda: {"residual": missing.square().sum().sqrt()}

    def program(self, fraction: float) -> Hashable:
        """Always the same."""
        return "residual"


class ResidualTraining:
    """A network trained on a problem's residual.

    ``trainer`` does the work and holds the state; :meth:`indicator` judges on points that it has not seen.

    Args:
        problem: real, without columns.
        network: float64, trained in place; None makes a SIREN of ``WIDTH``.
        steps: of the training.
        optimizer: ``soap`` or ``adam``.
        rate: the largest learning rate; None for the optimizer's own.
        seed: of the network and of all points.

    Raises:
        UsageError: a complex problem, one with columns, or an unknown optimizer.
    """

    def __init__(
        self,
        problem: Problem,
        network: LayeredField | None = None,
        *,
        steps: int,
        optimizer: str = "soap",
        rate: float | None = None,
        seed: int = 0,
    ) -> None:
        title, self._ansatz = problem.title or "problem", ansatz_for(problem)
        if problem.is_complex or self._ansatz.columns:
            what = "a complex one" if problem.is_complex else "corner functions or multipoles in it"
            raise UsageError(f"{title}: training needs a real problem without extra columns, found {what}")
        if optimizer not in OPTIMIZERS:
            raise UsageError(f"the optimizer must be one of {', '.join(OPTIMIZERS)}, found {optimizer!r}")
        self.network = network or siren_for(problem, seed=seed)
        self._fresh = Equations.collocated(problem, self._ansatz, FRESH_ROWS / ROWS_PER_UNKNOWN, FRESH_SEED)
        pool = Equations.collocated(problem, self._ansatz, POOL_ROWS / ROWS_PER_UNKNOWN, seed)
        self.trainer: Trainer[Equations] = Trainer(
            self.network,
            ResidualEngine(self.network),
            RowSampler(pool, BATCH_ROWS),
            optimizer_named(optimizer, self.network),
            RateSchedule(rate or RATE[optimizer], steps, warmup=WARMUP, floor=FLOOR),
            seed=seed,
            advice="lower the learning rate",
        )

    @property
    def solution(self) -> Solution:
        """As trained so far."""
        return Solution(self._ansatz, self.network, torch.zeros(0, dtype=torch.float64))

    def indicator(self) -> float:
        """The residual on fresh points, relative to the solution's scale."""
        return self._fresh.residual(self.solution)


def optimizer_named(name: str, network: LayeredField) -> Optimizer:
    """A new optimizer over the parameters of a network."""
    return Soap(network.parameters) if name == "soap" else Adam(network.parameters)


def siren_for(
    problem: Problem, *, width: int = WIDTH, hidden_layers: int = HIDDEN_LAYERS, seed: int = 0
) -> Siren:
    """A float64 SIREN whose first layer's frequencies fit the domain.

    Drawn as in Sitzmann et al. 2020 with omega_0 = 1 in the later layers: the paper's 30, in the first one,
    is a frequency for images, and squares in the Laplacian.
    """
    low, high = problem.domain.bounds
    shape = SirenShape(problem.domain.dimension, 1, width, hidden_layers, omega_0=1.0)
    half = float((high - low).max()) / 2
    network = initialise(shape, seed=seed, dtype=torch.float64)
    network.weights[0].mul_(math.sqrt(shape.inputs) * BANDWIDTH / half)
    network.biases[0].mul_(math.pi * math.sqrt(shape.inputs)).sub_(network.weights[0] @ ((low + high) / 2))
    return network
