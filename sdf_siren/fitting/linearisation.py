"""A problem's equations at points, linearised about a function: what Newton's method and its kin solve.

With a reaction g the equation is ``L u + g(x, u) = f``. About a function u the step to v asks for

    L v + g'(x, u) v = f - g(x, u) + g'(x, u) u

which is rows again, with ``alpha + g'``: every solver of linear problems solves it. The residual of these
rows at v = u is that of the equation itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sdf_siren.conditions.ansatz import Ansatz, Solution, network_rows
from sdf_siren.conditions.problem import Problem
from sdf_siren.conditions.rows import Rows
from sdf_siren.errors import UsageError
from sdf_siren.fitting.least_squares import Block, Collocation, collocate, influence


@dataclass(frozen=True)
class Equations:
    """What a problem asks at some points.

    Attributes:
        problem: linear or with a reaction.
        ansatz: of its solutions.
        collocation: the linear part of the equation inside, first, and the conditions on the boundary.
        values: inside, the rows of the value u itself; None where there is no reaction.
    """

    problem: Problem
    ansatz: Ansatz
    collocation: Collocation
    values: Block | None

    @classmethod
    def of(cls, problem: Problem, ansatz: Ansatz, collocation: Collocation) -> Equations:
        """At the points of a collocation.

        Raises:
            UsageError: a reaction in a problem with complex numbers.
        """
        if problem.operator.is_linear:
            return cls(problem, ansatz, collocation, None)
        if problem.is_complex:
            raise UsageError(
                f"{problem.title or 'problem'}: a reaction needs a real problem, found a complex one"
            )
        x = collocation.blocks[0].network.x
        ones = torch.ones(len(x), dtype=torch.float64)
        return cls(problem, ansatz, collocation, Block.of(ansatz, Rows(x, 0 * ones, alpha=ones)))

    @classmethod
    def collocated(cls, problem: Problem, ansatz: Ansatz, unknowns: float, seed: int) -> Equations:
        """At points enough for ``unknowns``, see :func:`~sdf_siren.fitting.least_squares.collocate`."""
        return cls.of(problem, ansatz, collocate(problem, ansatz, math.ceil(unknowns), seed))

    def at(self, solution: Solution) -> Collocation:
        """The equations linearised about a function; a linear problem's are the same everywhere."""
        if self.values is None:
            return self.collocation
        inside, *others = self.collocation.blocks
        rows, x = inside.network, inside.network.x
        known = self.values.network.target  # minus the lift
        u = left_hand_sides(self.values, solution) - known
        reaction, slope = self.problem.operator.reaction_at(x, u)
        weight = influence(self.problem) / math.sqrt(len(x))  # as collocate has it
        assert self.values.network.alpha is not None
        alpha = weight * slope * self.values.network.alpha
        here = replace(
            rows,
            alpha=alpha if rows.alpha is None else rows.alpha + alpha,
            target=rows.target - weight * reaction + weight * slope * (u + known),
        )
        columns = inside.columns + (weight * slope)[:, None] * self.values.columns
        return Collocation((Block(here, columns), *others), self.collocation.scale)

    def residual(self, solution: Solution) -> float:
        """The root mean square of left-hand minus right-hand sides, relative to the solution's scale."""
        return self.at(solution).residual(solution)


def left_hand_sides(block: Block, solution: Solution) -> Tensor:
    """Of a block's rows, (n,)."""
    found = network_rows(solution.network, block.network)
    if block.columns.shape[1]:
        found = found + block.columns.to(solution.amplitudes.dtype) @ solution.amplitudes
    return found


def misses(collocation: Collocation, solution: Solution) -> Tensor:
    """Left-hand minus right-hand sides (n,), relative to the solution's scale."""
    parts = [left_hand_sides(block, solution) - block.network.target for block in collocation.blocks]
    return torch.cat(parts) / collocation.scale
