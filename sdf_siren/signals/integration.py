"""Signals from their derivatives: what differences, gradients and Laplacians on a grid come from.

Every answer is exact up to rounding for derivatives that some samples have, and for others the least-squares
answer, whose derivatives are nearest. Derivatives do not see the constant of a channel: the caller gives its
``mean``, zero if nothing is known. All solves are diagonal in the cosines of the DCT-II, or between known
borders in the sines of the DST-I (Buzbee, Golub, Nielson, On direct methods for solving Poisson's equations,
SIAM J. Numer. Anal. 7, 1970): O(N log N).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from sdf_siren.errors import UsageError
from sdf_siren.signals.arrays import Array, along, as_samples, frequencies
from sdf_siren.signals.differences import differences_shape, second_differences
from sdf_siren.signals.spectral import squared_frequencies


def from_differences(
    differences: Sequence[ArrayLike], mean: ArrayLike = 0.0, weights: Sequence[float] | None = None
) -> Array:
    """Samples from their forward differences: the minimum of ``sum_k w_k |D_k u - g_k|^2``.

    D_k takes the cosine of frequency w = pi j / n to -2 sin(w / 2) times a sine of the DST-I between the
    samples, so that the normal equations are diagonal.

    Args:
        differences: g, one array per axis as :func:`sdf_siren.signals.differences.differences` gives them.
        mean: of the answer, one number or one per channel.
        weights: of the axes, positive; None weighs them alike. Consistent differences do not depend on them.

    Returns:
        (n_1, .., n_d, c) float64.

    Raises:
        UsageError: the arrays are no differences of one grid, or mean or weights do not fit it.
    """
    shape = differences_shape(differences)
    parts = [np.asarray(along_axis, np.float64) for along_axis in differences]
    return _least_squares(parts, 1, shape, lambda n: 2 * np.sin(frequencies(n) / 2), mean, weights)


def from_gradient(gradient: ArrayLike, mean: ArrayLike = 0.0) -> Array:
    """Samples from the gradient of their cosine interpolant (:func:`sdf_siren.signals.spectral.gradient`).

    Of another field than such a gradient, the samples whose interpolant has the nearest gradient in the mean
    square over the samples.

    Args:
        gradient: (n_1, .., n_d, c, d), per sample.
        mean: of the answer, one number or one per channel.

    Returns:
        (n_1, .., n_d, c) float64.

    Raises:
        UsageError: the last axis has not as many numbers as the grid has axes, or the mean does not fit.
    """
    g = as_samples(gradient, "gradient")
    if g.ndim < 3 or g.shape[-1] != g.ndim - 2:
        raise UsageError(
            f"gradient: expected an array (n_1, .., n_d, channels, d), found shape {g.shape}; its last axis "
            "runs over the axes of the grid"
        )
    parts = [g[..., axis] for axis in range(g.shape[-1])]
    return _least_squares(parts, 2, g.shape[:-1], frequencies, mean, None)


def from_laplacian(laplacian: ArrayLike, mean: ArrayLike = 0.0) -> Array:
    """Samples from the Laplacian of their cosine interpolant (:func:`sdf_siren.signals.spectral.laplacian`).

    Such a Laplacian has mean zero; of another array the mean is left over, and all else is met exactly.

    Args:
        laplacian: (n_1, .., n_d, c), per sample squared.
        mean: of the answer, one number or one per channel.

    Returns:
        (n_1, .., n_d, c) float64.

    Raises:
        UsageError: the mean does not fit.
    """
    f = as_samples(laplacian, "laplacian")
    axes = tuple(range(f.ndim - 1))
    return _from_cosines(-fft.dctn(f, 2, axes=axes, norm="ortho"), squared_frequencies(f.shape[:-1]), mean)


def from_second_differences(inner: ArrayLike, boundary: ArrayLike) -> Array:
    """Samples from their (2 d + 1)-point Laplacian and their outermost values, which leave nothing open.

    Args:
        inner: (n_1 - 2, .., n_d - 2, c), from :func:`sdf_siren.signals.differences.second_differences`.
        boundary: (n_1, .., n_d, c), of which only the first and the last samples along every axis are read.

    Returns:
        (n_1, .., n_d, c) float64: on the border ``boundary`` itself.

    Raises:
        UsageError: the shapes do not fit.
    """
    u = as_samples(boundary, "boundary").copy()
    f = np.asarray(inner, np.float64)
    d = u.ndim - 1
    expected = tuple(max(n - 2, 0) for n in u.shape[:-1]) + u.shape[-1:]
    if f.shape != expected:
        raise UsageError(f"inner: expected shape {expected} within a boundary of {u.shape}, found {f.shape}")
    if f.size == 0:
        return u
    inside, axes = (slice(1, -1),) * d, tuple(range(d))
    u[inside] = 0.0
    sines = fft.dstn(f - second_differences(u), 1, axes=axes, norm="ortho")
    lines = (4 * np.sin(np.pi * np.arange(1, n - 1) / (2 * (n - 1))) ** 2 for n in u.shape[:-1])
    eigenvalues = sum((along(line, k, d) for k, line in enumerate(lines)), np.zeros((1,) * (d + 1)))
    u[inside] = fft.idstn(-sines / eigenvalues, 1, axes=axes, norm="ortho")
    return u


def _least_squares(
    parts: Sequence[Array],
    sines: int,
    shape: tuple[int, ...],
    slope: Callable[[int], Array],
    mean: ArrayLike,
    weights: Sequence[float] | None,
) -> Array:
    """The samples whose derivatives are nearest to ``parts``, where that along an axis takes the cosines to
    minus ``slope`` times the sines k = 1 .. n - 1 of a DST of type ``sines``.

    The usual way, by the divergence of the derivatives, needs fewer transforms, but it squares the slopes and
    with them the growth of rounding errors at the lowest frequencies: on 100,000 samples of noise it leaves a
    relative error of 3e-10 where this leaves 2e-14.
    """
    d = len(parts)
    weights = (1.0,) * d if weights is None else weights
    if len(weights) != d or not all(np.isfinite(w) and w > 0 for w in weights):
        raise UsageError(f"expected {d} positive weights, one per axis, found {tuple(weights)}")
    total, squares = np.zeros(shape), np.zeros((*shape[:-1], 1))
    for axis, (part, weight) in enumerate(zip(parts, weights, strict=True)):
        n = shape[axis]
        if n == 1:
            continue
        # The last sine of a DST-II, k = n, is the derivative of none of the cosines.
        low, high = (_cut(axis, slice(0, n - 1)), _cut(axis, slice(1, n)))
        transformed = fft.dst(part, sines, axis=axis, norm="ortho")[low]
        for other in set(range(d)) - {axis}:
            transformed = fft.dct(transformed, 2, axis=other, norm="ortho")
        total[high] -= weight * along(slope(n)[1:], axis, d) * transformed
        squares += weight * along(slope(n) ** 2, axis, d)
    return _from_cosines(total, squares, mean)


def _from_cosines(total: Array, squares: Array, mean: ArrayLike) -> Array:
    """The samples of that mean whose other coefficients in an orthonormal DCT-II are ``total / squares``."""
    axes = tuple(range(total.ndim - 1))
    constant = (0,) * len(axes)
    squares[constant], total[constant] = 1.0, 0.0
    return fft.idctn(total / squares, 2, axes=axes, norm="ortho") + _mean(mean, total.shape[-1])


def _mean(mean: ArrayLike, channels: int) -> NDArray[np.float64]:
    found = np.asarray(mean, np.float64)
    if found.shape not in ((), (1,), (channels,)):
        raise UsageError(f"mean: expected one number or {channels}, one per channel, found {found.shape}")
    return found


def _cut(axis: int, part: slice) -> tuple[slice, ...]:
    return (slice(None),) * axis + (part,)
