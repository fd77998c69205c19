"""What a problem file says about numbers, tried at points before any work is done."""

from __future__ import annotations

from torch import Tensor

from sdf_siren.conditions import Problem
from sdf_siren.errors import InputError

_POINTS = 512
_SEED = 7
_TOLERANCE = 1e-6
"""By how much ``exact`` may miss what it should solve, relative to the sizes of the terms."""


def check_finite(problem: Problem, where: str) -> None:
    """Refuse data that have no value somewhere.

    Raises:
        InputError: a source, a coefficient or boundary data are NaN or infinite; the message says where.
    """
    x = problem.domain.interior(_POINTS, _SEED)
    alpha, beta, gamma = problem.operator.coefficients(x)
    inside = [("source", problem.source_at(x))]
    inside += [("the equation's coefficients", c) for c in (alpha, beta, gamma) if c is not None]
    if problem.exact is not None:
        inside.append(("exact", problem.exact(x).value))
    for name, values in inside:
        _refuse(values, x, f"{where}: {name}")
    for number, (condition, on) in enumerate(problem.boundary_pieces(_POINTS, _SEED), 1):
        rows = condition.rows(on)
        for given in (rows.target, rows.alpha):
            if given is not None:
                _refuse(given, on.x, f"{where}: conditions {number}")


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


def _shown(value: Tensor) -> str:
    number = value.item()
    return f"{number:.6g}"
