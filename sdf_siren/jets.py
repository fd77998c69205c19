"""Jets: value, gradient and Hessian of a scalar function at points, carried through arithmetic.

Everything analytic in a problem (sources, exact solutions, boundary data, factors that vanish on a
boundary, corner functions) is a function from points to a :class:`Jet`. Second-order forward arithmetic was
chosen over autograd because its answers are exact, need no graph, and cost one pass for all derivatives.
A derivative that does not exist is what IEEE arithmetic makes of its formula: infinite or nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.errors import UsageError

Number = int | float | complex


@dataclass(frozen=True, eq=False)
class Jet:
    """A scalar function at n points of d coordinates, to second order.

    Attributes:
        value: (n,), float64 or complex128.
        gradient: first derivatives (n, d).
        hessian: second derivatives (n, d, d), symmetric.
    """

    value: Tensor
    gradient: Tensor
    hessian: Tensor

    @classmethod
    def constant(cls, value: Number, x: Tensor) -> Jet:
        """The function that is ``value`` everywhere, at the points ``x`` (n, d)."""
        n, d = _shape(x)
        dtype = torch.complex128 if isinstance(value, complex) else torch.float64
        zero = torch.zeros((), dtype=dtype, device=x.device)
        return cls((zero + value).expand(n), zero.expand(n, d), zero.expand(n, d, d))

    @classmethod
    def coordinates(cls, x: Tensor) -> tuple[Jet, ...]:
        """The d coordinate functions at the points ``x`` (n, d), in float64."""
        n, d = _shape(x)
        x = x.to(torch.float64)
        flat = x.new_zeros(()).expand(n, d, d)
        return tuple(
            cls(x[:, k], row.expand(n, d), flat)
            for k, row in enumerate(torch.eye(d, dtype=x.dtype, device=x.device))
        )

    @property
    def laplacian(self) -> Tensor:
        """The sum of the second derivatives in every coordinate, (n,)."""
        return self.hessian.diagonal(dim1=1, dim2=2).sum(1)

    @property
    def real(self) -> Jet:
        """The real part; the jet itself where it is real."""
        return _each(self, torch.real)

    @property
    def imag(self) -> Jet:
        """The imaginary part; zero where the jet is real."""
        return _each(self, torch.imag if self.value.is_complex() else torch.zeros_like)

    def conj(self) -> Jet:
        """The complex conjugate."""
        return _each(self, lambda tensor: tensor.conj().resolve_conj())

    def apply(self, f: Tensor, df: Tensor, d2f: Tensor) -> Jet:
        """The composition with a function of one variable: f, f' and f'' (n,) at ``value``."""
        return Jet(
            f,
            df[:, None] * self.gradient,
            df[:, None, None] * self.hessian + d2f[:, None, None] * _outer(self.gradient, self.gradient),
        )

    def __neg__(self) -> Jet:
        return _each(self, torch.neg)

    def __add__(self, other: Jet | Number) -> Jet:
        if isinstance(other, Jet):
            return Jet(self.value + other.value, self.gradient + other.gradient, self.hessian + other.hessian)
        zero = 0 * other  # makes all three complex where the number is
        return Jet(self.value + other, self.gradient + zero, self.hessian + zero)

    __radd__ = __add__

    def __sub__(self, other: Jet | Number) -> Jet:
        return self + (-other)

    def __rsub__(self, other: Number) -> Jet:
        return -self + other

    def __mul__(self, other: Jet | Number) -> Jet:
        if not isinstance(other, Jet):
            return _each(self, lambda tensor: tensor * other)
        a, b = self.value[:, None], other.value[:, None]
        mixed = _outer(self.gradient, other.gradient)
        return Jet(
            self.value * other.value,
            b * self.gradient + a * other.gradient,
            b[:, None] * self.hessian + a[:, None] * other.hessian + mixed + mixed.mT,
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Jet | Number) -> Jet:
        if not isinstance(other, Jet):
            return _each(self, lambda tensor: tensor / other)
        return self * reciprocal(other)

    def __rtruediv__(self, other: Number) -> Jet:
        return reciprocal(self) * other

    def __pow__(self, exponent: Jet | Number) -> Jet:
        """A power; integer exponents are defined at zero and at negative values too."""
        if isinstance(exponent, Jet):
            return _power(self, exponent)
        if isinstance(exponent, complex):
            return exp(log(self) * exponent)
        v, p = self.value, exponent
        return self.apply(_monomial(v, 1, p), _monomial(v, p, p - 1), _monomial(v, p * (p - 1), p - 2))

    def __rpow__(self, base: Number) -> Jet:
        return _power(_like(self, base), self)


