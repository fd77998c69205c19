"""A formula that was read: a function from points to jets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.errors import UsageError
from sdf_siren.expressions.nodes import Node, Points
from sdf_siren.jets import Jet


@dataclass(frozen=True)
class Expression:
    """A formula of named coordinates; a :data:`~sdf_siren.jets.JetFunction`.

    ``str`` writes it so that :func:`~sdf_siren.expressions.parse` reads an equal one.

    Attributes:
        root: the tree.
        names: what the coordinates are called, in the order of their columns.
        complex: whether the values are complex128; float64 otherwise.
    """

    root: Node
    names: tuple[str, ...]
    complex: bool = False

    def __call__(self, x: Tensor) -> Jet:
        """The jet at points ``x`` (n, d), one column per name; nan where the formula has no value.

        Raises:
            UsageError: ``x`` has another number of columns.
        """
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise UsageError(
                f"the formula {str(self)[:40]!r} needs points with {len(self.names)} coordinates "
                f"({', '.join(self.names)}), found {tuple(x.shape)}"
            )
        coordinates = dict(zip(self.names, Jet.coordinates(x), strict=True))
        points = Points(x, coordinates)
        jet = points.jet(self.root.evaluate(points))
        if self.complex and not jet.value.is_complex():
            value, gradient, hessian = (
                tensor.to(torch.complex128) for tensor in (jet.value, jet.gradient, jet.hessian)
            )
            return Jet(value, gradient, hessian)
        return jet

    @property
    def names_used(self) -> tuple[str, ...]:
        """The coordinates that occur in the formula, in the order of ``names``."""
        return tuple(name for name in self.names if name in self.root.names)

    def __str__(self) -> str:
        return str(self.root)
