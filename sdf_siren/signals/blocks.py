"""Blocks of neighbouring samples of a signal, single samples where that is enough."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.frames import GridFrame


@dataclass(frozen=True)
class Blocks:
    """b blocks of s_1 x .. x s_d neighbouring samples.

    Attributes:
        samples: (b, s_1 ... s_d) int64, places in the flattened grid, each block in the order of its array.
        side: (s_1, .., s_d).
        x: (b s_1 ... s_d, d), where they are in the cube.
    """

    samples: Tensor
    side: tuple[int, ...]
    x: Tensor

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def size(self) -> int:
        """Samples per block."""
        return self.samples.shape[1]

    def at(self, points: slice) -> Blocks:
        """Some of the blocks, given as a slice of ``x`` that starts and ends between blocks."""
        rows = slice(points.start // self.size, points.stop // self.size)
        return Blocks(self.samples[rows], self.side, self.x[points])


def block_side(shape: tuple[int, ...], volume: int = 64) -> tuple[int, ...]:
    """Sides of a block of about ``volume`` samples of a grid: equal but where the grid is thin."""
    edge = max(1, round(volume ** (1 / len(shape))))
    return tuple(min(n, edge) for n in shape)


def blocks_at(
    corners: Tensor, side: tuple[int, ...], frame: GridFrame, dtype: torch.dtype = torch.float32
) -> Blocks:
    """The blocks whose first samples are at ``corners`` (b, d) int64, with coordinates of type ``dtype``."""
    steps = [torch.arange(s, device=corners.device) for s in side]
    places = corners[:, None, :] + torch.cartesian_prod(*steps).view(-1, len(side))
    flat = places.new_zeros(places.shape[:2])
    for axis, n in enumerate(frame.shape):
        flat = flat * n + places[..., axis]
    # By plain numbers: a tensor of them would be sent to a GPU at every step, which waits for it.
    axes = zip(places.double().unbind(-1), frame.shape, frame.step, strict=True)
    x = torch.stack([axis.sub((n - 1) / 2).mul_(step) for axis, n, step in axes], dim=-1)
    return Blocks(flat, side, x.to(dtype).view(-1, len(side)))
