"""Finite differences of samples on a grid, per sample; what each says of derivatives, and how well.

Let u be a smooth function, u(i) its samples. The forward difference u(i + 1) - u(i) is the mean of u' over
the interval [i, i + 1], exactly. Read as a derivative it belongs to the middle i + 1/2, where it is off by
u'''/24: second order in the spacing; at i itself it would be of first order only. The second difference
u(i + 1) - 2 u(i) + u(i - 1) is the mean of u'' over [i - 1, i + 1] under the hat 1 - |t - i|, exactly, and as
u''(i) it is off by u''''/12: second order. On a photograph, whose details are as fine as its samples, both
errors are large: a field whose own derivatives are fitted to differences at the samples is not the picture.
:mod:`sdf_siren.signals.spectral` has derivatives that are exact for one interpolant.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from sdf_siren.errors import UsageError
from sdf_siren.signals.arrays import Array, as_samples


def differences(samples: ArrayLike) -> tuple[Array, ...]:
    """Forward differences D u: one array per axis.

    Args:
        samples: (n_1, .., n_d, c).

    Returns:
        For axis k, ``u[i + 1] - u[i]`` along it, (n_1, .., n_k - 1, .., n_d, c) float64: the mean derivative
        between the two samples, and the derivative at their middle to second order.
    """
    u = as_samples(samples)
    return tuple(np.diff(u, axis=axis) for axis in range(u.ndim - 1))


def transposed_differences(differences: Sequence[ArrayLike]) -> Array:
    """The adjoint D^T v: ``<D u, v> = <u, D^T v>`` for all samples u; minus a divergence without flux through
    the borders.

    Args:
        differences: v, one array per axis, shaped as :func:`differences` gives them.

    Returns:
        (n_1, .., n_d, c) float64.

    Raises:
        UsageError: the arrays are no differences of one grid.
    """
    shape = differences_shape(differences)
    total = np.zeros(shape)
    for axis, along_axis in enumerate(differences):
        if shape[axis] > 1:
            total -= np.diff(np.asarray(along_axis, np.float64), axis=axis, prepend=0, append=0)
    return total


def second_differences(samples: ArrayLike) -> Array:
    """The (2 d + 1)-point Laplacian at the inner samples, the sum of second differences along the axes.

    Args:
        samples: (n_1, .., n_d, c).

    Returns:
        (n_1 - 2, .., n_d - 2, c) float64, empty where an axis has fewer than three samples: the Laplacian to
        second order.
    """
    u = as_samples(samples)
    d = u.ndim - 1
    total = np.zeros(tuple(max(n - 2, 0) for n in u.shape[:-1]) + u.shape[-1:])
    for axis in range(d):
        others = tuple(slice(None) if k == axis else slice(1, -1) for k in range(d))
        total += np.diff(u[others], n=2, axis=axis)
    return total


def mirrored_second_differences(samples: ArrayLike) -> Array:
    """The (2 d + 1)-point Laplacian at all samples, where the sample outside a border repeats the one inside.

    It is -D^T D. The mirror lies half a sample outside the outermost samples, as that of the DCT-II does;
    at these the answer is a Laplacian, to second order, of functions without slope at the border.

    Args:
        samples: (n_1, .., n_d, c).

    Returns:
        (n_1, .., n_d, c) float64.
    """
    return -transposed_differences(differences(samples))


def differences_shape(differences: Sequence[ArrayLike]) -> tuple[int, ...]:
    """The shape (n_1, .., n_d, c) of the samples that have such differences.

    Raises:
        UsageError: the arrays are no differences of one grid.
    """
    found = [np.shape(along_axis) for along_axis in differences]
    d = len(found)
    if d and all(len(shape) == d + 1 for shape in found):
        grown = {tuple(n + (k == axis) for k, n in enumerate(shape)) for axis, shape in enumerate(found)}
        if len(grown) == 1 and min(shape := grown.pop()) >= 1:
            return shape
    raise UsageError(
        "differences: expected an array (n_1, .., n_d, channels) for each of d axes, one shorter along it, "
        f"found shapes {', '.join(map(str, found)) or 'none'}"
    )
