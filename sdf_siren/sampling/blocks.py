"""What a training step sees of a signal."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from sdf_siren.frames import GridFrame
from sdf_siren.signals.blocks import Blocks, blocks_at

LARGEST_SHUFFLE = 2**24
"""Samples that are shuffled as a whole; larger grids are not gone through often enough for that to matter."""


class BlockSampler:
    """Draws blocks of a grid: single samples in shuffled rounds, larger blocks with replacement.

    Going through all samples before any comes again fits an image about 2 dB better in the same time
    (docs/method.md, "Images").

    Args:
        frame: of the grid.
        side: samples of a block along every axis, at most the grid's.
        count: blocks per step.
        seed: of the shuffles, each of which follows from it and the step, so that a fit can be resumed.
        dtype: of the coordinates.
    """

    def __init__(
        self,
        frame: GridFrame,
        side: tuple[int, ...],
        count: int,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        self._frame, self._side, self._count, self._seed, self._dtype = frame, side, count, seed, dtype
        self._shuffled: tuple[int, Tensor] | None = None

    def draw(self, generator: torch.Generator, step: int = 0) -> Blocks:
        """The blocks of a step."""
        total = math.prod(self._frame.shape)
        if max(self._side) == 1 and self._count <= total <= LARGEST_SHUFFLE:
            samples = self._in_rounds(total, step, generator.device)
            corners = torch.stack(torch.unravel_index(samples, self._frame.shape), dim=1)
        else:
            corners = self._anywhere(generator)
        return blocks_at(corners, self._side, self._frame, self._dtype)

    def _in_rounds(self, total: int, step: int, device: torch.device) -> Tensor:
        """Samples of a shuffle that lasts as many steps as there are whole batches in it."""
        steps = total // self._count
        number, place = divmod(step, steps)
        if self._shuffled is None or self._shuffled[0] != number:
            # Seeds side by side give independent streams; a prime keeps fits of neighbouring seeds apart.
            own = torch.Generator(device=device).manual_seed(self._seed * 1_000_003 + number)
            self._shuffled = number, torch.randperm(total, generator=own, device=device)
        return self._shuffled[1][place * self._count : (place + 1) * self._count]

    def _anywhere(self, generator: torch.Generator) -> Tensor:
        """First samples of blocks; those that would stick out are moved in, so that the border is not seen
        less."""
        corners = []
        for n, s in zip(self._frame.shape, self._side, strict=True):
            drawn = torch.randint(-(s - 1), n, (self._count,), generator=generator, device=generator.device)
            corners.append(drawn.clamp_(0, n - s))
        return torch.stack(corners, dim=1)
