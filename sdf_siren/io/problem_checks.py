"""What a problem file says about numbers, tried at points before any work is done."""

from __future__ import annotations

import torch
from torch import Tensor

from sdf_siren.conditions import BoundaryCondition, Problem, ansatz_for
from sdf_siren.domains import Boundary
from sdf_siren.errors import InputError

_POINTS = 512
_SEED = 7
_TOLERANCE = 1e-6
"""By how much ``exact`` may miss what it should solve, and waves at the start their boundary data, relative
to the sizes of the terms."""
_BALANCE_POINTS, _BALANCE_SEEDS = 4096, 8
_BALANCE = 1e-3
"""By how much source and boundary data may be out of balance, relative to their sizes, beyond what sums over
points leave uncertain."""
_UNCERTAINTIES = 10.0


def check_finite(problem: Problem, where: str) -> None:
    """Refuse data that have no value somewhere.

    Raises:
        InputError: a source, a coefficient, boundary data or, where the search starts, a reaction are NaN or
            infinite; the message says where.
    """
    x = problem.domain.interior(_POINTS, _SEED)
    alpha, beta, gamma = problem.operator.coefficients(x)
    inside = [("source", problem.source_at(x))]
    inside += [("the equation's coefficients", c) for c in (alpha, beta, gamma) if c is not None]
    if problem.exact is not None:
        inside.append(("exact", problem.exact(x).value))
    for name, values in inside:
        _refuse(values, x, f"{where}: {name}")
    if not problem.operator.is_linear:
        _check_reaction(problem, x, where)
    for number, (condition, on) in enumerate(problem.boundary_pieces(_POINTS, _SEED), 1):
        rows = condition.rows(on)
        for given in (rows.target, rows.alpha):
            if given is not None:
                _refuse(given, on.x, f"{where}: conditions {number}")


def _check_reaction(problem: Problem, x: Tensor, where: str) -> None:
    """Newton's method starts from the lift, to which the network adds nothing yet."""
    lift, zero = ansatz_for(problem).lift, torch.zeros(len(x), dtype=torch.float64)
    start = "u = 0" if lift is None else "u as the boundary has it"
    value, slope = problem.operator.reaction_at(x, zero if lift is None else lift(x).value)
    for name, values in (("reaction", value), ("slope of the reaction", slope)):
        _refuse(
            values, x, f"{where}: {name} {problem.operator.reaction}, at {start}, where the search starts"
        )


def check_balance(problem: Problem, where: str) -> None:
    """Refuse sources and boundary data that no function can have, where a constant is free.

    By the divergence theorem the Laplacian's integral is that of the slopes on the boundary.

    Raises:
        InputError: they are out of balance; the message says by how much.
    """
    x = problem.domain.interior(1, _SEED)
    _, beta, gamma = problem.operator.coefficients(x)
    if beta is not None or gamma is None or not problem.leaves_constant_free:
        return
    found = [_balance(problem, float(gamma[0, 0, 0]), seed) for seed in range(_BALANCE_SEEDS)]
    sources, data = (torch.stack(values) for values in zip(*found, strict=True))
    missing = sources - data
    uncertain = (missing - missing.mean()).abs().max()
    size = torch.maximum(sources.abs().max(), data.abs().max())
    if missing.mean().abs() > _BALANCE * size + _UNCERTAINTIES * uncertain:
        raise InputError(
            f"{where}: source and boundary data contradict each other: neither equation nor conditions hold "
            f"values, so the source's mean must be {_shown(data.mean(), 3)}, found "
            f"{_shown(sources.mean(), 3)}; change one of them, or hold values somewhere"
        )


