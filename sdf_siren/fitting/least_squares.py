"""Linear problems by exact least squares: a SIREN with frozen sine layers, its output layer solved by QR.

Bandwidth, depth and width of the frozen layers decide everything, and nothing about the solution is known:
candidates are compared by their residuals on *fresh* points, which the solve has not seen. A ladder of
widths, each twice the one before, tries many candidates where they are cheap and few where they are dear.

QR in float64, for the normal equations lose half the digits: columns of smooth features are nearly dependent
(condition numbers of 1e16 and more are usual and harmless, because the solve is backward stable: what is lost
is knowledge of the coefficients, not of their sum).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Ansatz, Solution, by_parts, network_rows
from sdf_siren.conditions.problem import Problem
from sdf_siren.conditions.rows import Rows
from sdf_siren.domains import Domain
from sdf_siren.errors import InputError
from sdf_siren.fields import Siren, SirenShape

ROWS_PER_UNKNOWN = 2.0
RIM_SHARE, RIM_DEPTH = 0.3, 6.0
"""Of scattered points inside, how many lie near the boundary, and how near by their spacing."""
BOUNDARY_DENSITY = 8.0
"""Boundary points by those inside, both to the power of one over their dimension."""
BOUNDARY_WEIGHT = 30.0
"""By how much a miss on the boundary counts more than the residual that could cause the same error inside."""


@dataclass(frozen=True)
class Candidate:
    """A frozen network.

    Attributes:
        width: unknowns, units of the last sine layer.
        depth: 1 or 2 sine layers.
        bandwidth: the highest frequency of the first layer times half the domain's largest extent.
    """

    width: int
    depth: int
    bandwidth: float


@dataclass(frozen=True)
class Block:
    """Weighted conditions on u at some points, and what they ask of the parts of an ansatz.

    Attributes:
        network: rows for the network.
        columns: left-hand sides of the columns, (n, columns).
    """

    network: Rows
    columns: Tensor

    @classmethod
    def of(cls, ansatz: Ansatz, rows: Rows) -> Block:
        """For conditions on u."""
        around = ansatz.at(rows.x)
        return cls(around.rows_of_network(rows), around.column_rows(rows))


@dataclass(frozen=True)
class Collocation:
    """Where the conditions are asked.

    Attributes:
        blocks: interior first, then the conditions that are not fulfilled by construction.
        scale: of the solution, by which residuals are divided.
    """

    blocks: tuple[Block, ...]
    scale: float

    def residual(self, solution: Solution) -> float:
        """The root mean square of left-hand minus right-hand sides, relative to the solution's scale."""
        total = 0.0
        for block in self.blocks:
            misses = network_rows(solution.network, block.network) - block.network.target
            if block.columns.shape[1]:
                misses = misses + block.columns.to(solution.amplitudes.dtype) @ solution.amplitudes
            total += float(misses.abs().square().sum())
        value = math.sqrt(total) / self.scale
        return value if math.isfinite(value) else math.inf


def collocate(problem: Problem, ansatz: Ansatz, unknowns: int, seed: int) -> Collocation:
    """Points enough for ``unknowns`` and their rows, weighted so that each residual is an error of u.

    A residual r inside moves u by about ``r R^2 / 2d`` (Poisson's equation in a ball of radius R), one on the
    boundary by itself.

    Args:
        problem: what is asked.
        ansatz: what is fulfilled already.
        unknowns: of the linear system.
        seed: of the points.
    """
    domain = problem.domain
    inside = math.ceil(ROWS_PER_UNKNOWN * unknowns) + 16
    x = _scattered(domain, inside, seed)
    weight = influence(problem)
    interior = problem.interior_rows(x)
    blocks = [Block.of(ansatz, interior.times(weight / math.sqrt(len(x))))]
    scales = [float(blocks[0].network.target.abs().square().sum().sqrt())]
    for rows in _boundary_rows(problem, ansatz, len(x), seed):
        scales.append(_rms(rows.target))
        blocks.append(Block.of(ansatz, rows.times(BOUNDARY_WEIGHT / math.sqrt(len(rows)))))
    if ansatz.lift is not None:
        scales.append(_rms(ansatz.lift(x).value))
    for block in blocks:
        _check_finite(problem, block)
    return Collocation(tuple(blocks), max(scales) or 1.0)


def _check_finite(problem: Problem, block: Block) -> None:
    """Refuse data without a value: one NaN would spoil every coefficient."""
    rows = block.network
    parts = [rows.target, rows.alpha, rows.beta, rows.gamma]
    bad = torch.zeros(len(rows), dtype=torch.bool)
    for part in parts:
        if part is not None:
            bad |= ~part.isfinite().reshape(len(rows), -1).all(1)
    if bad.any():
        place = ", ".join(f"{value:.6g}" for value in rows.x[bad][0].tolist())
        raise InputError(
            f"{problem.title or 'problem'}: expected finite data everywhere, found none at ({place}); "
            "check the formulas there"
        )


def _boundary_rows(problem: Problem, ansatz: Ansatz, inside: int, seed: int) -> list[Rows]:
    """The conditions that are not fulfilled by construction, about as dense as the points inside."""
    if not ansatz.soft:
        return []
    d = problem.domain.dimension
    count = math.ceil(BOUNDARY_DENSITY * inside ** ((d - 1) / d)) + 4 * len(ansatz.columns)
    pieces = problem.boundary_pieces(max(8 * d, count), seed, ansatz.soft)
    return [condition.rows(on) for condition, on in pieces]


