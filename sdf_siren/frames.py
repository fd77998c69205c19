"""The similarity that takes a scan into the cube where the network lives, and back.

omega_0, the loss weights and every threshold of a fit are meant inside the cube [-1, 1]^3. A
Similarity is kept in float64, so that survey coordinates (offsets of 1e6 with millimetre detail)
lose nothing on the way in, and it is undone exactly once on the way out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdf_siren.errors import InputError

HALF_EXTENT = 0.9
"""Half the longest side of the scan's box inside the cube; the rest is room for the surface."""


@dataclass(frozen=True)
class Similarity:
    """``cube = (world - centre) * scale``.

    Attributes:
        centre: world coordinates of the cube's origin, three floats.
        scale: cube lengths per world length; positive.
    """

    centre: tuple[float, float, float]
    scale: float

    def __post_init__(self) -> None:
        if len(self.centre) != 3 or not np.all(np.isfinite(self.centre)):
            raise InputError(f"a frame needs a finite centre of three numbers, found {self.centre}")
        if not (np.isfinite(self.scale) and self.scale > 0):
            raise InputError(f"a frame needs a positive finite scale, found {self.scale}")

    @classmethod
    def fitting(cls, points: ArrayLike, half_extent: float = HALF_EXTENT) -> Similarity:
        """The frame that centres the box of ``points`` (n, 3) and scales its longest half side.

        Raises:
            InputError: the points have no extent.
        """
        points = np.asarray(points, dtype=np.float64)
        low, high = points.min(axis=0), points.max(axis=0)
        extent = float((high - low).max())
        if not extent > 0:
            raise InputError("a scan needs an extent above zero, found all points in one place")
        x, y, z = ((low + high) / 2).tolist()
        return cls((x, y, z), 2 * half_extent / extent)

    def to_cube(self, world: ArrayLike) -> NDArray[np.float64]:
        """World coordinates (n, 3) to cube coordinates (n, 3), float64."""
        return (np.asarray(world, dtype=np.float64) - np.asarray(self.centre)) * self.scale

    def to_world(self, cube: ArrayLike) -> NDArray[np.float64]:
        """Cube coordinates (n, 3) to world coordinates (n, 3), float64."""
        return np.asarray(cube, dtype=np.float64) / self.scale + np.asarray(self.centre)

    def length_to_world(self, length: ArrayLike) -> NDArray[np.float64]:
        """Lengths or signed distances in the cube to world units, float64."""
        return np.asarray(length, dtype=np.float64) / self.scale