JetFunction = Callable[[Tensor], Jet]
"""From points (n, d) to a Jet."""


def sin(a: Jet) -> Jet:
    """The sine of a jet."""
    s = a.value.sin()
    return a.apply(s, a.value.cos(), -s)


def cos(a: Jet) -> Jet:
    """The cosine of a jet."""
    c = a.value.cos()
    return a.apply(c, -a.value.sin(), -c)


def tan(a: Jet) -> Jet:
    """The tangent of a jet."""
    t = a.value.tan()
    slope = 1 + t * t
    return a.apply(t, slope, 2 * t * slope)


def exp(a: Jet) -> Jet:
    """The exponential of a jet."""
    e = a.value.exp()
    return a.apply(e, e, e)


def log(a: Jet) -> Jet:
    """The natural logarithm of a jet (the principal one where it is complex)."""
    slope = a.value.reciprocal()
    return a.apply(a.value.log(), slope, -slope * slope)


def sqrt(a: Jet) -> Jet:
    """The square root of a jet; its derivatives are infinite at zero."""
    root = a.value.sqrt()
    slope = 0.5 / root
    return a.apply(root, slope, -0.5 * slope / a.value)


def reciprocal(a: Jet) -> Jet:
    """One over a jet."""
    r = a.value.reciprocal()
    return a.apply(r, -r * r, 2 * r * r * r)


def sinh(a: Jet) -> Jet:
    """The hyperbolic sine of a jet."""
    s = a.value.sinh()
    return a.apply(s, a.value.cosh(), s)


def cosh(a: Jet) -> Jet:
    """The hyperbolic cosine of a jet."""
    c = a.value.cosh()
    return a.apply(c, a.value.sinh(), c)


def tanh(a: Jet) -> Jet:
    """The hyperbolic tangent of a jet."""
    t = a.value.tanh()
    slope = 1 - t * t
    return a.apply(t, slope, -2 * t * slope)


def asin(a: Jet) -> Jet:
    """The arc sine of a jet."""
    slope = (1 - a.value * a.value).rsqrt()
    return a.apply(a.value.asin(), slope, a.value * slope**3)


def acos(a: Jet) -> Jet:
    """The arc cosine of a jet."""
    slope = (1 - a.value * a.value).rsqrt()
    return a.apply(a.value.acos(), -slope, -a.value * slope**3)


def atan(a: Jet) -> Jet:
    """The arc tangent of a jet."""
    slope = (1 + a.value * a.value).reciprocal()
    return a.apply(a.value.atan(), slope, -2 * a.value * slope * slope)


def erf(a: Jet) -> Jet:
    """The error function of a real jet."""
    slope = 2 / math.sqrt(math.pi) * (-a.value * a.value).exp()
    return a.apply(a.value.erf(), slope, -2 * a.value * slope)


def hypot(a: Jet, b: Jet) -> Jet:
    """``sqrt(a^2 + b^2)`` of real jets, without overflow; no derivatives where both are zero."""
    r = torch.hypot(a.value, b.value)
    c, s = a.value / r, b.value / r
    return _compose(a, b, r, (c, s), (s * s / r, -c * s / r, c * c / r))


def atan2(y: Jet, x: Jet) -> Jet:
    """The angle of (x, y) in [-pi, pi], of real jets; no derivatives where both are zero."""
    r = torch.hypot(x.value, y.value)
    c, s = x.value / r, y.value / r
    twist = 2 * (c / r) * (s / r)
    return _compose(
        y, x, torch.atan2(y.value, x.value), (c / r, -s / r), (-twist, (s / r) ** 2 - (c / r) ** 2, twist)
    )


