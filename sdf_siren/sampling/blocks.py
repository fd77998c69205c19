"""What a training step sees of a signal."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from sdf_siren.frames import GridFrame
from sdf_siren.signals.blocks import Blocks, blocks_at


@dataclass(frozen=True)
class BlockSampler:
    """Draws blocks of a grid with replacement.

    Attributes:
        frame: of the grid.
        side: samples of a block along every axis, at most the grid's.
        count: blocks per step.
        dtype: of the coordinates.
    """

    frame: GridFrame
    side: tuple[int, ...]
    count: int
    dtype: torch.dtype = torch.float32

    def draw(self, generator: torch.Generator) -> Blocks:
        """Blocks anywhere; those that would stick out are moved in, so that the border is not seen less."""
        device = generator.device
        corners = []
        for n, s in zip(self.frame.shape, self.side, strict=True):
            drawn = torch.randint(-(s - 1), n, (self.count,), generator=generator, device=device)
            corners.append(drawn.clamp_(0, n - s))
        return blocks_at(torch.stack(corners, dim=1), self.side, self.frame, self.dtype)
