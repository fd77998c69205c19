"""A classical reference for waves in intervals and rectangles: leapfrog, central differences of second order.

Two grids, the second with half the spacing and half the step, extrapolated after Richardson.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from sdf_siren.conditions import BoundaryCondition, Problem
from sdf_siren.domains import Boundary, Box
from sdf_siren.metrics.finite_differences import Array
from sdf_siren.metrics.references import Reference, relative

CELLS = {1: 400, 2: 64}
"""Of the coarse grid along every axis of space."""
_COURANT = 0.5
"""Step by spacing over speed and the root of the dimension; below 1 it is stable."""
_LEVELS = 32
"""Moments at which solutions are compared, at most."""


def no_leapfrog(problem: Problem) -> str | None:
    """Why there is no such reference for a problem, or None where there is one."""
    if not isinstance(problem.domain, Box) or problem.domain.dimension > 3:
        return "leapfrog here is for waves in intervals and rectangles"
    return None


@torch.no_grad()
def wave_reference(problem: Problem, cells: int | None = None) -> Reference:
    """Richardson's extrapolation from grids of ``cells`` and twice as many cells along every axis."""
    assert isinstance(problem.domain, Box)
    assert problem.operator.time_speed is not None
    count = cells or CELLS[problem.domain.dimension - 1]
    low, high = (bound.numpy() for bound in problem.domain.bounds)
    size, duration = high[:-1] - low[:-1], high[-1] - low[-1]
    longest = _COURANT * float(size.min()) / count / problem.operator.time_speed / math.sqrt(len(size))
    every = max(1, math.ceil(duration / longest / _LEVELS))
    levels = math.ceil(duration / longest / every)
    start = time.monotonic()
    x, coarse = stepped(problem, count, levels, every)
    _, fine = stepped(problem, 2 * count, levels, 2 * every)
    thin = (slice(None), *[slice(None, None, 2)] * len(size))
    on_coarse = fine[thin]
    best = on_coarse + (on_coarse - coarse) / 3
    moved = relative(best - on_coarse, best)
    moments = low[-1] + duration * np.arange(levels + 1) / levels
    places = [np.concatenate([x, np.full((len(x), 1), t)], 1) for t in moments]
    method = f"leapfrog, {2 * count} cells a side, {2 * levels * every} steps, extrapolated"
    seconds = time.monotonic() - start
    return Reference(np.concatenate(places), best.reshape(-1), moved, seconds, method)


def stepped(problem: Problem, cells: int, levels: int, every: int) -> tuple[Array, Array]:
    """The nodes of space (n, d), and the discrete solution at ``levels`` + 1 moments, (levels + 1, nodes...).

    ``every`` steps lie between two moments.
    """
    grid = _Waves(problem, cells, levels * every)
    before, now = grid.first()
    found = [before]
    for number in range(1, levels * every + 1):
        if number % every == 0:
            found.append(now)
        if number < levels * every:
            before, now = now, grid.next(before, now, number)
    return grid.x, np.stack(found)


@dataclass
class _Waves:
    """The nodes of a box of space, the boundary included, and what changes from step to step."""

    problem: Problem
    cells: int
    steps: int

    def __post_init__(self) -> None:
        low, high = (bound.numpy() for bound in self.problem.domain.bounds)
        self.d = len(low) - 1
        self.h = (high[:-1] - low[:-1]) / self.cells
        self.start, self.step = float(low[-1]), float(high[-1] - low[-1]) / self.steps
        axes = [np.linspace(a, b, self.cells + 1) for a, b in zip(low[:-1], high[:-1], strict=True)]
        self.shape = (self.cells + 1,) * self.d
        self.x = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, self.d)
        self.parts = {p: c for c in self.problem.conditions if c.kind != "rate" for p in c.parts}
        self.sides = [
            (axis, upper, self.parts[self.problem.domain.parts[2 * axis + upper]])
            for axis in range(self.d)
            for upper in (0, 1)
        ]

    def at(self, number: int) -> torch.Tensor:
        """The nodes in space and time at a step, (n, d + 1)."""
        moment = np.full((len(self.x), 1), self.start + number * self.step)
        return torch.from_numpy(np.concatenate([self.x, moment], 1))

    def first(self) -> tuple[Array, Array]:
        """The solution at the start and a step later, by Taylor's series."""
        name = self.problem.domain.parts[-2]
        x = self.at(0)
        data = {c.kind: c.value for c in self.problem.conditions if name in c.parts}
        value, rate = (
            np.zeros(self.shape) if f is None else f(x).value.numpy().reshape(self.shape)
            for f in (data["dirichlet"], data["rate"])
        )
        later = value + self.step * rate + self.step**2 / 2 * self._acceleration(value, 0)
        return value, self._held(later, 1)

    def next(self, before: Array, now: Array, number: int) -> Array:
        """The solution a step after ``number``."""
        later = 2 * now - before + self.step**2 * self._acceleration(now, number)
        return self._held(later, number + 1)

    def _acceleration(self, u: Array, number: int) -> Array:
        x = self.at(number)
        gamma = self.problem.operator.coefficients(x)[2]
        assert gamma is not None
        total = self.problem.source_at(x)
        if not self.problem.operator.is_linear:
            total = total - self.problem.operator.reaction_at(x, torch.from_numpy(u.reshape(-1)))[0]
        found = total.numpy().reshape(self.shape).copy()
        speed = -gamma[:, 0, 0].numpy().reshape(self.shape)
        for axis in range(self.d):
            found += speed * self._second(u, axis, number)
        return found

    def _second(self, u: Array, axis: int, number: int) -> Array:
        """Second differences along an axis; beyond the ends lies what the conditions say."""
        rows, h = np.moveaxis(u, axis, 0), float(self.h[axis])
        beyond = [self._beyond(rows, axis, upper, number) for upper in (0, 1)]
        wide = np.concatenate([beyond[0][None], rows, beyond[1][None]])
        return np.moveaxis((wide[2:] - 2 * rows + wide[:-2]) / h**2, 0, axis)

    def _beyond(self, rows: Array, axis: int, upper: int, number: int) -> Array:
        condition = self.sides[2 * axis + upper][2]
        if condition.kind == "periodic":
            return rows[1] if upper else rows[-2]
        inner, edge = (rows[-2], rows[-1]) if upper else (rows[1], rows[0])
        if condition.kind == "dirichlet":
            return inner  # whatever: the value is held
        target, factor = self._data(condition, axis, upper, number)
        return inner + 2 * float(self.h[axis]) * (target - factor * edge)

    def _data(self, condition: BoundaryCondition, axis: int, upper: int, number: int) -> tuple[Array, Array]:
        """Right-hand sides of a side's condition, and what multiplies u beside du/dn."""
        nodes = np.take(np.arange(len(self.x)).reshape(self.shape), -upper, axis)
        x = self.at(number)[torch.from_numpy(nodes.reshape(-1))]
        rows = condition.rows(Boundary(x, torch.zeros_like(x), torch.zeros(len(x), dtype=torch.int64)))
        factor = torch.zeros_like(rows.target) if rows.alpha is None else rows.alpha
        return rows.target.numpy().reshape(nodes.shape), factor.numpy().reshape(nodes.shape)

    def _held(self, u: Array, number: int) -> Array:
        """With the values that Dirichlet sides have at a step."""
        for axis, upper, condition in self.sides:
            if condition.kind == "dirichlet":
                np.moveaxis(u, axis, 0)[-upper] = self._data(condition, axis, upper, number)[0]
        return u
