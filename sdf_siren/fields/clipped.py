"""A field cut off at the walls of a cube, so that its level set closes there."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.fields.field import Field


@dataclass(frozen=True)
class ClippedField:
    """What is inside of ``field`` and of the cube [-half, half]^3: the larger of both distances.

    Attributes:
        field: in cube coordinates.
        half: half the side of what is left.
    """

    field: Field
    half: float

    def value(self, x: Tensor) -> Tensor:
        """Values (n, 1) at ``x`` (n, 3)."""
        wall = x.abs().amax(dim=1, keepdim=True) - self.half
        return torch.maximum(self.field.value(x), wall)

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and gradients (n, 3); on a wall, its normal."""
        value, gradient = self.field.value_and_gradient(x)
        farthest, axis = x.abs().max(dim=1, keepdim=True)
        wall = farthest - self.half
        normal = torch.zeros_like(x).scatter_(1, axis, torch.where(x.gather(1, axis) < 0, -1.0, 1.0))
        return torch.maximum(value, wall), torch.where(wall > value, normal, gradient)
