"""What stages hand to each other, apart from point clouds and fields: the mesh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh in world coordinates; normals point outward, volume is positive.

    Attributes:
        vertices: (v, 3) float64.
        faces: (f, 3) int64, counter-clockwise seen from outside.
        normals: (v, 3) float32 unit vertex normals, or None.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    normals: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", np.ascontiguousarray(self.vertices, dtype=np.float64))
        object.__setattr__(self, "faces", np.ascontiguousarray(self.faces, dtype=np.int64))
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3:
            raise ValueError(f"vertices must be (v, 3), found {self.vertices.shape}")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"faces must be (f, 3), found {self.faces.shape}")
        if len(self.faces) and not 0 <= self.faces.min() <= self.faces.max() < len(self.vertices):
            raise ValueError("faces must index the vertices")
        if self.normals is not None:
            object.__setattr__(self, "normals", np.ascontiguousarray(self.normals, dtype=np.float32))
            if self.normals.shape != self.vertices.shape:
                raise ValueError(f"normals must be {self.vertices.shape}, found {self.normals.shape}")
