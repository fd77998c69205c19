"""The maps into the cube where networks live, and back: of a scan, and of a grid of samples.

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


@dataclass(frozen=True)
class GridFrame:
    """``cube = (place - (shape - 1) / 2) * step``: the map from a regular grid of samples into [-1, 1]^d.

    Places are counted in samples along the axes of the array, so that sample ``array[i, j]`` is at (i, j); an
    image of h x w pixels covers [-1/2, h - 1/2] x [-1/2, w - 1/2].

    Attributes:
        shape: samples along every axis.
        step: cube lengths per sample along every axis; positive.
    """

    shape: tuple[int, ...]
    step: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.shape or min(self.shape) < 1 or len(self.step) != len(self.shape):
            raise InputError(f"a grid needs at least one sample and a step along every axis, found {self}")
        if not all(np.isfinite(s) and s > 0 for s in self.step):
            raise InputError(f"a grid needs positive finite steps, found {self.step}")

    @classmethod
    def fitting(cls, shape: tuple[int, ...], spacing: tuple[float, ...] | None = None) -> GridFrame:
        """The frame in which the longest side of a grid spans [-1, 1].

        Args:
            shape: samples along every axis.
            spacing: relative lengths of a sample along every axis (pixels that are not square, say); None is
                all alike.
        """
        spacing = spacing or (1.0,) * len(shape)
        longest = max((n * s for n, s in zip(shape, spacing, strict=True)), default=1.0)
        return cls(tuple(shape), tuple(2 * s / longest for s in spacing))

    def to_cube(self, places: ArrayLike) -> NDArray[np.float64]:
        """Places (n, d) to cube coordinates (n, d), float64."""
        middle = (np.asarray(self.shape, dtype=np.float64) - 1) / 2
        return (np.asarray(places, dtype=np.float64) - middle) * np.asarray(self.step)

    def axes(self, shape: tuple[int, ...] | None = None) -> tuple[NDArray[np.float64], ...]:
        """Places along every axis of the samples of a grid of ``shape`` that covers the same region, None for
        the grid itself. Sample j of m stands for the stretch [j, j + 1] n / m of the n, as pixels do.
        """
        pairs = zip(self.shape, shape or self.shape, strict=True)
        return tuple(np.asarray((np.arange(m) + 0.5) * (n / m) - 0.5, np.float64) for n, m in pairs)
