"""A network with local corrections on top."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.fields.siren import Siren
from sdf_siren.fields.tiles import CubicTiles


@dataclass(frozen=True)
class CorrectedField:
    """The sum of a network and of tiles; a :class:`~sdf_siren.fields.field.Field` for one channel.

    Attributes:
        network: defined everywhere; decides the shape at large.
        tiles: levels of corrections, zero away from the scan; may be empty.
    """

    network: Siren
    tiles: tuple[CubicTiles, ...] = ()

    @property
    def dtype(self) -> torch.dtype:
        """The floating-point type of the parameters."""
        return self.network.dtype

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.network.device

    def to(
        self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None
    ) -> CorrectedField:
        """A copy with other storage."""
        return CorrectedField(
            self.network.to(dtype=dtype, device=device),
            tuple(tiles.to(dtype=dtype, device=device) for tiles in self.tiles),
        )

    def plus(self, tiles: CubicTiles) -> CorrectedField:
        """With one more level."""
        return CorrectedField(self.network, (*self.tiles, tiles))

    def value(self, x: Tensor) -> Tensor:
        """Values (n, 1) at points ``x`` (n, 3)."""
        value = self.network.value(x)
        for tiles in self.tiles:
            value += tiles.value(x)
        return value

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and gradients (n, 3) at points ``x`` (n, 3)."""
        value, gradient = self.network.value_and_gradient(x)
        for tiles in self.tiles:
            more = tiles.value_and_gradient(x)
            value += more[0]
            gradient += more[1]
        return value, gradient

    def laplacian(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Values (n, 1), Jacobians (n, 1, 3) and Laplacians (n, 1) at ``x`` (n, 3)."""
        parts = [self.network.laplacian(x), *(tiles.laplacian(x) for tiles in self.tiles)]
        value, jacobian, laplacian = (torch.stack(kind).sum(dim=0) for kind in zip(*parts, strict=True))
        return value, jacobian, laplacian
