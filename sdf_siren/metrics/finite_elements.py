"""A classical reference in plane domains: quadratic finite elements, curved at the boundary, by scikit-fem.

Two meshes, the second with every triangle in four; the difference between the two, at the nodes that they
share, is the error that the reference claims for itself. Where the solution is smooth, the finer one is
several times better than that.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from sdf_siren.conditions import BoundaryCondition, Problem
from sdf_siren.domains import Boundary
from sdf_siren.errors import UsageError
from sdf_siren.metrics.references import Reference, relative
from sdf_siren.metrics.triangulation import Array, Triangulation, triangulated

CELLS = 40
"""Triangles of the coarse mesh along the domain's longest side, about."""
_NEWTON_STEPS = 30
_EVEN = 4
"""Degree up to which integrals over triangles are exact; twice that of the elements."""


def no_finite_elements(problem: Problem) -> str | None:
    """Why there is no such reference for a problem, or None where there is one."""
    if problem.domain.dimension != 2 or not problem.domain.curves:
        return "finite elements here are for two dimensions"
    if problem.operator.time_speed is not None:
        return "finite elements here are for equations without time"
    if problem.singular is not None or problem.layer is not None:
        return "finite elements here know neither point sources nor absorbing layers"
    if any(condition.kind == "periodic" for condition in problem.conditions):
        return "finite elements here know no periodic sides"
    if problem.leaves_constant_free:
        return "finite elements here need conditions that leave no constant free"
    if find_spec("skfem") is None:
        return "finite elements need scikit-fem; pip install 'sdf-siren[fem]'"
    return None


@torch.no_grad()
def element_reference(problem: Problem, cells: int | None = None) -> Reference:
    """The finer of two solutions at the nodes of the coarser one.

    Args:
        problem: in two dimensions, without time.
        cells: triangles of the coarse mesh along the domain's longest side.

    Raises:
        UsageError: no mesh follows the boundary.
    """
    low, high = problem.domain.bounds
    start = time.monotonic()
    spacing = float((high - low).max()) / (cells or CELLS)
    coarse = triangulated(problem.domain, spacing)
    if coarse is None:
        raise UsageError("no classical reference: no mesh follows the boundary; raise classical_cells")
    fine = coarse.refined(problem.domain.curves)
    rough, _ = solved_on(problem, coarse)
    best, unknowns = solved_on(problem, fine)
    count = len(coarse.points)
    rough, best = rough[:count], best[:count]
    moved = relative(best - rough, best)
    method = f"quadratic finite elements, {unknowns:,} unknowns"
    return Reference(coarse.points, best, moved, time.monotonic() - start, method)


def solved_on(problem: Problem, mesh: Triangulation) -> tuple[Array, int]:
    """The discrete solution (v,) at the nodes of a mesh, by Newton's method if need be; how many unknowns."""
    from skfem import Basis, ElementTriP2, condense, solve

    curved, number = _curved(mesh)
    basis = Basis(curved, ElementTriP2(), intorder=_EVEN)
    matrix, right = _system(problem, mesh, curved, basis, number)
    fixed, u = _dirichlet(problem, mesh, basis, number, right.dtype)
    if problem.operator.is_linear:
        u = solve(*condense(matrix, right, x=u, D=fixed))
    else:
        for _ in range(_NEWTON_STEPS):
            value, slope = _reaction(problem, basis, u)
            step = solve(*condense(matrix + slope, right - matrix @ u - value, x=0 * u, D=fixed))
            u = u + step
            if np.abs(step).max() <= 1e-12 * np.abs(u).max():
                break
    values = u[basis.nodal_dofs[0][: len(mesh.points)]]
    return (values.real if not np.abs(values.imag).any() else values), basis.N


def _curved(mesh: Triangulation) -> tuple[Any, Array]:
    """scikit-fem's mesh, its boundary through the middles of the arcs; its number of every edge of ours."""
    from dataclasses import replace

    from skfem import MeshTri, MeshTri2

    straight = MeshTri(*(np.ascontiguousarray(a.T) for a in (mesh.points, mesh.triangles)))
    found = {pair: k for k, pair in enumerate(map(tuple, np.sort(straight.facets.T, 1).tolist()))}
    number = np.array([found[pair] for pair in map(tuple, np.sort(mesh.edges, 1).tolist())])
    curved = MeshTri2.from_mesh(straight)
    places = curved.doflocs.copy()
    places[:, curved.dofs.facet_dofs[0][number]] = mesh.middles.T
    return replace(curved, doflocs=places), number


