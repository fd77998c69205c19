"""What all calculus on grids asks of its arrays: samples (n_1, .., n_d, c), float64, the channels last."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdf_siren.errors import UsageError

Array = NDArray[np.float64]


def as_samples(samples: ArrayLike, name: str = "samples") -> Array:
    """The array as float64, copied only if it is not so already.

    Raises:
        UsageError: fewer than two axes, or no sample at all; the message begins with ``name``.
    """
    array = np.asarray(samples, dtype=np.float64)
    if array.ndim < 2 or array.size == 0:
        raise UsageError(f"{name}: expected an array (n_1, .., n_d, channels), found shape {array.shape}")
    return array


def along(values: Array, axis: int, dimension: int) -> Array:
    """Numbers (n,) as an array that broadcasts along one of the axes of samples with ``dimension`` axes."""
    return values.reshape((-1,) + (1,) * (dimension - axis))


def frequencies(count: int) -> Array:
    """``pi k / n``: radians per sample of the n cosines of the DCT-II (and of its sines)."""
    return np.pi * np.arange(count) / count
