"""Linear problems by exact least squares: a SIREN whose sine layers are frozen, its output layer solved by QR.

Bandwidth, depth and width of the frozen layers decide everything, and nothing about the solution is known: candidates
are compared by their residuals on *fresh* points, which the solve has not seen. A ladder of widths, each twice
the one before, tries many candidates where they are cheap and few where they are dear.

QR in float64, for the normal equations lose half the digits: columns of smooth features are nearly dependent
(condition numbers of 1e16 and more are usual and harmless, because the solve is backward stable: what is lost
is knowledge of the coefficients, not of their sum).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Ansatz, Solution, ansatz_for, by_parts, points_of
from sdf_siren.conditions.problem import Problem
from sdf_siren.conditions.rows import Rows
from sdf_siren.domains import Box
from sdf_siren.errors import DivergenceError
from sdf_siren.fields import Siren, SirenShape

ROWS_PER_UNKNOWN = 2.0
BOUNDARY_WEIGHT = 30.0
"""By how much a miss on the boundary counts more than the residual that could cause the same error inside."""
FIRST_WIDTH, LAST_WIDTH = 200, 3200
WIDE = 1000
"""Widths above get only the best candidates of the width below and their neighbours."""
FRESH_SEED = 1_000_003


@dataclass(frozen=True)
class Candidate:
    """A frozen network.

    Attributes:
        width: unknowns, units of the last sine layer.
        depth: 1 or 2 sine layers.
        bandwidth: standard deviation of the first layer's frequencies times half the domain's largest extent.
    """

    width: int
    depth: int
    bandwidth: float


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


Report = Callable[[Trial], None]


@dataclass(frozen=True)
class Collocation:
    """Where the conditions are asked: blocks of rows, already weighted.

    Attributes:
        blocks: interior first, then the conditions that are not fulfilled by construction.
        scale: of the solution, by which residuals are divided.
    """

    blocks: tuple[Rows, ...]
    scale: float


def collocate(problem: Problem, ansatz: Ansatz, unknowns: int, seed: int, *, regular: bool) -> Collocation:
    """Points enough for ``unknowns`` and their rows, weighted so that each residual is an error of u.

    A residual r inside moves u by about ``r R^2 / 2d`` (Poisson's equation in a ball of radius R), one on the boundary
    by itself.

    Args:
        problem: what is asked.
        ansatz: what is fulfilled already.
        unknowns: of the linear system.
        seed: of scattered points.
        regular: Gauss-Legendre points where the domain is a box of up to two dimensions.
    """
    domain = problem.domain
    inside = math.ceil(ROWS_PER_UNKNOWN * unknowns) + 16
    x = _regular(problem, inside) if regular and isinstance(domain, Box) and domain.dimension <= 2 else None
    if x is None:
        x = domain.interior(inside, seed)
    weight = influence(problem)
    interior = problem.interior_rows(x)
    scale = weight * _rms(interior.target)
    blocks = [interior.times(weight / math.sqrt(len(x)))]
    if ansatz.soft:
        share = len(x) ** ((domain.dimension - 1) / domain.dimension) if domain.dimension > 1 else 1.0
        boundary = domain.boundary(max(2 * domain.dimension, math.ceil(4 * share)), seed)
        for condition in ansatz.soft:
            on = points_of(boundary, domain.parts, condition.parts)
            rows = condition.rows(on)
            scale = max(scale, _rms(rows.target))
            blocks.append(rows.times(BOUNDARY_WEIGHT / math.sqrt(max(1, len(on.x)))))
    if ansatz.lift is not None:
        scale = max(scale, _rms(ansatz.lift(x).value))
    return Collocation(tuple(blocks), scale or 1.0)


def influence(problem: Problem) -> float:
    """By how much a residual of one everywhere moves u, for Poisson's equation in the ball around the domain."""
    _, radius = problem.domain.ball
    return radius**2 / (2 * problem.domain.dimension)


def _rms(values: Tensor) -> float:
    return float(values.abs().square().mean().sqrt()) if len(values) else 0.0


def _regular(problem: Problem, count: int) -> Tensor:
    """Gauss-Legendre points, along each axis as many as waves of one frequency need."""
    assert isinstance(problem.domain, Box)
    low, high = problem.domain.bounds
    extent = (high - low) * _speeds(problem)
    per_length = (count / float(extent.prod())) ** (1 / len(extent))
    return problem.domain.grid([max(4, math.ceil(float(side) * per_length)) for side in extent])[0]


def _speeds(problem: Problem) -> Tensor:
    """By axis, how much faster a solution varies along it."""
    speeds = torch.ones(problem.domain.dimension, dtype=torch.float64)
    if problem.operator.time_speed is not None:
        speeds[-1] = problem.operator.time_speed
    return speeds


def frozen_network(problem: Problem, ansatz: Ansatz, candidate: Candidate, seed: int) -> Siren:
    """A network with random sine layers and a zero output layer, for points in the problem's own coordinates.

    First layer ``N(0, bandwidth^2 / d)`` by half extent, so that the length of a frequency has the standard deviation
    ``bandwidth``; second layer as in Sitzmann et al. 2020, with omega_0 = 1; phases uniform.
    """
    d, width = problem.domain.dimension, candidate.width
    generator = torch.Generator().manual_seed(seed)

    def uniform(*size: int) -> Tensor:
        return torch.rand(*size, generator=generator, dtype=torch.float64) * 2 - 1

    first = width if candidate.depth == 1 else max(16, int(2 * math.sqrt(width)))
    low, high = problem.domain.bounds
    half = float((high - low).max()) / 2 if problem.operator.time_speed is None else float(((high - low) * _speeds(problem)).max()) / 2
    frequencies = torch.randn(first, d, generator=generator, dtype=torch.float64)
    frequencies = frequencies * (candidate.bandwidth / math.sqrt(d) / half) * _speeds(problem)
    for axis, period in enumerate(ansatz.periods):
        if period is not None:
            base = 2 * math.pi / period
            frequencies[:, axis] = (frequencies[:, axis] / base).round() * base
    weights = [frequencies]
    biases = [uniform(first) * math.pi - frequencies @ ((low + high) / 2)]
    if candidate.depth == 2:
        weights.append(uniform(width, first) * math.sqrt(6 / first))
        biases.append(uniform(width) * math.pi)
    outputs = 2 if problem.is_complex else 1
    weights.append(torch.zeros(outputs, width, dtype=torch.float64))
    biases.append(torch.zeros(outputs, dtype=torch.float64))
    shape = SirenShape(
        inputs=d,
        outputs=outputs,
        width=width,
        hidden_layers=candidate.depth - 1,
        omega_0=1.0,
        first_width=first if candidate.depth == 2 else None,
    )
    return Siren(shape, weights, biases)


def design(network: Siren, ansatz: Ansatz, blocks: tuple[Rows, ...]) -> tuple[Tensor, Tensor]:
    """The system for output weights, output bias and amplitudes: (n, width + 1 + columns) and (n,)."""
    matrices, targets = [], []
    for rows in blocks:
        asked = ansatz.rows_of_network(rows)

        def hidden(alpha: Tensor | None, beta: Tensor | None, gamma: Tensor | None, x: Tensor = asked.x) -> Tensor:
            return network.hidden_rows(x, alpha, beta, gamma)

        matrix = by_parts(asked, hidden)
        if ansatz.columns:
            columns = ansatz.column_rows(rows)
            matrix = torch.cat([matrix.to(torch.promote_types(matrix.dtype, columns.dtype)), columns], 1)
        matrices.append(matrix)
        targets.append(asked.target)
    dtype = matrices[0].dtype
    for tensor in (*matrices, *targets):
        dtype = torch.promote_types(dtype, tensor.dtype)
    return torch.cat([m.to(dtype) for m in matrices]), torch.cat([t.to(dtype) for t in targets])


def solve_columns(matrix: Tensor, target: Tensor) -> Tensor:
    """The least-squares solution by QR, columns scaled to length one first; overwrites ``matrix``."""
    scale = matrix.norm(dim=0)
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    matrix /= scale
    return torch.linalg.lstsq(matrix, target[:, None], driver="gels").solution[:, 0] / scale


def solved(network: Siren, ansatz: Ansatz, collocation: Collocation) -> Solution:
    """The network with its output layer solved for the conditions, and the columns' amplitudes."""
    coefficients = solve_columns(*design(network, ansatz, collocation.blocks))
    width = network.shape.width
    output = coefficients[: width + 1]
    if network.shape.outputs == 2:
        output = output.to(torch.complex128)
        parts = torch.stack([output.real, output.imag])
    else:
        parts = output[None]
    weights = [*network.weights[:-1], parts[:, :width].contiguous()]
    biases = [*network.biases[:-1], parts[:, width].contiguous()]
    return Solution(ansatz, Siren(network.shape, weights, biases), coefficients[width + 1 :])


def indicator(solution: Solution, fresh: Collocation) -> float:
    """The residual on fresh points relative to the solution's scale."""
    total = sum(float(solution.residual(rows).abs().square().sum()) for rows in fresh.blocks)
    value = math.sqrt(total) / fresh.scale
    return value if math.isfinite(value) else math.inf
