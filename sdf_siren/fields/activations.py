"""Activations with their derivatives: what a sweep over layers needs to know of a nonlinearity.

An activation is ``s(z) = s_1(scale z)``. A sweep multiplies ``scale`` into its copy of the weights once
and then works with ``s_1``, the *folded* activation, so that no pass over the points is spent on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from sdf_siren.fields.sines import cos, in_place, sin

THIRD = 3
"""The highest derivative: the adjoint of a second derivative needs it."""


class Activation(Protocol):
    """A function of one variable, applied to every unit; for :class:`Encoding` the unit's column counts."""

    @property
    def name(self) -> str:
        """The word for it in files and messages."""
        ...

    @property
    def scale(self) -> float:
        """The factor inside."""
        ...

    @property
    def folded(self) -> Activation:
        """The same activation with the factor 1 inside."""
        ...

    def in_place(self, z: Tensor, slope: Tensor | None = None) -> Callable[[], object]:
        """What overwrites ``z`` (n, units) with the value and, if given, ``slope`` with the first derivative.

        To be called whenever there are new arguments in ``z``.
        """
        ...

    def derivatives(self, z: Tensor, order: int = THIRD) -> tuple[Tensor, ...]:
        """Value and the first ``order`` derivatives at ``z`` (n, units): order + 1 tensors."""
        ...

    def combination(self, z: Tensor, a0: Tensor | None, a1: Tensor | None, a2: Tensor | None) -> Tensor:
        """``a0 s + a1 s' + a2 s''`` at ``z`` (n, units), with factors that broadcast; None is zero.

        Not for autograd: works in place where it can.
        """
        ...


@dataclass(frozen=True)
class Sine:
    """``sin(omega_0 z)``; all derivatives take one sine and one cosine together."""

    omega_0: float = 30.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.omega_0) and self.omega_0 > 0):
            raise ValueError(f"a sine needs a positive finite omega_0, found {self.omega_0}")

    @property
    def name(self) -> str:
        return "sine"

    @property
    def scale(self) -> float:
        return self.omega_0

    @property
    def folded(self) -> Sine:
        return Sine(1.0)

    def in_place(self, z: Tensor, slope: Tensor | None = None) -> Callable[[], object]:
        sines = in_place(z, slope)

        def scaled() -> None:
            z.mul_(self.omega_0)
            sines()
            if slope is not None:
                slope.mul_(self.omega_0)

        return sines if self.omega_0 == 1.0 else scaled

    def derivatives(self, z: Tensor, order: int = THIRD) -> tuple[Tensor, ...]:
        plain = self.omega_0 == 1.0
        z = z if plain else self.omega_0 * z
        found = [sin(z)]
        if order >= 1:
            found.append(cos(z))
        if order >= 2:
            found.append(-found[0])
        if order >= 3:
            found.append(-found[1])
        return tuple(f if plain else self.omega_0**k * f for k, f in enumerate(found))

    def combination(self, z: Tensor, a0: Tensor | None, a1: Tensor | None, a2: Tensor | None) -> Tensor:
        omega, z = self.omega_0, z if self.omega_0 == 1.0 else self.omega_0 * z
        if a2 is not None:
            a2 = a2 if omega == 1.0 else omega**2 * a2
            a0 = -a2 if a0 is None else a0 - a2
        found = None if a0 is None else sin(z).mul_(a0)
        if a1 is not None:
            a1 = a1 if omega == 1.0 else omega * a1
            cosine = cos(z)
            found = cosine.mul_(a1) if found is None else found.addcmul_(a1, cosine)
        return torch.zeros_like(z) if found is None else found


@dataclass(frozen=True)
class Tanh:
    """``tanh(z)``; all derivatives are polynomials of it."""

    @property
    def name(self) -> str:
        return "tanh"

    @property
    def scale(self) -> float:
        return 1.0

    @property
    def folded(self) -> Tanh:
        return self

    def in_place(self, z: Tensor, slope: Tensor | None = None) -> Callable[[], object]:
        def overwrite() -> None:
            z.tanh_()
            if slope is not None:
                torch.mul(z, z, out=slope).neg_().add_(1)

        return overwrite

    def derivatives(self, z: Tensor, order: int = THIRD) -> tuple[Tensor, ...]:
        t = torch.tanh(z)
        found = [t]
        if order >= 1:
            slope = 1 - t * t
            found.append(slope)
        if order >= 2:
            found.append(-2 * t * slope)
        if order >= 3:
            found.append((4 - 6 * slope) * slope)
        return tuple(found)

    def combination(self, z: Tensor, a0: Tensor | None, a1: Tensor | None, a2: Tensor | None) -> Tensor:
        return _sum_of_products(self, z, a0, a1, a2)


@dataclass(frozen=True)
class Relu:
    """``max(z, 0)``; its slope at the kink counts as zero, and so do its higher derivatives everywhere."""

    @property
    def name(self) -> str:
        return "relu"

    @property
    def scale(self) -> float:
        return 1.0

    @property
    def folded(self) -> Relu:
        return self

    def in_place(self, z: Tensor, slope: Tensor | None = None) -> Callable[[], object]:
        def overwrite() -> None:
            z.clamp_min_(0)
            if slope is not None:
                torch.sign(z, out=slope)

        return overwrite

    def derivatives(self, z: Tensor, order: int = THIRD) -> tuple[Tensor, ...]:
        found = [torch.relu(z)]
        if order >= 1:
            found.append((z > 0).to(z.dtype))
        zero = z.new_zeros(()).expand_as(z)
        return (*found, *[zero] * (order - 1))

    def combination(self, z: Tensor, a0: Tensor | None, a1: Tensor | None, a2: Tensor | None) -> Tensor:
        return _sum_of_products(self, z, a0, a1, None)


@dataclass(frozen=True)
class Encoding:
    """The first ``passed`` units as they are, the sine of the others: positional encoding as a layer."""

    passed: int

    @property
    def name(self) -> str:
        return "encoding"

    @property
    def scale(self) -> float:
        return 1.0

    @property
    def folded(self) -> Encoding:
        return self

    def in_place(self, z: Tensor, slope: Tensor | None = None) -> Callable[[], object]:
        sines = in_place(z[:, self.passed :], None if slope is None else slope[:, self.passed :])

        def overwrite() -> None:
            sines()
            if slope is not None:
                slope[:, : self.passed] = 1

        return overwrite

    def derivatives(self, z: Tensor, order: int = THIRD) -> tuple[Tensor, ...]:
        same, bent = z[:, : self.passed], Sine(1.0).derivatives(z[:, self.passed :], order)
        constants = [same, torch.ones_like(same), *[torch.zeros_like(same)] * 2]
        return tuple(torch.cat(pair, dim=1) for pair in zip(constants, bent, strict=False))

    def combination(self, z: Tensor, a0: Tensor | None, a1: Tensor | None, a2: Tensor | None) -> Tensor:
        return _sum_of_products(self, z, a0, a1, a2)


def _sum_of_products(
    activation: Activation, z: Tensor, a0: Tensor | None, a1: Tensor | None, a2: Tensor | None
) -> Tensor:
    order = 2 if a2 is not None else 1 if a1 is not None else 0
    found = torch.zeros_like(z)
    for factor, derivative in zip((a0, a1, a2), activation.derivatives(z, order), strict=False):
        if factor is not None:
            found.addcmul_(factor, derivative)
    return found
