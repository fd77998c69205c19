"""Differential operators of networks, in closed form.

Of a field with c outputs in d coordinates; everything comes from one forward sweep, or from rows
(:mod:`sdf_siren.fields.sweeps`) that pick single second derivatives. Divergence and curl read the outputs
as a vector field.
"""

from __future__ import annotations

import torch
from torch import Tensor

from sdf_siren.fields.layered import LayeredField
from sdf_siren.fields.sweeps import channels


def jacobian(field: LayeredField, x: Tensor) -> Tensor:
    """First derivatives (n, c, d) at ``x`` (n, d)."""
    return channels(field.layers, x, order=1)[1]


def gradient(field: LayeredField, x: Tensor) -> Tensor:
    """The gradient (n, d) of a field with one output at ``x`` (n, d).

    Raises:
        ValueError: the field has several outputs.
    """
    found = jacobian(field, x)
    if found.shape[1] != 1:
        raise ValueError(f"a gradient needs one output, found {found.shape[1]}; use jacobian")
    return found[:, 0]


def laplacian(field: LayeredField, x: Tensor) -> Tensor:
    """Laplacians (n, c) at ``x`` (n, d)."""
    return field.laplacian(x)[2]


def hessian(field: LayeredField, x: Tensor) -> Tensor:
    """Second derivatives (n, c, d, d) at ``x`` (n, d), one sweep for each pair of coordinates."""
    n, d = x.shape
    found = x.new_empty(n, len(field.biases[-1]), d, d)
    for i in range(d):
        for j in range(i, d):
            pick = x.new_zeros(d, d)
            pick[i, j] += 0.5
            pick[j, i] += 0.5
            found[:, :, i, j] = found[:, :, j, i] = field.rows(x, None, None, pick.expand(n, d, d))
    return found


def divergence(field: LayeredField, x: Tensor) -> Tensor:
    """The divergence (n,) of a field with as many outputs as coordinates.

    Raises:
        ValueError: it has another number of outputs.
    """
    return _square(jacobian(field, x), "divergence").diagonal(dim1=1, dim2=2).sum(1)


def curl(field: LayeredField, x: Tensor) -> Tensor:
    """The curl (n, 3) of a field with three outputs in three coordinates.

    Raises:
        ValueError: it has others.
    """
    slopes = _square(jacobian(field, x), "curl")
    if slopes.shape[1] != 3:
        raise ValueError(f"a curl needs three coordinates, found {slopes.shape[1]}")
    pairs = ((2, 1), (0, 2), (1, 0))
    return torch.stack([slopes[:, i, j] - slopes[:, j, i] for i, j in pairs], dim=1)


def _square(slopes: Tensor, name: str) -> Tensor:
    if slopes.shape[1] != slopes.shape[2]:
        raise ValueError(
            f"a {name} needs as many outputs as coordinates, found {slopes.shape[1]} and {slopes.shape[2]}"
        )
    return slopes
