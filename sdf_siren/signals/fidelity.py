"""How near a signal is to the true one, in decibels and in structure; its derivatives likewise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdf_siren.errors import UsageError

_WINDOW = 7
"""Samples across the window of the SSIM, scikit-image's default."""


@dataclass(frozen=True)
class DerivativeScore:
    """PSNR of derivative maps, dB; the peak of each is the largest minus the smallest value of the true map.

    Attributes:
        gradient: of all components together.
        laplacian: of the Laplacian.
    """

    gradient: float
    laplacian: float


def psnr(found: ArrayLike, true: ArrayLike, peak: float) -> float:
    """Peak signal-to-noise ratio, ``20 log10 peak - 10 log10 mean (found - true)^2`` in dB.

    Args:
        found, true: (n_1, .., n_d, c) of the same shape, or with more axes at the end.
        peak: the range of the signal, ``SampleFormat.peak``.

    Returns:
        Infinity if the two are identical.

    Raises:
        UsageError: the shapes differ, there is nothing to compare, or the peak is not positive.
    """
    a, b = _pair(found, true)
    if not peak > 0:
        raise UsageError(f"PSNR: expected a positive peak, found {peak}")
    return _decibels(float(np.mean((a - b) ** 2)), peak)


def psnr_up_to_constant(found: ArrayLike, true: ArrayLike, peak: float) -> float:
    """PSNR after taking the mean of the difference from every channel: what derivatives alone can tell.

    Args:
        found, true: (n_1, .., n_d, c).
        peak: the range of the signal.

    Raises:
        UsageError: as :func:`psnr`.
    """
    a, b = _pair(found, true)
    difference = a - b
    difference -= difference.mean(axis=tuple(range(difference.ndim - 1)))
    return psnr(difference, np.zeros_like(difference), peak)


def derivative_score(
    gradient: ArrayLike, true_gradient: ArrayLike, laplacian: ArrayLike, true_laplacian: ArrayLike
) -> DerivativeScore:
    """How near derivatives are to the true ones.

    The true maps must be derivatives in the same sense as the found ones: of a field's closed form,
    :mod:`sdf_siren.signals.spectral`; of its differences, :mod:`sdf_siren.signals.differences`.

    Args:
        gradient, true_gradient: (n_1, .., n_d, c, d) or any other shape that both have, same units.
        laplacian, true_laplacian: (n_1, .., n_d, c), likewise.

    Returns:
        The two scores. Of a true map that is constant, whose peak is zero: infinity if it is met exactly,
        else minus infinity.

    Raises:
        UsageError: the shapes differ.
    """
    return DerivativeScore(_map_psnr(gradient, true_gradient), _map_psnr(laplacian, true_laplacian))


def ssim(found: ArrayLike, true: ArrayLike, peak: float) -> float:
    """Structural similarity (Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13, 2004), as
    scikit-image computes it by default: uniform windows of 7 samples, the mean over windows and channels.

    A signal with a side below 7 takes the largest odd window that fits; with a side below 3 windows of one
    sample remain, which have no structure: then values alone are compared.

    Args:
        found, true: (n_1, .., n_d, c).
        peak: the range of the signal.

    Returns:
        At most 1, which identical signals have.

    Raises:
        UsageError: the shapes differ, there is nothing to compare, or the peak is not positive.
    """
    from skimage.metrics import structural_similarity

    a, b = _pair(found, true)
    if not peak > 0:
        raise UsageError(f"SSIM: expected a positive peak, found {peak}")
    window = min(_WINDOW, (min(a.shape[:-1]) - 1) // 2 * 2 + 1)
    return float(
        structural_similarity(
            a, b, win_size=window, data_range=peak, channel_axis=-1, use_sample_covariance=window > 1
        )
    )


def _map_psnr(found: ArrayLike, true: ArrayLike) -> float:
    a, b = _pair(found, true)
    return _decibels(float(np.mean((a - b) ** 2)), float(np.ptp(b)))


def _decibels(squared_error: float, peak: float) -> float:
    if squared_error == 0:
        return math.inf
    return 20 * math.log10(peak) - 10 * math.log10(squared_error) if peak > 0 else -math.inf


def _pair(found: ArrayLike, true: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both as float64 arrays.

    Raises:
        UsageError: their shapes differ, or there is nothing to compare.
    """
    a, b = np.asarray(found, np.float64), np.asarray(true, np.float64)
    if a.shape != b.shape or a.ndim < 2 or a.size == 0:
        raise UsageError(
            f"expected two signals (n_1, .., n_d, channels) of the same shape, found {a.shape} and {b.shape}"
        )
    return a, b
