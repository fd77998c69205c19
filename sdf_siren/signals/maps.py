"""Derivatives as maps: which are asked for, and those of all channels as one, for people."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import UsageError, nearest

MAPS = ("gradient", "laplacian")


def parse_maps(text: str | None, dimension: int = 2) -> tuple[str, ...]:
    """The names in ``gradient,laplacian``, each once; none of None.

    Raises:
        UsageError: another name, or any for a signal that has another number of axes than an image.
    """
    names = dict.fromkeys(part.strip() for part in (text or "").split(",") if part.strip())
    for name in names:
        if name not in MAPS:
            raise UsageError(f"export: there is no map {name[:40]!r}; {nearest(name, MAPS)}")
    if names and dimension != 2:
        raise UsageError(f"export: expected an image for maps of derivatives, found {dimension} axes")
    return tuple(names)


def gradient_size(gradient: NDArray[np.floating]) -> NDArray[np.float32]:
    """Lengths (..) of gradients (.., c, d), over all channels together."""
    return np.asarray(np.sqrt(np.einsum("...cd,...cd->...", gradient, gradient)), np.float32)


def mean_laplacian(laplacian: NDArray[np.floating]) -> NDArray[np.float32]:
    """The mean (..) of Laplacians (.., c) over the channels."""
    return np.asarray(laplacian.mean(axis=-1), np.float32)
