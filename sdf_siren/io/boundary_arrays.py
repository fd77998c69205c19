"""Boundary and initial data from array files: splines along parts of a boundary, over boxes at the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdf_siren.domains import Box, Circle, Domain, Segment
from sdf_siren.errors import InputError
from sdf_siren.io.beside import array_path
from sdf_siren.io.numpy_files import read_npy_array
from sdf_siren.io.splines import Array, Interpolation, interpolated
from sdf_siren.jets import Jet, JetFunction

LEAST = 4
"""Values along every axis of a boundary array; a cubic needs them."""
LEAST_AT_START = 6
"""Of initial data: their second derivatives are wanted, and quintics taken."""
_MOST_BYTES = 2**28
_ON = 1e-6
"""How far off its part a place may be, by the part's length."""
_GAP = 4.0
"""A circle with values is left open where no value is for this many median spacings."""


@dataclass(frozen=True)
class ArrayData:
    """Data of a condition.

    Attributes:
        function: its values on the part; derivatives only of initial data, NaN elsewhere.
        note: for people, how good the interpolation is.
    """

    function: JetFunction
    note: str


def read_boundary_array(
    name: str, folder: Path, domain: Domain, part: str, where: str, *, is_complex: bool
) -> ArrayData:
    """Data on a part of the boundary from an ``.npy`` file.

    In two dimensions ``(n,)`` values, evenly spaced: along a straight part from its end with the lower x (of
    equal ones, the lower y) to the other, both included; around a circle from the positive x axis
    counter-clockwise, the last one a step before the first. Or ``(n, 3)``: x, y and value, places on the part
    in any order; there is no value beyond the first and the last. On a face of a box of three dimensions (two
    and time) ``(n, m)`` values over the face's own coordinates, in their order, from bound to bound. Cubic
    splines lie between them, periodic ones on circles.

    Args:
        name: path of the file, inside ``folder``.
        folder: where the problem file lies.
        domain: whose boundary it is.
        part: the one that has the data.
        where: begins every message.
        is_complex: whether values may be.

    Raises:
        InputError: the file is elsewhere, is no such array, holds values that are not finite or places off
            the part, or the part is none that can have an array.
    """
    path = array_path(name, folder, where, (".npy",))
    values = _values(path, is_complex=is_complex)
    if domain.dimension == 3 and isinstance(domain, Box):
        axis = domain.parts.index(part) // 2
        found = _over_box(path, domain, [k for k in range(3) if k != axis], values, LEAST, 3)
        return _data(found, path, lambda x: x[:, [k for k in range(3) if k != axis]])
    if not domain.curves:
        raise InputError(
            f"{where}: arrays are for boundaries in two dimensions and for the faces of boxes in three; "
            "write a formula"
        )
    curve = domain.curves[domain.part(part)]
    assert isinstance(curve, Segment | Circle)
    places, values = _along(path, curve, part, values)
    if len(places) < LEAST or len(np.unique(places)) < len(places):
        raise InputError(
            f"{path}: expected at least {LEAST} values at different places, found {len(np.unique(places))}"
        )
    open_ = isinstance(curve, Segment)
    if not open_:
        places, values, open_ = _opened(places, values)
    found = interpolated([places], values, period=None if open_ else 1.0)
    ends = (places[0] - _ON, places[-1] + _ON) if open_ else (-np.inf, np.inf)

    def parameter(x: Array) -> Array:
        t = _places(curve, x)
        t = np.where(t < places[0] - _ON, t + 1, t) if open_ and isinstance(curve, Circle) else t
        return np.where((t >= ends[0]) & (t <= ends[1]), t, np.nan)[:, None]

    return _data(found, path, parameter)


def read_initial_array(name: str, folder: Path, domain: Domain, where: str) -> ArrayData:
    """Data at the start from an ``.npy`` file: one axis for every coordinate of space, from bound to bound
    of a box around the domain.

    Quintic splines lie between the values, for the equation takes their second derivatives.

    Raises:
        InputError: the file is elsewhere, is no such array, holds values that are not finite, or space has
            more than two dimensions.
    """
    path = array_path(name, folder, where, (".npy",))
    space = list(range(domain.dimension - 1))
    if len(space) > 2:
        raise InputError(f"{where}: arrays are for waves in one and two dimensions; write a formula")
    found = _over_box(path, domain, space, _values(path, is_complex=False), LEAST_AT_START, 5)

    def jet(x: Tensor) -> Jet:
        n, d = x.shape
        places = x[:, space].detach().cpu().numpy()

        def derivative(*axes: int) -> Tensor:
            orders = [axes.count(k) for k in space]
            return torch.from_numpy(np.ascontiguousarray(found.spline(places, orders)))

        gradient = torch.zeros(n, d, dtype=torch.float64)
        hessian = torch.zeros(n, d, d, dtype=torch.float64)
        for k in space:
            gradient[:, k] = derivative(k)
            for other in space:
                hessian[:, k, other] = derivative(k, other)
        return Jet(derivative(), gradient, hessian)

    return ArrayData(jet, _note(found, path))


