"""What stages hand to each other, apart from point clouds, fields and signals: the mesh and its normals, the
grid, the portrait of an image."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Mesh:
    """A triangle mesh in world coordinates; normals point outward, volume is positive.

    Attributes:
        vertices: (v, 3) float64.
        faces: (f, 3) int64, counter-clockwise seen from outside.
        normals: (v, 3) float32 unit vertex normals, or None.
        colours: (v, 3) uint8 red, green and blue, or None.
        scalars: by name, further numbers (v,) float32 per vertex; NaN where they are not known.
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int64]
    normals: NDArray[np.float32] | None = None
    colours: NDArray[np.uint8] | None = None
    scalars: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", np.ascontiguousarray(self.vertices, dtype=np.float64))
        object.__setattr__(self, "faces", np.ascontiguousarray(self.faces, dtype=np.int64))
        if self.vertices.ndim != 2 or self.vertices.shape[1] != 3:
            raise ValueError(f"vertices must be (v, 3), found {self.vertices.shape}")
        if self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"faces must be (f, 3), found {self.faces.shape}")
        if len(self.faces) and not 0 <= self.faces.min() <= self.faces.max() < len(self.vertices):
            raise ValueError("faces must index the vertices")
        for name, dtype in (("normals", np.float32), ("colours", np.uint8)):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, np.ascontiguousarray(value, dtype=dtype))
                if np.shape(value) != self.vertices.shape:
                    raise ValueError(f"{name} must be {self.vertices.shape}, found {np.shape(value)}")
        scalars = {name: np.ascontiguousarray(value, np.float32) for name, value in self.scalars.items()}
        object.__setattr__(self, "scalars", scalars)
        for name, value in scalars.items():
            if value.shape != (len(self.vertices),):
                raise ValueError(f"{name} must be ({len(self.vertices)},), found {value.shape}")

    @cached_property
    def edges(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What :func:`edges_and_sides` says of the faces; several stages ask the same mesh."""
        return edges_and_sides(self.faces, len(self.vertices))

    def of_faces(self, kept: NDArray[np.bool_] | NDArray[np.integer]) -> Mesh:
        """The mesh of the given faces (mask or indices) and of the vertices that they use, in their order."""
        faces = self.faces[kept]
        used = np.zeros(len(self.vertices), dtype=bool)
        used[faces.reshape(-1)] = True
        if used.all():
            return replace(self, faces=faces)
        number = np.cumsum(used) - 1
        return Mesh(
            self.vertices[used],
            number[faces],
            None if self.normals is None else self.normals[used],
            None if self.colours is None else self.colours[used],
            {name: value[used] for name, value in self.scalars.items()},
        )


@dataclass(frozen=True)
class Grid:
    """Functions at the nodes of a regular grid.

    Attributes:
        axes: by name of the coordinate, where the nodes are along it, evenly spaced.
        values: by name of the function, float64 or complex128, one axis per coordinate in their order; NaN
            where it is not defined.
        title: one line for people.
    """

    axes: Mapping[str, NDArray[np.float64]]
    values: Mapping[str, NDArray[np.generic]]
    title: str = ""

    def __post_init__(self) -> None:
        for name, values in self.values.items():
            if values.shape != self.shape:
                raise ValueError(f"expected {name} of shape {self.shape}, found {values.shape}")

    @property
    def shape(self) -> tuple[int, ...]:
        """How many nodes there are along every axis."""
        return tuple(len(axis) for axis in self.axes.values())


@dataclass(frozen=True)
class SignalPortrait:
    """An image, or what a network makes of it, with its derivatives; the defaults are those of the truth.

    Attributes:
        name: one or two words for people.
        value: (rows, columns, c), finite.
        gradient_size: (rows, columns), length of the gradient per pixel, finite.
        laplacian: (rows, columns), per pixel squared, finite.
        parameters: numbers that were fitted.
        steps: of the fit.
        seconds: that it took.
        psnr: in decibels, of the value, the gradient and the Laplacian; infinite where there is no error.
    """

    name: str
    value: NDArray[np.floating]
    gradient_size: NDArray[np.floating]
    laplacian: NDArray[np.floating]
    parameters: int = 0
    steps: int = 0
    seconds: float = 0.0
    psnr: tuple[float, float, float] = (math.inf, math.inf, math.inf)

    def __post_init__(self) -> None:
        if self.value.ndim != 3 or self.value.size == 0:
            raise ValueError(f"expected values (rows, columns, c), found {self.value.shape}")
        for name in ("gradient_size", "laplacian"):
            if getattr(self, name).shape != self.value.shape[:2]:
                raise ValueError(f"{name} must be {self.value.shape[:2]}, found {getattr(self, name).shape}")
        for name in ("value", "gradient_size", "laplacian"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"expected finite {name}, found NaN or infinity")

    @property
    def scores(self) -> dict[str, float]:
        """``psnr`` by name, without maps that are the same everywhere: these have no range."""
        named = zip(("value", "gradient", "Laplacian"), self.psnr, strict=True)
        return {name: score for name, score in named if score > -math.inf}


def edges_and_sides(faces: NDArray[np.int64], vertices: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Edges (e, 2) of ``faces`` (f, 3), whose corners are below ``vertices``: lower corners first, in order;
    and of each face the edges (f, 3) from its first corner to its second, and so on."""
    start, stop = faces, faces[:, [1, 2, 0]]
    key = (np.minimum(start, stop) * vertices + np.maximum(start, stop)).ravel()
    # Meshes are made piece by piece, in runs that a merge sort finds: np.unique takes three times as long.
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.diff(key, prepend=-1) > 0
    side = np.empty(len(key), np.int64)
    side[order] = np.cumsum(first) - 1
    return np.stack(np.divmod(key[first], vertices), axis=1), side.reshape(faces.shape)


def area_vectors(vertices: NDArray[np.floating], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """One vector (f, 3) per face: along its outward normal, as long as its area."""
    vertices = np.asarray(vertices, dtype=np.float64)
    a, b, c = (np.take(vertices, corner, axis=0).T for corner in faces.T)
    (x, y, z), (u, v, w) = b - a, c - a  # np.cross takes three times as long
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u], axis=1) / 2


def face_areas(vertices: NDArray[np.floating], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """The area (f,) of every face, in squares of the vertices' unit."""
    return np.asarray(np.linalg.norm(area_vectors(vertices, faces), axis=1))


def vertex_normals(vertices: NDArray[np.floating], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """(v, 3) unit normals: the area-weighted mean over the faces at each vertex, zero without any."""
    weights = np.repeat(area_vectors(vertices, faces), 3, axis=0)
    sums = [np.bincount(faces.ravel(), w, len(vertices)) for w in weights.T]
    normals = np.stack(sums, axis=1)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.where(length > 0, length, 1.0))
