"""Right-hand sides measured on a regular grid: an array file, interpolated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdf_siren.domains import Domain
from sdf_siren.errors import InputError
from sdf_siren.io.beside import array_path
from sdf_siren.io.numpy_files import read_npy_array

_LEAST = 4
"""Values along every axis; a cubic needs them."""
_MOST_BYTES = 2**30


def read_source(name: str, folder: Path, domain: Domain, where: str) -> Callable[[Tensor], Tensor]:
    """A source from an ``.npy`` file with values on a regular grid over the domain's bounding box.

    Axis k of the array runs along coordinate k, from bound to bound. Between the values cubic splines
    interpolate (d = 1, 2), or linear ones.

    Args:
        name: path of the file, inside ``folder``.
        folder: where the problem file lies.
        domain: gives the bounding box.
        where: begins every message.

    Raises:
        InputError: the file is elsewhere, is no such array, or holds values that are not finite.
    """
    path = array_path(name, folder, where, (".npy",))
    array = read_npy_array(path, _MOST_BYTES)
    if array.ndim != domain.dimension or min(array.shape, default=0) < _LEAST:
        raise InputError(
            f"{path}: expected {domain.dimension} axes of at least {_LEAST} values, found {array.shape}"
        )
    values = np.asarray(array, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(f"{path}: expected finite values, found NaN or infinity")
    axes = [np.linspace(float(a), float(b), n) for a, b, n in zip(*domain.bounds, array.shape, strict=True)]
    spline = _spline(axes, values)
    return lambda x: torch.from_numpy(np.ascontiguousarray(spline(x.detach().cpu().numpy())))


def _spline(
    axes: list[NDArray[np.float64]], values: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], Any]:
    from scipy import interpolate

    if len(axes) == 1:
        curve = interpolate.make_interp_spline(axes[0], values)
        return lambda x: curve(x[:, 0])
    if len(axes) == 2:
        surface = interpolate.RectBivariateSpline(*axes, values)
        return lambda x: surface.ev(x[:, 0], x[:, 1])
    linear = interpolate.RegularGridInterpolator(axes, values, bounds_error=False, fill_value=None)
    return lambda x: linear(x)