def _values(path: Path, *, is_complex: bool) -> Array:
    array = read_npy_array(path, _MOST_BYTES, complex=is_complex)
    values = np.array(array, dtype=np.complex128 if array.dtype.kind == "c" else np.float64)
    if not np.isfinite(values).all():
        place = tuple(int(k) + 1 for k in np.argwhere(~np.isfinite(values))[0])
        raise InputError(f"{path}: expected finite values, found NaN or infinity at {place}")
    return values


def _over_box(
    path: Path, domain: Domain, axes: list[int], values: Array, least: int, degree: int
) -> Interpolation:
    if values.ndim != len(axes) or min(values.shape, default=0) < least:
        raise InputError(
            f"{path}: expected {len(axes)} axes of at least {least} values, found {values.shape}"
        )
    low, high = domain.bounds
    places = [np.linspace(float(low[k]), float(high[k]), n) for k, n in zip(axes, values.shape, strict=True)]
    return interpolated(places, values, degree=degree)


def _along(path: Path, curve: Segment | Circle, part: str, values: Array) -> tuple[Array, Array]:
    """Places from 0 to 1 in rising order, and the values there."""
    if values.ndim == 1:
        return np.linspace(0, 1, len(values), endpoint=isinstance(curve, Segment)), values
    if values.ndim != 2 or values.shape[1] != 3:
        raise InputError(
            f"{path}: expected values (n,), or x, y and value (n, 3), found an array of shape {values.shape}"
        )
    x = values[:, :2].real
    off = _distances(curve, x) > _ON * curve.length
    if off.any():
        k = int(off.argmax())
        raise InputError(
            f"{path}: expected places on {part}, found ({x[k, 0]:.6g}, {x[k, 1]:.6g}) in row {k + 1}"
        )
    places = _places(curve, x)
    order = np.argsort(places)
    return places[order], values[order, 2]


def _opened(places: Array, values: Array) -> tuple[Array, Array, bool]:
    """Around a circle: turned so that a wide gap is at the ends; and whether there is one."""
    gaps = np.diff(np.append(places, places[0] + 1))
    widest = int(gaps.argmax())
    if gaps[widest] <= _GAP * np.median(gaps):
        return places, values, False
    first = (widest + 1) % len(places)
    turned = np.append(places[first:], places[:first] + 1)
    return turned, np.append(values[first:], values[:first]), True


def _places(curve: Segment | Circle, x: Array) -> NDArray[np.float64]:
    """How far along a curve points (n, 2) are, from 0 to 1."""
    if isinstance(curve, Circle):
        away = x - np.array(curve.centre)
        return np.asarray(np.arctan2(away[:, 1], away[:, 0]) / (2 * np.pi) % 1)
    start, stop = sorted([curve.start, curve.stop])
    along = np.subtract(stop, start)
    return np.asarray((x - np.array(start)) @ along / (along @ along))


def _distances(curve: Segment | Circle, x: Array) -> NDArray[np.float64]:
    if isinstance(curve, Circle):
        return np.abs(np.linalg.norm(x - np.array(curve.centre), axis=1) - curve.radius)
    start, along = np.array(curve.start), np.subtract(curve.stop, curve.start)
    nearest = start + np.clip((x - start) @ along / (along @ along), 0, 1)[:, None] * along
    return np.asarray(np.linalg.norm(x - nearest, axis=1))


def _data(found: Interpolation, path: Path, parameter: object) -> ArrayData:
    def jet(x: Tensor) -> Jet:
        value = found.spline(parameter(x.detach().cpu().numpy()))  # type: ignore[operator]
        values = torch.from_numpy(np.ascontiguousarray(value))
        unknown = torch.full((), torch.nan, dtype=values.dtype)  # nobody asks off the boundary
        return Jet(values, unknown.expand(*x.shape), unknown.expand(*x.shape, x.shape[1]))

    return ArrayData(jet, _note(found, path))


def _note(found: Interpolation, path: Path) -> str:
    return (
        f"{path.name}: between its values splines are about {found.error:.1g} off, judged by every other "
        f"value (largest {found.largest:.3g})"
    )