def _system(
    problem: Problem, mesh: Triangulation, curved: Any, basis: Any, number: Array
) -> tuple[Any, Array]:
    """Matrix and right-hand sides of ``int grad u . grad v - a u v = int_boundary v du/dn - int f v``, the
    equation divided by what multiplies its Laplacian."""
    from skfem import BilinearForm, ElementTriP2, FacetBasis, LinearForm
    from skfem.helpers import dot, grad

    places, shape = _places(basis)
    alpha, _, gamma = problem.operator.coefficients(places)
    assert gamma is not None
    sign = float(gamma[0, 0, 0])
    weight = np.zeros(shape) if alpha is None else alpha.numpy().reshape(shape) / sign
    source = problem.source_at(places).numpy().reshape(shape) / sign
    kind = np.complex128 if problem.operator.name == "helmholtz" else np.float64
    matrix = BilinearForm(lambda u, v, w: dot(grad(u), grad(v)) - w.a * u * v, dtype=kind).assemble(
        basis, a=weight
    )
    right = LinearForm(lambda v, w: -w.f * v, dtype=kind).assemble(basis, f=source)
    for condition in problem.conditions:
        if condition.kind == "dirichlet":
            continue
        sides = FacetBasis(
            curved, ElementTriP2(), facets=number[_on(problem, mesh, condition)], intorder=_EVEN
        )
        x, outline = _places(sides)
        target, factor = _data(condition, x)
        right = right + LinearForm(lambda v, w: w.g * v, dtype=kind).assemble(
            sides, g=target.reshape(outline)
        )
        matrix = matrix + BilinearForm(lambda u, v, w: w.a * u * v, dtype=kind).assemble(
            sides, a=factor.reshape(outline)
        )
    return matrix, right


def _places(basis: Any) -> tuple[torch.Tensor, tuple[int, ...]]:
    """Where a basis evaluates integrands, (n, 2), and how it arranges them."""
    x = np.asarray(basis.global_coordinates())
    return torch.from_numpy(np.ascontiguousarray(x.reshape(2, -1).T)), x.shape[1:]


def _on(problem: Problem, mesh: Triangulation, condition: BoundaryCondition) -> Array:
    """Which edges a condition is about."""
    return np.flatnonzero(np.isin(mesh.part, [problem.domain.part(name) for name in condition.parts]))


def _data(condition: BoundaryCondition, x: torch.Tensor) -> tuple[Array, Array]:
    """Right-hand sides of a condition at places, and what multiplies u beside du/dn."""
    rows = condition.rows(Boundary(x, torch.zeros_like(x), torch.zeros(len(x), dtype=torch.int64)))
    factor = torch.zeros_like(rows.target) if rows.alpha is None else rows.alpha
    return rows.target.numpy(), factor.numpy()


def _dirichlet(
    problem: Problem, mesh: Triangulation, basis: Any, number: Array, kind: Any
) -> tuple[Array, Array]:
    """The degrees of freedom with a value, and all of them with those values."""
    u = np.zeros(basis.N, kind)
    fixed = [np.zeros(0, np.int64)]
    for condition in problem.conditions:
        if condition.kind == "dirichlet":
            edges = _on(problem, mesh, condition)
            dofs = [basis.nodal_dofs[0][mesh.edges[edges].ravel()], basis.facet_dofs[0][number[edges]]]
            places = np.concatenate([mesh.points[mesh.edges[edges].ravel()], mesh.middles[edges]])
            fixed.append(np.concatenate(dofs))
            u[fixed[-1]] = _data(condition, torch.from_numpy(places))[0]
    return np.unique(np.concatenate(fixed)), u


def _reaction(problem: Problem, basis: Any, u: Array) -> tuple[Array, Any]:
    """The reaction g tested, and its derivative; divided by the factor of the Laplacian, which is -1."""
    from skfem import BilinearForm, LinearForm

    x, shape = _places(basis)
    here = torch.from_numpy(np.asarray(basis.interpolate(u)).reshape(-1).copy())
    value, slope = (part.numpy().reshape(shape) for part in problem.operator.reaction_at(x, here))
    sign = -float(problem.operator.coefficients(x[:1])[2][0, 0, 0])  # type: ignore[index]
    tested = LinearForm(lambda v, w: w.g * v).assemble(basis, g=value * sign)
    return tested, BilinearForm(lambda u, v, w: w.g * u * v).assemble(basis, g=slope * sign)
