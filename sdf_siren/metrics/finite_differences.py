"""A classical reference: central differences of second order on boxes, solved by sparse LU.

Two grids, the second with half the spacing, extrapolated after Richardson: the h^2 term of the error cancels.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import splu

from sdf_siren.conditions import BoundaryCondition, Problem
from sdf_siren.domains import Boundary, Box
from sdf_siren.metrics.references import Reference, relative

CELLS = {1: 2000, 2: 160}
"""Of the coarse grid along every axis; in one dimension more would lose more digits to rounding."""
_NEWTON_STEPS = 30

Array = NDArray[Any]


def no_finite_differences(problem: Problem) -> str | None:
    """Why there is no such reference for a problem, or None where there is one."""
    if not isinstance(problem.domain, Box) or problem.domain.dimension > 2:
        return "finite differences here are for intervals and rectangles"
    if problem.leaves_constant_free:
        return "finite differences here need conditions that leave no constant free"
    return None


@torch.no_grad()
def box_reference(problem: Problem, cells: int | None = None) -> Reference:
    """Richardson's extrapolation from grids of ``cells`` and twice as many cells along every axis."""
    count = cells or CELLS[problem.domain.dimension]
    start = time.monotonic()
    x, coarse = solved_on(problem, count)
    _, fine = solved_on(problem, 2 * count)
    shape = (2 * count + 1,) * problem.domain.dimension
    on_coarse = fine.reshape(shape)[(slice(None, None, 2),) * len(shape)].ravel()
    best = on_coarse + (on_coarse - coarse) / 3
    moved = relative(best - on_coarse, best)
    method = f"finite differences, {2 * count} cells a side, extrapolated"
    return Reference(x, best, moved, time.monotonic() - start, method)


def solved_on(problem: Problem, cells: int) -> tuple[Array, Array]:
    """The nodes (n, d) of a grid and the discrete solution there (n,), by Newton's method if need be."""
    grid = Nodes(problem, cells)
    matrix, right = grid.system()
    operator = problem.operator
    if operator.is_linear:
        return grid.x, splu(matrix.tocsc()).solve(right)
    u, inner = np.zeros(len(right)), grid.has_equation
    for _ in range(_NEWTON_STEPS):
        at = operator.reaction_at(torch.from_numpy(grid.x), torch.from_numpy(u))
        value, slope = (np.where(inner, part.numpy(), 0.0) for part in at)
        step = splu((matrix + sparse.diags(slope)).tocsc()).solve(right - matrix @ u - value)
        u = u + step
        if np.abs(step).max() <= 1e-12 * np.abs(u).max():
            break
    return grid.x, u


