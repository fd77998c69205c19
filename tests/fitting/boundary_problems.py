"""Problems on squares with known solutions, for the tests of their solvers."""

import math

from sdf_siren import jets
from sdf_siren.conditions import BoundaryCondition, Problem, helmholtz, poisson
from sdf_siren.domains import Box
from sdf_siren.jets import Jet


def _on_square(low, high, operator, exact):
    box = Box((low, low), (high, high))
    zero = BoundaryCondition("dirichlet", box.parts)
    return Problem(box, operator, lambda x: operator.applied(exact(x), x), (zero,), exact)


def sines(x):
    """sin(pi x) sin(pi y)"""
    u, v = Jet.coordinates(x)
    return jets.sin(u * math.pi) * jets.sin(v * math.pi)


def sine_and_bump(x):
    """A sine and a Gaussian that a factor brings to zero on the unit square's boundary."""
    u, v = Jet.coordinates(x)
    bump = jets.exp(((u - 0.3) ** 2 + (v - 0.6) ** 2) * -10.0)
    rim = u * (1 - u) * v * (1 - v) * 16
    return jets.sin(u * math.pi) * jets.sin(v * (2 * math.pi)) + rim * bump * 0.3


def linear():
    """-lap u = f on the unit square."""
    return _on_square(0.0, 1.0, poisson(), sines)


def oscillating():
    """lap u + u = f on [-1, 1]^2 with four times as many waves upwards as across."""

    def exact(x):
        u, v = Jet.coordinates(x)
        return jets.sin(u * math.pi) * jets.sin(v * (4 * math.pi))

    return _on_square(-1.0, 1.0, helmholtz(lambda x: Jet.constant(1.0, x)), exact)


def cubic(strength=1.0):
    """-lap u + strength u^3 = f on the unit square."""
    return _on_square(0.0, 1.0, poisson(lambda z: Jet.coordinates(z)[-1] ** 3 * strength), sine_and_bump)


def relative_error(problem, solution):
    """Relative L2 error, in the interior."""
    x = problem.domain.interior(2000, 7)
    exact = problem.exact(x).value
    return float((solution.value(x) - exact).norm() / exact.norm())
