"""Boundary-value problems with known solutions, and two with a bound on the error instead."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from sdf_siren import jets
from sdf_siren.conditions import (
    AbsorbingLayer,
    BoundaryCondition,
    Operator,
    PointSource,
    Problem,
    helmholtz,
    incident_field,
    poisson,
    wave,
)
from sdf_siren.domains import Ball, Box, Difference, Domain, Polygon
from sdf_siren.jets import Jet, JetFunction

PI = math.pi
UNIT, SQUARE = Box([0, 0], [1, 1]), Box([-1, -1], [1, 1])
LAYER = AbsorbingLayer((-1, -1), (1, 1), 0.5)
SOURCE = PointSource((0.0, 0.0), 0.01)
K = 20.0


def constant(value: float) -> JetFunction:
    return lambda x: Jet.constant(value, x)


def product_of_sines(a: float, b: float) -> JetFunction:
    def evaluate(x: torch.Tensor) -> Jet:
        u, v = Jet.coordinates(x)
        return jets.sin(u * a) * jets.sin(v * b)

    return evaluate


def sum_of_sines(x: torch.Tensor) -> Jet:
    return sum((jets.sin(c * (PI / 2)) for c in Jet.coordinates(x)), Jet.constant(0.0, x))


def two_scales(x: torch.Tensor) -> Jet:
    (u,) = Jet.coordinates(x)
    return jets.sin(u * (2 * PI)) + jets.sin(u * (50 * PI)) * 0.1


def front(x: torch.Tensor) -> Jet:
    """A Gaussian plus a tanh front: nothing that sines are made for."""
    u, v = Jet.coordinates(x)
    bump = jets.exp(((u - 0.3) ** 2 + (v - 0.4) ** 2) * -40)
    return u * (1 - u) * v * (1 - v) * 16 * (bump + jets.tanh((u + v - 1) * 8) * 0.5)


def standing(*modes: tuple[float, float, float]) -> JetFunction:
    """Sums of ``a sin(k x) cos(w t)``, one (a, k, w) each."""

    def evaluate(x: torch.Tensor) -> Jet:
        u, t = Jet.coordinates(x)
        return sum((jets.sin(u * k) * jets.cos(t * w) * a for a, k, w in modes), Jet.constant(0.0, x))

    return evaluate


def manufactured(title: str, domain: Domain, operator: Operator, exact: JetFunction, **data) -> Problem:
    conditions = (BoundaryCondition("dirichlet", domain.parts, **data),)
    return Problem(domain, operator, lambda x: operator.applied(exact(x), x), conditions, exact, title)


def bump_and_sine(x: torch.Tensor) -> Jet:
    u, v = Jet.coordinates(x)
    bump = jets.exp(((u - 0.4) ** 2 + (v - 0.6) ** 2) * -10) * u * (1 - u) * v * (1 - v) * 4.8
    return jets.sin(u * PI) * jets.sin(v * (2 * PI)) + bump


def cube(x: torch.Tensor) -> Jet:
    return Jet.coordinates(x)[-1] ** 3


def string(title: str, speed: float, exact: JetFunction) -> Problem:
    conditions = (
        BoundaryCondition("dirichlet", ("left", "right")),
        BoundaryCondition("dirichlet", ("bottom",), exact),
        BoundaryCondition("rate", ("bottom",)),
    )
    return Problem(UNIT, wave(constant(speed), speed), None, conditions, exact, title)


def l_shape() -> Problem:
    domain = Polygon([(0, 0), (1, 0), (1, -1), (-1, -1), (-1, 1), (0, 1)])
    conditions = (BoundaryCondition("dirichlet", domain.parts),)
    return Problem(domain, poisson(), lambda x: torch.ones_like(x[:, 0]), conditions, title="P4")


def four_disks() -> Problem:
    holes = [Ball([a, b], 0.1) for a in (-0.3, 0.3) for b in (-0.3, 0.3)]
    domain = Difference(Box([-0.5, -0.5], [0.5, 0.5]), *holes)
    inner = tuple(part for part in domain.parts if "circle" in part)
    outer = tuple(part for part in domain.parts if part not in inner)
    conditions = (
        BoundaryCondition("dirichlet", outer, constant(1.0)),
        BoundaryCondition("dirichlet", inner),
    )
    return Problem(domain, poisson(), None, conditions, title="P5")


def _wave_field(x: torch.Tensor) -> Jet:
    return SOURCE.field(x, K, LAYER)


def _near_field(x: torch.Tensor) -> Jet:
    """The source's field cut off smoothly well inside the layer: what lies outside is left to the network."""
    u, v = Jet.coordinates(x)
    r = jets.sqrt(u * u + v * v + 1e-12)
    return (1 - jets.erf((r - 0.26) / 0.085)) * 0.5 * SOURCE.field(x, K, None)


def point_source(title: str, known: JetFunction) -> Problem:
    conditions = (BoundaryCondition("dirichlet", SQUARE.parts),)
    operator = helmholtz(constant(K), LAYER)
    return Problem(SQUARE, operator, SOURCE.density, conditions, _wave_field, title, LAYER, known)


CASES: dict[str, Callable[[], Problem]] = {
    "P1": lambda: manufactured("P1", UNIT, poisson(), product_of_sines(PI, PI)),
    "P2": lambda: manufactured("P2", Box([0] * 5, [1] * 5), poisson(), sum_of_sines, value=sum_of_sines),
    "P3": lambda: manufactured("P3", Box([0], [1]), poisson(), two_scales),
    "P4": l_shape,
    "P5": four_disks,
    "cubic": lambda: manufactured("cubic", UNIT, poisson(cube), bump_and_sine),
    "front": lambda: manufactured("front", UNIT, poisson(), front),
    **{
        f"H1 ({a},{b},{k})": lambda a=a, b=b, k=k: manufactured(
            "H1", SQUARE, helmholtz(constant(float(k))), product_of_sines(a * PI, b * PI)
        )
        for a, b, k in ((1, 4, 1), (6, 6, 1), (6, 6, 10), (10, 10, 1))
    },
    "H2": lambda: manufactured("H2", UNIT, helmholtz(constant(4 * PI)), product_of_sines(4 * PI, 4 * PI)),
    "H5": lambda: point_source("H5", incident_field([SOURCE], K, LAYER)),
    "H5 near field only": lambda: point_source("H5 near field only", _near_field),
    "W1": lambda: string("W1", 2.0, standing((1, PI, 2 * PI), (0.5, 4 * PI, 8 * PI))),
    "W2": lambda: string("W2", 10.0, standing((1, PI, 10 * PI), (1, 2 * PI, 20 * PI))),
}
"""By the names of issue and literature: P1 to P5 Poisson, H Helmholtz, W wave."""
