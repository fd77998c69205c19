"""The cosine interpolant of samples, and its exact derivatives.

Along an axis of n samples the interpolant is

    u(p) = sum_k a_k cos(pi k (p + 1/2) / n),  k = 0 .. n - 1,

through the samples u(0) .. u(n - 1) and even about both borders -1/2 and n - 1/2 (the DCT-II; Strang, The
discrete cosine transform, SIAM Review 41, 1999). Its derivatives at the samples are sine and cosine
transforms of a_k times powers of pi k / n: exact for the interpolant, with no order of accuracy to speak of.
The mirrored picture has no jumps at the borders, but creases where it has a slope there: a linear ramp is not
among these sums, its interpolant has slope zero at the borders and ripples beside them. The samples come back
from these derivatives all the same, since they are those of the interpolant.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft, sparse

from sdf_siren.errors import UsageError
from sdf_siren.signals.arrays import Array, along, as_samples, frequencies


def gradient(samples: ArrayLike) -> Array:
    """The gradient of the interpolant at the samples, per sample along every axis.

    Args:
        samples: (n_1, .., n_d, c).

    Returns:
        (n_1, .., n_d, c, d) float64.
    """
    u = as_samples(samples)
    d = u.ndim - 1
    found = np.zeros((*u.shape, d))
    for axis in range(d):
        n = u.shape[axis]
        cosines = fft.dct(u, 2, axis=axis, norm="ortho")
        slopes = -along(frequencies(n), axis, d) * cosines
        # The sines of a DST count from k = 1, and its last, k = n, is no derivative of a cosine here.
        slopes = np.roll(slopes, -1, axis)
        found[..., axis] = fft.idst(slopes, 2, axis=axis, norm="ortho")
    return found


def laplacian(samples: ArrayLike) -> Array:
    """The Laplacian of the interpolant at the samples, per sample squared.

    Args:
        samples: (n_1, .., n_d, c).

    Returns:
        (n_1, .., n_d, c) float64.
    """
    u = as_samples(samples)
    axes = tuple(range(u.ndim - 1))
    cosines = fft.dctn(u, 2, axes=axes, norm="ortho")
    return fft.idctn(-squared_frequencies(u.shape[:-1]) * cosines, 2, axes=axes, norm="ortho")


def squared_frequencies(shape: tuple[int, ...]) -> Array:
    """Minus the eigenvalues of the Laplacian, ``sum (pi k / n)^2`` over the axes, as (n_1, .., n_d, 1)."""
    d = len(shape)
    return sum((along(frequencies(n) ** 2, k, d) for k, n in enumerate(shape)), np.zeros((1,) * (d + 1)))


def resampled(samples: ArrayLike, shape: tuple[int, ...]) -> Array:
    """The interpolant at the samples of another grid over the same region (``GridFrame.axes(shape)``).

    It is evaluated, not averaged: a coarser grid than the samples' own shows aliases of its fine details.

    Args:
        samples: (n_1, .., n_d, c).
        shape: samples along every axis of the other grid.

    Returns:
        (m_1, .., m_d, c) float64.

    Raises:
        UsageError: the shape has another number of axes, or less than one sample along one of them.
    """
    u = as_samples(samples)
    if len(shape) != u.ndim - 1 or min(shape) < 1:
        raise UsageError(
            f"expected a shape of {u.ndim - 1} positive numbers of samples, found {tuple(shape)}"
        )
    for axis, m in enumerate(shape):
        if m != u.shape[axis]:
            u = _resampled_along(u, axis, m)
    return u


def _resampled_along(u: Array, axis: int, m: int) -> Array:
    """Sample j of m is at the phase pi k (j + 1/2) / m of the k-th cosine, whatever n: a DCT of length m,
    short of the cosines beyond n, or with the cosines beyond m folded back onto those that they look like."""
    u = np.moveaxis(u, axis, 0)
    n = len(u)
    cosines = fft.dct(u, 2, axis=0, norm="forward")
    cosines[1:] *= 2
    # On m samples the k-th cosine is the (4 m - k)-th and minus the (2 m - k)-th, hence zero for k = m.
    k = np.arange(n) % (4 * m)
    k = np.minimum(k, 4 * m - k)
    sign = np.sign(m - k).astype(np.float64)
    places = (np.minimum(k, 2 * m - k), np.arange(n))
    fold = sparse.csr_matrix((sign, places), shape=(m + 1, n))[:m]
    folded = (fold @ cosines.reshape(n, -1)).reshape(m, *u.shape[1:])
    folded[1:] /= 2
    return np.moveaxis(fft.idct(folded, 2, axis=0, norm="forward"), 0, axis)