def _balance(problem: Problem, sign: float, seed: int) -> tuple[Tensor, Tensor]:
    """The source's mean, and what the boundary data say that it is, where ``sign`` lap u is the equation."""
    domain = problem.domain
    x, on = domain.interior(_BALANCE_POINTS, seed), domain.boundary(_BALANCE_POINTS, seed)
    middle = domain.bounding_ball[0]
    depth = ((on.x - middle) * on.normal).sum(1).mean() / domain.dimension  # volume by surface
    pieces = problem.boundary_pieces(_BALANCE_POINTS, seed)
    data = sum((condition.rows(at).target.sum() for condition, at in pieces), torch.zeros(()))
    return problem.source_at(x).mean(), sign * data / (_BALANCE_POINTS * depth)


def notes_on_start(problem: Problem) -> tuple[str, ...]:
    """Of waves: a note on every condition that disagrees with the initial value where the two meet."""
    if problem.operator.time_speed is None:
        return ()
    start, moment = problem.domain.parts[-2], problem.domain.bounds[0][-1]
    initial = next(c for c in problem.conditions if c.kind == "dirichlet" and start in c.parts)

    def at_start(condition: BoundaryCondition, x: Tensor) -> Tensor:
        there = torch.cat([x[:, :-1], moment.expand(len(x), 1)], 1)
        return condition.rows(Boundary(there, torch.zeros_like(x), torch.zeros(len(x)))).target

    typical = float(at_start(initial, problem.domain.interior(_POINTS, _SEED)).abs().max())
    notes = []
    for condition, on in problem.boundary_pieces(_POINTS, _SEED):
        if condition.kind != "dirichlet" or condition is initial:
            continue
        value, held = at_start(initial, on.x), at_start(condition, on.x)
        worst = int((value - held).abs().argmax())
        if float((value - held)[worst].abs()) > _TOLERANCE * max(typical, float(held.abs().max())):
            notes.append(
                f"at ({_point(on.x[worst, :-1])}) the initial value is {_shown(value[worst])}, and the "
                f"dirichlet condition on {', '.join(condition.parts)[:60]} says {_shown(held[worst])}: no "
                "smooth wave has both"
            )
    return tuple(notes)


def check_solution(problem: Problem, where: str) -> None:
    """Refuse an exact solution that is none.

    Raises:
        InputError: it does not solve the equation, or misses a condition; errors measured against it would
            mislead.
    """
    assert problem.exact is not None
    x = problem.domain.interior(_POINTS, _SEED)
    jet, source = problem.exact(x), problem.source_at(x)
    sizes = (jet.hessian.abs().amax(), source.abs().amax(), jet.value.abs().amax())
    _compare(
        problem.operator.applied(jet, x), source, x, max(map(float, sizes)), f"{where}: exact: the equation"
    )
    for condition, on in problem.boundary_pieces(_POINTS, _SEED):
        rows, jet = condition.rows(on), problem.exact(on.x)
        size = max(float(jet.value.abs().amax()), float(jet.gradient.abs().amax()))
        name = f"{where}: exact: the {condition.kind} condition on {', '.join(condition.parts)[:60]}"
        _compare(rows.of(jet), rows.target, on.x, size, name)


def _compare(left: Tensor, right: Tensor, x: Tensor, size: float, what: str) -> None:
    miss = (left - right).abs()
    worst = int(miss.argmax())
    if not float(miss[worst]) <= _TOLERANCE * size:
        raise InputError(
            f"{what} has {_shown(left[worst])} on its left and {_shown(right[worst])} on its right at "
            f"({_point(x[worst])}); correct one of them, or leave exact out"
        )


def _refuse(values: Tensor, x: Tensor, what: str) -> None:
    bad = ~values.isfinite().reshape(len(x), -1).all(1)
    if bad.any():
        raise InputError(
            f"{what}: expected finite values, found none at ({_point(x[int(bad.int().argmax())])})"
        )


def _point(x: Tensor) -> str:
    return ", ".join(f"{value:.4g}" for value in x.tolist())


def _shown(value: Tensor, digits: int = 6) -> str:
    return f"{value.item():.{digits}g}"