def absolute(a: Jet) -> Jet:
    """The absolute value; of a complex jet, its modulus. The slope at zero is zero for a real jet."""
    if a.value.is_complex():
        return hypot(a.real, a.imag)
    return a.apply(a.value.abs(), a.value.sign(), torch.zeros_like(a.value))


def sign(a: Jet) -> Jet:
    """-1, 0 or 1 by the sign of a real jet; its derivatives count as zero."""
    flat = torch.zeros_like(a.value)
    return a.apply(a.value.sign(), flat, flat)


def heaviside(a: Jet) -> Jet:
    """0 below zero, 1/2 at zero, 1 above, of a real jet; its derivatives count as zero."""
    return (sign(a) + 1) / 2


def where(condition: Tensor, a: Jet, b: Jet) -> Jet:
    """``a`` at the points where ``condition`` (n,) holds, ``b`` elsewhere, derivatives included."""
    return Jet(
        torch.where(condition, a.value, b.value),
        torch.where(condition[:, None], a.gradient, b.gradient),
        torch.where(condition[:, None, None], a.hessian, b.hessian),
    )


def minimum(a: Jet, b: Jet) -> Jet:
    """The smaller of two real jets with its derivatives; ``a`` where they are equal."""
    return where(a.value <= b.value, a, b)


def maximum(a: Jet, b: Jet) -> Jet:
    """The larger of two real jets with its derivatives; ``a`` where they are equal."""
    return where(a.value >= b.value, a, b)


def _shape(x: Tensor) -> tuple[int, int]:
    """The number of points and of coordinates."""
    if x.ndim != 2 or x.is_complex():
        raise UsageError(f"a jet needs real points of shape (n, d), found {x.dtype} {tuple(x.shape)}")
    return x.shape[0], x.shape[1]


def _each(a: Jet, f: Callable[[Tensor], Tensor]) -> Jet:
    """A linear map applied to the value and to every derivative."""
    return Jet(f(a.value), f(a.gradient), f(a.hessian))


def _like(a: Jet, value: Number) -> Jet:
    """A constant at the points of ``a``."""
    return _each(a, torch.zeros_like) + value


def _outer(a: Tensor, b: Tensor) -> Tensor:
    """(n, d) and (n, d) to (n, d, d)."""
    return a[:, :, None] * b[:, None, :]


def _compose(
    a: Jet, b: Jet, f: Tensor, first: tuple[Tensor, Tensor], second: tuple[Tensor, Tensor, Tensor]
) -> Jet:
    """A function of two jets from its value (n,), its (f_a, f_b) and its (f_aa, f_ab, f_bb)."""
    fa, fb = (t[:, None] for t in first)
    faa, fab, fbb = (t[:, None, None] for t in second)
    mixed = _outer(a.gradient, b.gradient)
    return Jet(
        f,
        fa * a.gradient + fb * b.gradient,
        fa[:, None] * a.hessian
        + fb[:, None] * b.hessian
        + faa * _outer(a.gradient, a.gradient)
        + fab * (mixed + mixed.mT)
        + fbb * _outer(b.gradient, b.gradient),
    )


def _monomial(v: Tensor, factor: float, power: float) -> Tensor:
    """``factor * v^power``, and zero for a factor of zero even where the power is infinite."""
    if factor == 0:
        return torch.zeros_like(v)
    return factor * v**power


def _power(base: Jet, exponent: Jet) -> Jet:
    """``base^exponent`` with both variable; the base must be positive for the derivatives to exist."""
    a, b = base.value, exponent.value
    f, slope, rate = a**b, b * a ** (b - 1), a.log()
    return _compose(
        base,
        exponent,
        f,
        (slope, f * rate),
        (b * (b - 1) * a ** (b - 2), slope * rate + a ** (b - 1), f * rate * rate),
    )
