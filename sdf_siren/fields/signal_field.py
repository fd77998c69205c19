"""A field on the grid of a signal: what a fit of an image, a sound or a video returns and a user calls."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sdf_siren.fields.layered import LayeredField
from sdf_siren.frames import GridFrame

PART = 2**17
"""Places evaluated at once on a grid."""


@dataclass(frozen=True)
class SignalField:
    """A network and the frame that takes places of a grid to the cube.

    Places are counted in samples along the axes of the array, sample ``[i, j]`` being at (i, j); derivatives
    are per sample. The network's -1 and 1 are the values ``low`` and ``high``.

    Attributes:
        network: fitted in the cube.
        frame: places to cube.
        low: the value for which the network answers -1.
        high: the value for which it answers 1.
        axes: names of the coordinates.
        record: how the field was fitted; JSON values only.
    """

    network: LayeredField
    frame: GridFrame
    low: float = 0.0
    high: float = 1.0
    axes: tuple[str, ...] = ("row", "column")
    record: Mapping[str, object] = field(default_factory=dict)

    @property
    def half_range(self) -> float:
        """Values per unit of the network."""
        return (self.high - self.low) / 2

    def _cube(self, places: ArrayLike) -> torch.Tensor:
        places = np.asarray(places, dtype=np.float64)
        if places.ndim != 2 or places.shape[1] != len(self.frame.shape):
            raise ValueError(f"expected places of shape (n, {len(self.frame.shape)}), found {places.shape}")
        return torch.from_numpy(self.frame.to_cube(places)).to(self.network.device, self.network.dtype)

    def __call__(self, places: ArrayLike) -> NDArray[np.float64]:
        """Values (n, c) at ``places`` (n, d)."""
        value = self.network.value(self._cube(places)).cpu().numpy()
        return self.low + (value.astype(np.float64) + 1) * self.half_range

    def on_grid(self, axes: Sequence[ArrayLike]) -> NDArray[np.float32]:
        """Values (m_1, .., m_d, c) float32 at the places of a grid, evaluated in bounded memory.

        Args:
            axes: the places along every axis: ``frame.axes()`` for the samples themselves,
                ``frame.axes(shape)`` for another resolution, or parts of these.
        """
        return self._swept(axes, lambda places: (self(places),))[0]

    def derivatives_on_grid(self, axes: Sequence[ArrayLike]) -> tuple[NDArray[np.float32], ...]:
        """Values (.., c), gradients (.., c, d) and Laplacians (.., c) float32 at the places of a grid."""
        return self._swept(axes, self.derivatives)

    def _swept(
        self,
        axes: Sequence[ArrayLike],
        evaluate: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], ...]],
    ) -> tuple[NDArray[np.float32], ...]:
        """``evaluate`` on parts of a grid, put together."""
        along = [np.asarray(axis, dtype=np.float64) for axis in axes]
        shape = tuple(len(axis) for axis in along)
        found: list[NDArray[np.float32]] = []
        total = math.prod(shape)
        for start in range(0, total, PART):
            rows = np.arange(start, min(start + PART, total))
            index = np.unravel_index(rows, shape)
            answers = evaluate(np.stack([a[i] for a, i in zip(along, index, strict=True)], axis=1))
            if not found:
                found = [np.empty((total, *answer.shape[1:]), np.float32) for answer in answers]
            for whole, answer in zip(found, answers, strict=True):
                whole[rows] = answer
        return tuple(whole.reshape(*shape, *whole.shape[1:]) for whole in found)

    def gradient(self, places: ArrayLike) -> NDArray[np.float64]:
        """First derivatives (n, c, d) at ``places`` (n, d), per sample along every axis."""
        return self.derivatives(places)[1]

    def laplacian(self, places: ArrayLike) -> NDArray[np.float64]:
        """Sums of the second derivatives (n, c) at ``places`` (n, d), in the unit of the shortest step.

        Along an axis whose samples are further apart than along the others, a derivative is taken per the
        shortest step, for a sum over axes has one unit.
        """
        return self.derivatives(places)[2]

    def derivatives(
        self, places: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """What calling the field, :meth:`gradient` and :meth:`laplacian` give, in one evaluation."""
        value, jacobian, laplacian = (
            t.cpu().numpy().astype(np.float64) for t in self.network.laplacian(self._cube(places))
        )
        steps = np.asarray(self.frame.step)
        return (
            self.low + (value + 1) * self.half_range,
            np.asarray(jacobian * (self.half_range * steps)),
            np.asarray(laplacian * (self.half_range * steps.min() ** 2)),
        )
