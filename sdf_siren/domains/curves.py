"""The pieces that boundaries in the plane consist of: segments and circles, and where they meet.

With them the lengths and the corners of combinations are exact: between two crossings a piece is on the
boundary of the combination as a whole, or not at all.
"""

from __future__ import annotations

import cmath
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

Position = tuple[float, float]
NEAR = 1e-10
"""Places nearer to each other than this share of a curve's size are one."""


class Curve(ABC):
    """A curve, run through at constant speed from 0 to 1 with the inside on its left."""

    @property
    @abstractmethod
    def length(self) -> float:
        """Its length."""

    @abstractmethod
    def at(self, t: float) -> tuple[complex, complex]:
        """The position and the unit direction at a place, as complex numbers."""

    @abstractmethod
    def place(self, z: complex) -> float | None:
        """Where on the curve a position is, or None if it is not on it."""

    @property
    def ends(self) -> tuple[complex, ...]:
        """Where it begins and ends, unless it closes."""
        return ()


@dataclass(frozen=True)
class Segment(Curve):
    """A straight piece from ``start`` to ``stop``."""

    start: Position
    stop: Position

    @property
    def length(self) -> float:
        return math.dist(self.start, self.stop)

    @property
    def ends(self) -> tuple[complex, ...]:
        return complex(*self.start), complex(*self.stop)

    def at(self, t: float) -> tuple[complex, complex]:
        a, b = self.ends
        return a + t * (b - a), (b - a) / self.length

    def place(self, z: complex) -> float | None:
        a, b = self.ends
        local = (z - a) / (b - a)
        near = NEAR * max(1, abs(z) / self.length)
        if abs(local.imag) > near or not -near <= local.real <= 1 + near:
            return None
        return min(max(local.real, 0.0), 1.0)


@dataclass(frozen=True)
class Circle(Curve):
    """A full circle, counter-clockwise from the positive x axis."""

    centre: Position
    radius: float

    @property
    def length(self) -> float:
        return 2 * math.pi * self.radius

    def at(self, t: float) -> tuple[complex, complex]:
        ray = cmath.rect(1, 2 * math.pi * t)
        return complex(*self.centre) + self.radius * ray, 1j * ray

    def place(self, z: complex) -> float | None:
        local = (z - complex(*self.centre)) / self.radius
        if abs(abs(local) - 1) > NEAR * max(1, abs(z) / self.radius):
            return None
        return cmath.phase(local) / (2 * math.pi) % 1


def meetings(curves: Sequence[Curve]) -> list[complex]:
    """All places where two of the curves meet or one ends."""
    found = [end for curve in curves for end in curve.ends]
    for k, one in enumerate(curves):
        for other in curves[:k]:
            found += [z for z in _crossings(one, other) if _on(one, z) and _on(other, z)]
    return found


def _on(curve: Curve, z: complex) -> bool:
    return curve.place(z) is not None


def _crossings(one: Curve, other: Curve) -> list[complex]:
    """Where the full lines or circles of two curves meet; nothing where they coincide."""
    if isinstance(one, Segment) and isinstance(other, Segment):
        (a, u), (b, v) = one.at(0), other.at(0)
        across = (u.conjugate() * v).imag
        if abs(across) < 1e-12:
            return []
        return [a + u * ((b - a).conjugate() * v).imag / across]
    if isinstance(one, Circle) and isinstance(other, Segment):
        return _crossings(other, one)
    assert isinstance(other, Circle)
    centre, radius = complex(*other.centre), other.radius
    if isinstance(one, Segment):
        a, u = one.at(0)
        foot = a + u * ((centre - a) * u.conjugate()).real
        return _two(foot, u, radius**2 - abs(foot - centre) ** 2, radius)
    assert isinstance(one, Circle)
    apart = complex(*one.centre) - centre
    distance = abs(apart)
    if distance < 1e-12 * radius:
        return []
    u = apart / distance
    along = (distance**2 + radius**2 - one.radius**2) / (2 * distance)
    return _two(centre + along * u, 1j * u, radius**2 - along**2, radius)


def _two(foot: complex, u: complex, square: float, radius: float) -> list[complex]:
    """``foot`` plus and minus the root of ``square`` along ``u``; once where they only touch."""
    if square < -NEAR * radius**2:
        return []
    half = math.sqrt(max(square, 0.0))
    return [foot + half * u, foot - half * u] if half > 0 else [foot]
