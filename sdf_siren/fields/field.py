"""What a field is: anything with a value and a gradient at points.

SIREN and the exact shapes of :mod:`sdf_siren.fields.shapes` all satisfy it, so that losses, mesher
and metrics are tested on exact answers before any network is trained.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor


class Field(Protocol):
    """A scalar function on the cube [-1, 1]^3, with points and answers as torch tensors."""

    def value(self, x: Tensor) -> Tensor:
        """Values (n, 1) at points ``x`` (n, 3)."""
        ...

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and gradients (n, 3) at points ``x`` (n, 3)."""
        ...
