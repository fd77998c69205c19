"""Functions that sines approximate badly and the mathematics knows; their amplitudes are free.

At a re-entrant corner of opening omega the solution behaves like ``r^(k pi / omega) sin(k pi theta /
omega)``, whose derivatives are infinite there (Grisvard 1985, Elliptic Problems in Nonsmooth Domains); around
a hole, like the multipoles of a charge inside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from sdf_siren import jets
from sdf_siren.domains import Ball, Corner, Domain
from sdf_siren.jets import Jet, JetFunction

CORNER_TERMS = 12
MULTIPOLE_TERMS = 12
HIGHEST_ORDER = 8.0
"""Powers of r above are smooth enough for sines."""
_BESIDE = 1e-3
"""How far beside a corner the boundary is asked what holds there, by the domain's diameter."""


def corner_functions(
    domain: Domain, corners: Sequence[Corner], natural: Sequence[str], *, harmonic: bool
) -> list[JetFunction]:
    """Singular functions of some corners of a two-dimensional domain.

    ``r^a sin a theta`` with ``a = k pi / omega``, or the cosine where the slope is given; where a is a
    whole number that is a polynomial, and data that do not match at the corner make
    ``Im z^a log z = r^a (log r sin a theta + theta cos a theta)`` appear instead.

    Args:
        domain: where the corners are.
        corners: of the domain.
        natural: the parts of the boundary where the normal derivative is given; elsewhere the value is.
        harmonic: whether solutions without a source are harmonic; if not, the next order in r^2 is added,
            as the series of Bessel functions has it.
    """
    found = []
    for corner in corners:
        first, last = (_is_natural(domain, corner, angle, natural) for angle in (0.0, corner.opening))
        for k in range(1, CORNER_TERMS + 1):
            order = (k - 0.5 if first != last else k) * math.pi / corner.opening
            if order > HIGHEST_ORDER:
                break
            for power in [order] if harmonic else [order, order + 2]:
                found.append(_corner_function(corner, order, power, cosine=first))
    return found


def _corner_function(corner: Corner, order: float, power: float, *, cosine: bool) -> JetFunction:
    whole = is_whole(order)

    def evaluate(x: torch.Tensor) -> Jet:
        r, theta = corner.polar(x)
        c, s = jets.cos(theta * order), jets.sin(theta * order)
        if not whole:
            return r**power * (c if cosine else s)
        angular = c * jets.log(r) - theta * s if cosine else s * jets.log(r) + theta * c
        return r**power * angular

    return evaluate


def is_whole(order: float) -> bool:
    """Whether ``r^order sin(order theta)`` is a polynomial."""
    return abs(order - round(order)) < 1e-9


def _is_natural(domain: Domain, corner: Corner, angle: float, natural: Sequence[str]) -> bool:
    """Whether the side of a corner at ``angle`` is one of the natural parts."""
    direction = torch.tensor([math.cos(corner.start + angle), math.sin(corner.start + angle)])
    beside = torch.as_tensor(corner.position) + _BESIDE * domain.diameter * direction
    boundary = domain.boundary(4096, 0)
    nearest = int((boundary.x - beside).norm(dim=1).argmin())
    return domain.parts[int(boundary.part[nearest])] in natural


def multipoles(holes: Sequence[Ball]) -> list[JetFunction]:
    """``log r``, ``(R/r)^k cos k theta`` and ``(R/r)^k sin k theta`` about every disk that was cut out."""
    found = []
    for hole in holes:
        if hole.dimension == 2:
            found += [_logarithm(hole)]
            found += [_multipole(hole, k, part) for k in range(1, MULTIPOLE_TERMS + 1) for part in (0, 1)]
    return found


def _logarithm(hole: Ball) -> JetFunction:
    def evaluate(x: torch.Tensor) -> Jet:
        u, v = (c - m for c, m in zip(Jet.coordinates(x), hole.centre, strict=True))
        return jets.log((u * u + v * v) / hole.radius**2) / 2

    return evaluate


def _multipole(hole: Ball, order: int, part: int) -> JetFunction:
    """The real (0) or imaginary (1) part of ``(R / z)^order``."""

    def evaluate(x: torch.Tensor) -> Jet:
        u, v = ((c - m) / hole.radius for c, m in zip(Jet.coordinates(x), hole.centre, strict=True))
        power = (u + v * 1j) ** -order
        return power.imag if part else power.real

    return evaluate