class Nodes:
    """The nodes of a box, the boundary included, and the equations that hold at each.

    A side with Neumann or Robin data keeps the differential equation: the node outside is replaced by what
    the condition says of it. Periodic sides carry the same unknowns twice.
    """

    def __init__(self, problem: Problem, cells: int) -> None:
        assert isinstance(problem.domain, Box)
        self.problem, self.cells, self.d = problem, cells, problem.domain.dimension
        low, high = (bound.numpy() for bound in problem.domain.bounds)
        self.h = (high - low) / cells
        axes = [np.linspace(a, b, cells + 1) for a, b in zip(low, high, strict=True)]
        self.x = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, self.d)
        self.place = np.stack(np.unravel_index(np.arange(len(self.x)), (cells + 1,) * self.d), 1)
        self.by_part = {part: c for c in problem.conditions for part in c.parts}
        self.has_equation = np.ones(len(self.x), bool)

    def condition(self, axis: int, upper: int) -> BoundaryCondition:
        return self.by_part[self.problem.domain.parts[2 * axis + upper]]

    def on(self, axis: int, upper: int) -> NDArray[np.bool_]:
        return np.asarray(self.place[:, axis] == upper * self.cells)

    def data(self, axis: int, upper: int, nodes: Array) -> tuple[Array, Array]:
        """Right-hand sides of a side's condition at some nodes, and what multiplies u beside du/dn."""
        x = torch.from_numpy(self.x[nodes])
        normal = torch.zeros_like(x)
        normal[:, axis] = 2.0 * upper - 1.0
        rows = self.condition(axis, upper).rows(Boundary(x, normal, torch.zeros(len(x), dtype=torch.int64)))
        alpha = torch.zeros_like(rows.target) if rows.alpha is None else rows.alpha
        return rows.target.numpy(), alpha.numpy()

    def system(self) -> tuple[Any, Array]:
        """The matrix and the right-hand sides."""
        n, x = len(self.x), torch.from_numpy(self.x)
        alpha, beta, gamma = self.problem.operator.coefficients(x)
        right = self.problem.source_at(x).numpy()
        parts = [p for p in (alpha, beta, gamma) if p is not None]
        kind = np.complex128 if any(p.is_complex() for p in parts) or np.iscomplexobj(right) else np.float64
        right = right.astype(kind)
        diagonal = np.zeros(n, kind) if alpha is None else alpha.numpy().astype(kind)
        entries: list[tuple[Array, Array, Array]] = []
        for axis in range(self.d):
            assert gamma is not None
            second = gamma[:, axis, axis].numpy() / self.h[axis] ** 2
            first = 0.0 if beta is None else beta[:, axis].numpy() / (2 * self.h[axis])
            diagonal = diagonal - 2 * second
            for upper, weight in ((0, second - first), (1, second + first)):
                self._neighbours(axis, upper, weight, entries, diagonal, right)
        entries.append((np.arange(n), np.arange(n), diagonal))
        return self._fixed(entries, right)

    def _neighbours(
        self,
        axis: int,
        upper: int,
        weight: Array,
        entries: list[tuple[Array, Array, Array]],
        diagonal: Array,
        right: Array,
    ) -> None:
        """The neighbour along an axis, or what stands for it outside the box."""
        stride = (self.cells + 1) ** (self.d - 1 - axis) * (1 if upper else -1)
        edge = self.on(axis, upper)
        inner = np.flatnonzero(~edge)
        entries.append((inner, inner + stride, weight[inner]))
        outer = np.flatnonzero(edge)
        kind = self.condition(axis, upper).kind
        if kind == "periodic":  # the node behind the opposite side
            entries.append((outer, outer - (self.cells - 1) * stride, weight[outer]))
        elif kind in ("neumann", "robin"):  # u_outside = u_inside + 2 h (value - coefficient u)
            target, alpha = self.data(axis, upper, outer)
            entries.append((outer, outer - stride, weight[outer]))
            diagonal[outer] -= 2 * self.h[axis] * alpha * weight[outer]
            right[outer] -= 2 * self.h[axis] * target * weight[outer]

    def _fixed(self, entries: list[tuple[Array, Array, Array]], right: Array) -> tuple[Any, Array]:
        """Dirichlet nodes get their value, the second of periodic nodes that of the first, as equations."""
        rows, columns, values = (np.concatenate(part) for part in zip(*entries, strict=True))
        for axis in range(self.d):
            for upper in (0, 1):
                kind, nodes = self.condition(axis, upper).kind, np.flatnonzero(self.on(axis, upper))
                if kind != "dirichlet" and not (kind == "periodic" and upper):
                    continue
                kept = ~np.isin(rows, nodes)
                rows, columns, values = rows[kept], columns[kept], values[kept]
                rows = np.concatenate([rows, nodes])
                columns = np.concatenate([columns, nodes])
                values = np.concatenate([values, np.ones(len(nodes))])
                right[nodes] = self.data(axis, upper, nodes)[0] if kind == "dirichlet" else 0.0
                if kind == "periodic":
                    twin = nodes - self.cells * (self.cells + 1) ** (self.d - 1 - axis)
                    rows, columns = np.concatenate([rows, nodes]), np.concatenate([columns, twin])
                    values = np.concatenate([values, -np.ones(len(nodes))])
                self.has_equation[nodes] = False
        n = len(right)
        return sparse.csr_matrix((values, (rows, columns)), shape=(n, n)), right