def influence(problem: Problem) -> float:
    """By how much a residual of one everywhere moves u, for Poisson's equation in the bounding ball."""
    _, radius = problem.domain.bounding_ball
    return radius**2 / (2 * problem.domain.dimension)


def _rms(values: Tensor) -> float:
    return float(values.abs().square().mean().sqrt()) if len(values) else 0.0


def _scattered(domain: Domain, count: int, seed: int) -> Tensor:
    """Points inside, denser towards the boundary.

    Sums of many sines that are held only by points spread evenly come loose at the rim. Gauss-Legendre points
    in boxes hold it as well, but are sparser in the middle, where fast waves then hide between them.
    """
    x = domain.interior(count, seed)
    along = domain.boundary(math.ceil(RIM_SHARE * count), seed)
    generator = torch.Generator().manual_seed(seed)
    depth = torch.rand(len(along.x), 1, generator=generator, dtype=torch.float64).square()
    spacing = float((domain.bounds[1] - domain.bounds[0]).max()) * count ** (-1 / domain.dimension)
    rim = along.x - along.normal * depth * (RIM_DEPTH * spacing)
    rim = rim[domain.contains(rim)]
    return torch.cat([x[: count - len(rim)], rim])


def _speeds(problem: Problem) -> Tensor:
    """By axis, how much faster a solution varies along it."""
    speeds = torch.ones(problem.domain.dimension, dtype=torch.float64)
    if problem.operator.time_speed is not None:
        speeds[-1] = problem.operator.time_speed
    return speeds


def frozen_network(problem: Problem, ansatz: Ansatz, candidate: Candidate, seed: int) -> Siren:
    """A network with random sine layers and a zero output layer, for points in the problem's own coordinates.

    First layer: frequencies uniform in the ball of radius ``bandwidth`` (times half the largest extent), for
    the tails of a normal distribution are columns wasted. Second layer: as in Sitzmann et al. 2020, with
    omega_0 = 1. Phases: uniform.
    """
    d, width = problem.domain.dimension, candidate.width
    generator = torch.Generator().manual_seed(seed)

    def uniform(*size: int) -> Tensor:
        return torch.rand(*size, generator=generator, dtype=torch.float64) * 2 - 1

    first = width if candidate.depth == 1 else max(16, int(2 * math.sqrt(width)))
    low, high = problem.domain.bounds
    speeds = _speeds(problem)
    directions = torch.randn(first, d, generator=generator, dtype=torch.float64)
    directions /= directions.norm(dim=1, keepdim=True)
    lengths = ((uniform(first, 1) + 1) / 2) ** (1 / d)
    half = float(((high - low) * speeds).max()) / 2
    frequencies = directions * lengths * (candidate.bandwidth / half) * speeds
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


def design(network: Siren, collocation: Collocation) -> tuple[Tensor, Tensor]:
    """The system for output weights, output bias and amplitudes: (n, width + 1 + columns) and (n,)."""
    matrices, targets = [], []
    for block in collocation.blocks:
        matrix = by_parts(block.network, partial(network.hidden_rows, block.network.x))
        if block.columns.shape[1]:
            dtype = torch.promote_types(matrix.dtype, block.columns.dtype)
            matrix = torch.cat([matrix.to(dtype), block.columns.to(dtype)], 1)
        matrices.append(matrix)
        targets.append(block.network.target)
    dtype = torch.complex128 if any(t.is_complex() for t in (*matrices, *targets)) else torch.float64
    return torch.cat([m.to(dtype) for m in matrices]), torch.cat([t.to(dtype) for t in targets])


def column_scale(matrix: Tensor) -> Tensor:
    """The lengths of the columns of ``matrix`` (n, m), (m,); one for columns of zeros.

    Divided by it, columns are alike, whatever their units and the bandwidth behind them.
    """
    scale = matrix.norm(dim=0)
    return torch.where(scale > 0, scale, torch.ones_like(scale))


def solve_columns(matrix: Tensor, target: Tensor) -> Tensor:
    """The least-squares solution by QR, columns scaled to length one first; overwrites ``matrix``.

    Without pivoting: torch's default, which pivots, differs from call to call in the last digits. Columns of
    zeros, such as that of a constant that is free, get coefficients of zero.

    Raises:
        LinAlgError: a number is not finite, or columns are equal to the last bit.
    """
    if not (matrix.isfinite().all() and target.isfinite().all()):  # LAPACK calls them internal errors
        raise torch.linalg.LinAlgError("a system with numbers that are not finite")  # type: ignore[attr-defined]
    scale = column_scale(matrix)
    matrix /= scale
    used = matrix.any(dim=0)
    found = torch.zeros_like(scale, dtype=matrix.dtype)
    columns = matrix if used.all() else matrix[:, used]
    found[used] = torch.linalg.lstsq(columns, target[:, None], driver="gels").solution[:, 0]
    return found / scale


def solved(network: Siren, ansatz: Ansatz, collocation: Collocation) -> Solution:
    """The network with its output layer solved for the conditions, and the columns' amplitudes."""
    coefficients = solve_columns(*design(network, collocation))
    width = network.shape.width
    output = coefficients[: width + 1]
    if network.shape.outputs == 2:
        output = output.to(torch.complex128)
        parts = torch.stack([output.real, output.imag])
    else:
        parts = output[None]
    found = with_output(network, parts[:, :width].contiguous(), parts[:, width].contiguous())
    return Solution(ansatz, found, coefficients[width + 1 :])


def with_output(network: Siren, weight: Tensor, bias: Tensor) -> Siren:
    """The network with another output layer."""
    return Siren(network.shape, [*network.weights[:-1], weight], [*network.biases[:-1], bias])
