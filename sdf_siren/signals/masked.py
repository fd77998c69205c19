"""Poisson's equation on some of the samples of a grid while the others are fixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft, sparse
from scipy.sparse.linalg import LinearOperator, cg, splu

from sdf_siren.errors import DivergenceError
from sdf_siren.signals.arrays import Array, along, frequencies
from sdf_siren.signals.differences import mirrored_second_differences

DIRECT = {1: 5_000_000, 2: 500_000, 3: 10_000}
"""Samples up to which a factorisation is used, by dimension: in two 8 seconds and 0.6 GB. Beyond, where its
fill-in grows out of hand, conjugate gradients take about a hundred steps, 700 if the mask is confetti, and
the memory of a few pictures."""

_TOLERANCE, _MOST_STEPS = 1e-10, 2000

Mask = NDArray[np.bool_]


def solved_on_mask(free: Mask, right: Array) -> Array:
    """The x, zero where samples are not free, with ``(D^T D x)(i) = right(i)`` at the free samples i.

    D are forward differences; nothing flows through the border of the grid.

    Args:
        free: (n_1, .., n_d), not everywhere: a constant would be open.
        right: (count of free samples, c) in the order of the grid.

    Returns:
        (count of free samples, c) float64: to rounding, or to a relative residual of 1e-10 by iteration.

    Raises:
        DivergenceError: the iteration did not settle.
    """
    # A box around the free samples and their neighbours has the same rows as the grid.
    spans = [(int(i.min()), int(i.max())) for i in np.nonzero(free)]
    box = free[tuple(slice(max(low - 1, 0), high + 2) for low, high in spans)]
    direct = len(right) <= DIRECT.get(free.ndim, 0)
    return (_factorised if direct else _iterated)(box, right)


def _factorised(free: Mask, right: Array) -> Array:
    """All channels by one factorisation."""
    count = len(right)
    number = np.full(free.shape, -1)
    number[free] = np.arange(count)
    lower, upper = [], []
    for axis in range(free.ndim):
        moved = np.moveaxis(number, axis, 0)
        both = (moved[:-1] >= 0) & (moved[1:] >= 0)
        lower.append(moved[:-1][both])
        upper.append(moved[1:][both])
    pairs = np.concatenate(lower), np.concatenate(upper)
    beside = sparse.coo_matrix((np.ones(len(pairs[0])), pairs), shape=(count, count))
    places = np.argwhere(free)
    neighbours = (places > 0).sum(axis=1) + (places < np.array(free.shape) - 1).sum(axis=1)
    matrix = sparse.diags(neighbours.astype(np.float64)) - beside - beside.T
    # Less than half the memory of the default, which does not know that the matrix is symmetric.
    options = {"SymmetricMode": True}
    return splu(sparse.csc_matrix(matrix), permc_spec="MMD_AT_PLUS_A", options=options).solve(right)


def _iterated(free: Mask, right: Array) -> Array:
    """By conjugate gradients, all channels as one system, preconditioned by the exact solve on the whole box
    without flux: it is the inverse but for what the rim of the mask does."""
    d, channels = free.ndim, right.shape[-1]
    axes = tuple(range(d))
    lines = (4 * np.sin(frequencies(n) / 2) ** 2 for n in free.shape)
    eigenvalues = sum((along(line, k, d) for k, line in enumerate(lines)), np.zeros((1,) * (d + 1)))
    eigenvalues[(0,) * d] = eigenvalues[eigenvalues > 0].min() / 2  # the constant, which the rim ties down

    def on_box(x: Array) -> Array:
        box = np.zeros((*free.shape, channels))
        box[free] = x.reshape(-1, channels)
        return box

    def apply(x: Array) -> Array:
        return -mirrored_second_differences(on_box(x))[free].ravel()

    def precondition(x: Array) -> Array:
        cosines = fft.dctn(on_box(x), 2, axes=axes, norm="ortho") / eigenvalues
        return fft.idctn(cosines, 2, axes=axes, norm="ortho")[free].ravel()

    shape = (right.size, right.size)
    matrix, inverse = (LinearOperator(shape, matvec=f, dtype=np.float64) for f in (apply, precondition))
    found, failed = cg(matrix, right.ravel(), rtol=_TOLERANCE, maxiter=_MOST_STEPS, M=inverse)
    if failed:
        raise DivergenceError(
            f"{len(right):,} samples did not settle in {_MOST_STEPS} steps; choose a mask of simpler shape"
        )
    return found.reshape(right.shape)
