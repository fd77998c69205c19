"""Values between those of an array: splines of one and two variables, and how good they are by their data.

Through every other value a second spline is laid. Where the data are smooth, it misses the values left out by
about 2^(k+1) times what the first one misses between all of them, k its degree; where they are not, what it
misses is a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Spline(Protocol):
    """A function of one or two variables."""

    def __call__(self, x: Array, derivatives: Sequence[int] = ()) -> Array:
        """Its values (n,) at ``x`` (n, variables), or a derivative, of the given order by every variable."""
        ...


@dataclass(frozen=True)
class Interpolation:
    """A spline and what it can be trusted with.

    Attributes:
        spline: of as many variables as the array has axes.
        error: an estimate of the largest error between the values.
        largest: the largest of the values, to compare with.
    """

    spline: Spline
    error: float
    largest: float


def interpolated(
    axes: Sequence[Array], values: Array, *, degree: int = 3, period: float | None = None
) -> Interpolation:
    """A spline through all values.

    Args:
        axes: one or two, strictly increasing, at least ``degree + 1`` places each.
        values: real or complex, one axis for each.
        degree: odd; 3, or 5 where second derivatives are wanted.
        period: of the one variable, if the curve closes; then the axis ends before it does.
    """
    spline = _spline(axes, values, degree, period)
    largest = float(np.abs(values).max())
    halved = [axis[::2] for axis in axes]
    if min(len(axis) for axis in halved) <= degree:
        return Interpolation(spline, largest, largest)
    rough = _spline(halved, values[(slice(None, None, 2),) * len(axes)], degree, period)
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(axes))
    inside = (nodes <= [axis[-1] for axis in halved]).all(1) if period is None else slice(None)
    missed = np.abs(rough(nodes) - values.ravel())[inside].max()
    return Interpolation(spline, float(missed) / 2 ** (degree + 1), largest)


def _spline(axes: Sequence[Array], values: Array, degree: int, period: float | None) -> Spline:
    if np.iscomplexobj(values):
        real, imaginary = (_spline(axes, part, degree, period) for part in (values.real, values.imag))
        return lambda x, derivatives=(): real(x, derivatives) + 1j * imaginary(x, derivatives)
    if len(axes) == 1:
        return _curve(axes[0], values, degree, period)
    return _surface(axes, values, degree)


def _curve(axis: Array, values: Array, degree: int, period: float | None) -> Spline:
    from scipy.interpolate import make_interp_spline

    if period is None:
        spline = make_interp_spline(axis, values, degree)
        return lambda x, derivatives=(): spline(x[:, 0], *derivatives)
    closed = np.append(axis, axis[0] + period), np.append(values, values[:1])
    around = make_interp_spline(*closed, degree, bc_type="periodic")
    return lambda x, derivatives=(): around(axis[0] + (x[:, 0] - axis[0]) % period, *derivatives)


def _surface(axes: Sequence[Array], values: Array, degree: int) -> Spline:
    from scipy.interpolate import RectBivariateSpline

    spline = RectBivariateSpline(*axes, values, kx=degree, ky=degree)
    return lambda x, derivatives=(): np.asarray(spline.ev(x[:, 0], x[:, 1], *derivatives))
