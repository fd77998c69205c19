"""The losses of a SIREN as a signed distance function, unreduced, with their adjoints.

Sitzmann et al. 2020 (arXiv 2006.09661), eq. 6 and supplement: surface ``|f|``, normal
``1 - cos(grad f, n)``, eikonal ``||grad f| - 1|``, off-surface ``exp(-alpha |f|)``. The smoothed and
signed forms beside them, and the direction, are ours; docs/method.md says what each one bought. Every term
but the exponential one vanishes on an exact distance function.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.linalg import vector_norm

from sdf_siren.clouds.groups import PointGroup

_TINY = 1e-12


class TermValue(NamedTuple):
    """A term at n points: the loss per point and its derivatives by value and gradient."""

    loss: Tensor
    """(n, 1)"""
    by_value: Tensor | None
    """(n, 1), None where the term does not read the value"""
    by_gradient: Tensor | None
    """(n, 3), None where the term does not read the gradient"""


class LossTerm(Protocol):
    """One loss: a name, the groups of points it reads, and its value with adjoints.

    Attributes:
        name: the word used in settings, logs and documentation.
        groups: names of the point groups it applies to.
        needs_gradient: whether it reads the input gradient; a group all of whose terms do not is
            evaluated by value only, at a third of the cost.
    """

    @property
    def name(self) -> str: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def needs_gradient(self) -> bool: ...

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        """The term at values ``f`` (n, 1) and gradients ``g`` (n, 3) of a group of n points."""
        ...


def _softened(x: Tensor, smoothing: float) -> tuple[Tensor, Tensor]:
    """``sqrt(x^2 + s^2) - s``, for s = 0 ``|x|``, and by what to divide x for its derivative."""
    if smoothing < _TINY:
        size = x.abs()
        return size, size.clamp_min(_TINY)
    root = x.square().add_(smoothing * smoothing).sqrt_()
    return root - smoothing, root


def _length(error: Tensor, smoothing: float) -> TermValue:
    """The softened length of what a gradient is off by (n, 3), as a term."""
    loss, divisor = _softened(vector_norm(error, dim=1, keepdim=True), smoothing)
    return TermValue(loss, None, error / divisor)


@dataclass(frozen=True)
class Surface:
    """``|f|`` at the scan's points, softened below ``smoothing`` so that noise is averaged, not fitted."""

    smoothing: float = 0.0
    groups: tuple[str, ...] = ("surface",)
    name = "surface"
    needs_gradient = False

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        loss, divisor = _softened(f, self.smoothing)
        return TermValue(loss, f / divisor, None)


@dataclass(frozen=True)
class Normal:
    """``|grad f - n|`` at the scan's points, softened below ``smoothing``.

    It asks for direction and length together, so it implies the eikonal equation on the surface.
    """

    smoothing: float = 0.0
    groups: tuple[str, ...] = ("surface",)
    name = "normal"
    needs_gradient = True

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        assert g is not None
        assert group.normals is not None, "the normal term reads a group with normals"
        return _length(g - group.normals, self.smoothing)


@dataclass(frozen=True)
class NormalCosine:
    """``1 - cos(grad f, n)`` at the scan's points: the paper's form."""

    groups: tuple[str, ...] = ("surface",)
    name = "normal"
    needs_gradient = True

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        assert g is not None
        assert group.normals is not None, "the normal term reads a group with normals"
        length = vector_norm(g, dim=1, keepdim=True).clamp_min(_TINY)
        cosine = (g * group.normals).sum(dim=1, keepdim=True) / length
        return TermValue(1 - cosine, None, (g * (cosine / length) - group.normals) / length)


@dataclass(frozen=True)
class Eikonal:
    """``||grad f| - 1|``: a distance changes by one per unit of way."""

    groups: tuple[str, ...] = ("near",)
    smoothing: float = 0.0
    name = "eikonal"
    needs_gradient = True

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        assert g is not None
        length = vector_norm(g, dim=1, keepdim=True).clamp_min(_TINY)
        excess = length - 1
        loss, divisor = _softened(excess, self.smoothing)
        return TermValue(loss, None, g * (excess / (length * divisor)))


@dataclass(frozen=True)
class Direction:
    """``|grad f - e|`` where it is known in which direction e the distance grows, 0 elsewhere.

    What the normal term says at the surface, said beside it. The eikonal equation has many solutions, and
    creases between them move slowly; this has one.
    """

    groups: tuple[str, ...] = ("near",)
    name = "direction"
    needs_gradient = True

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        assert g is not None
        assert group.directions is not None, "the direction term reads a group with directions"
        known = (group.directions != 0).any(dim=1, keepdim=True)
        return _length((g - group.directions).mul_(known), 0.0)


@dataclass(frozen=True)
class OffSurfaceHinge:
    """How far the signed distance ``side * f`` lies outside the bounds that the scan allows.

    ``max(lower - side f, 0) + max(side f - upper, 0)``, with ``lower <= upper``. Because the side is
    known, a wrong sign costs in proportion to the distance and ghost sheets vanish; the paper's
    exponential does not see the sign. Zero on the exact distance function of a surface that the scan covers.
    """

    groups: tuple[str, ...] = ("near", "far")
    name = "off_surface"
    needs_gradient = False

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        assert group.side is not None
        assert group.lower is not None
        assert group.upper is not None, "the hinge reads a group with sides and bounds"
        distance = group.side * f
        excess = distance - distance.clamp(group.lower, group.upper)
        return TermValue(excess.abs(), group.side * excess.sign(), None)


@dataclass(frozen=True)
class OffSurfaceExponential:
    """``exp(-sharpness |f|)``: the paper's form, which keeps the zero set away from empty space."""

    sharpness: float = 100.0
    groups: tuple[str, ...] = ("volume",)
    name = "off_surface"
    needs_gradient = False

    def __call__(self, f: Tensor, g: Tensor | None, group: PointGroup) -> TermValue:
        loss = torch.exp(-self.sharpness * f.abs())
        return TermValue(loss, -self.sharpness * f.sign() * loss, None)
