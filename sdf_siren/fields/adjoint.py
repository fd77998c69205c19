"""Parameter gradients and per-row Jacobians of rows, by one adjoint sweep without a graph.

The rows and the forward sweep are those of :mod:`sdf_siren.fields.sweeps`. A bar is the derivative of
``sum(rbar * rows)``, L the column of gamma:hess and ``q = dz^T gamma dz``:

output        zbar = alpha rbar,  zbar_i = beta_i rbar,  zbar_L = rbar
product       dW = sum_c zbar_c^T h_c,  db = zbar,  hbar_c = zbar_c W
activation    zbar_L = s' hbar_L,  zbar_i = s' hbar_i + 2 s'' hbar_L (gamma dz)_i,
              zbar = s' hbar + s'' (sum_i hbar_i z_i + hbar_L z_L) + s''' q hbar_L

autograd in float64 is the oracle in the tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from sdf_siren.fields.closed_form import ParameterGradients
from sdf_siren.fields.layers import Contraction, Layer
from sdf_siren.fields.sweeps import (
    Arguments,
    Functional,
    activated,
    chunk_rows,
    first_linear,
    linear,
    over_chunks,
)
from sdf_siren.fields.threads import in_chunks

PARTIAL_SUMS = 16
"""Gradients are summed in so many parts whatever the number of threads, which then does not matter."""


def row_gradients(
    layers: Sequence[Layer],
    x: Tensor,
    alpha: Tensor | None,
    beta: Tensor | None,
    gamma: Tensor | None,
    rbar: Tensor,
) -> ParameterGradients:
    """Gradients of ``sum(rbar * rows)`` by the parameters of the trained layers.

    Args:
        layers: from the coordinates to the output, the last one linear.
        x: points (n, d).
        alpha: (n,), factors of the value; None is zero.
        beta: (n, d), factors of the gradient; None is zero.
        gamma: (n, d, d), symmetric, factors of the second derivatives; None is zero.
        rbar: (n, outputs), a loss differentiated by :func:`~sdf_siren.fields.sweeps.rows`.
    """
    functional = _checked(layers, x, alpha, beta, gamma, rbar)
    folded = [layer.folded for layer in layers]
    trained = [layer for layer in layers if layer.trained]
    chunk = chunk_rows(layers, x, functional.order)
    parts: dict[int, ParameterGradients] = {}

    def work(_: None, part: slice) -> None:
        into = _empty(trained)
        for start in range(part.start, part.stop, chunk):
            here = slice(start, min(start + chunk, part.stop))
            for k, zbar, columns in _adjoints(folded, x[here], functional.at(here), rbar[here]):
                into.weights[k].add_(_weight_gradient(zbar, columns, x[here]), alpha=trained[k].scale)
                into.biases[k].add_(zbar[0].sum(dim=0), alpha=trained[k].scale)
        parts[part.start] = into

    chunks_per_part = -(-len(x) // (chunk * PARTIAL_SUMS))
    in_chunks(len(x), chunk * max(1, chunks_per_part), x.device, work, lambda: None)
    found = _empty(trained)
    for start in sorted(parts):
        found.add(parts[start])
    return found


def row_jacobian(
    layers: Sequence[Layer],
    x: Tensor,
    alpha: Tensor | None = None,
    beta: Tensor | None = None,
    gamma: Tensor | None = None,
    rbar: Tensor | None = None,
) -> Tensor:
    """Every row differentiated by every parameter of the trained layers.

    Args:
        layers: from the coordinates to the output, the last one linear.
        x: points (n, d).
        alpha: (n,), factors of the value; None is zero.
        beta: (n, d), factors of the gradient; None is zero.
        gamma: (n, d, d), symmetric, factors of the second derivatives; None is zero.
        rbar: (n, outputs), what is differentiated is the sum of a point's rows with these factors; None is
            the sum itself.

    Returns:
        (n, parameters): all weights, then all biases, as in ``Siren.parameters``.
    """
    rbar = x.new_ones(len(x), len(layers[-1].bias)) if rbar is None else rbar
    functional = _checked(layers, x, alpha, beta, gamma, rbar)
    folded = [layer.folded for layer in layers]
    trained = [layer for layer in layers if layer.trained]
    parameters = [*(layer.weight for layer in trained), *(layer.bias for layer in trained)]
    sizes = [p.numel() for p in parameters]
    out = x.new_empty(len(x), sum(sizes))

    def work(here: slice) -> None:
        into = out[here].split(sizes, dim=1)
        for k, zbar, columns in _adjoints(folded, x[here], functional.at(here), rbar[here]):
            scaled = zbar if trained[k].scale == 1.0 else zbar * trained[k].scale
            _write_jacobian(into[k].unflatten(1, (*scaled.shape[2:], -1)), scaled, columns, x[here])
            into[len(trained) + k].copy_(scaled[0])

    over_chunks(layers, x, functional.order, work)
    return out


def _checked(
    layers: Sequence[Layer],
    x: Tensor,
    alpha: Tensor | None,
    beta: Tensor | None,
    gamma: Tensor | None,
    rbar: Tensor,
) -> Functional:
    expected = (len(x), len(layers[-1].bias))
    if tuple(rbar.shape) != expected or rbar.dtype != x.dtype:
        raise ValueError(
            f"expected rbar of shape {expected} and {x.dtype}, found {tuple(rbar.shape)} and {rbar.dtype}"
        )
    return Functional.of(x, alpha, beta, gamma)


def _empty(trained: Sequence[Layer]) -> ParameterGradients:
    return ParameterGradients.zeros_like(
        [layer.weight for layer in trained], [layer.bias for layer in trained]
    )


def _adjoints(
    layers: Sequence[Layer], x: Tensor, functional: Functional, rbar: Tensor
) -> Iterator[tuple[int, Tensor, Tensor | None]]:
    """From the output down to the first trained one of the folded layers: its number among the trained, the
    adjoints of its arguments (columns, n, fan_out) and the columns below it, None for the coordinates."""
    order, gamma = functional.order, functional.gamma
    z = first_linear(layers[0], x, order)
    steps: list[tuple[Arguments, tuple[Tensor, ...]]] = []
    below: list[Tensor | None] = [None]
    for lower, upper in pairwise(layers):
        assert lower.activation is not None
        steps.append((z, lower.activation.derivatives(z.value, order + 1)))
        columns = activated(*steps[-1], gamma)
        below.append(columns)
        if upper is not layers[-1]:  # the output itself is not needed
            z = linear(upper, columns, order)
    zbar = _output_adjoints(functional, rbar, x.shape[1])
    trained = [k for k, layer in enumerate(layers) if layer.trained]
    for k in reversed(range(trained[0], len(layers))):
        if layers[k].trained:
            yield trained.index(k), zbar, below[k]
        if k > trained[0]:
            zbar = _before(zbar @ layers[k].weight, *steps[k - 1], gamma)


def _output_adjoints(functional: Functional, rbar: Tensor, d: int) -> Tensor:
    """The adjoints (columns, n, outputs) of the network's columns."""
    alpha, beta = functional.alpha, functional.beta
    columns = [torch.zeros_like(rbar) if alpha is None else alpha[:, None] * rbar]
    if functional.order:
        columns += [torch.zeros_like(rbar) if beta is None else beta[:, i, None] * rbar for i in range(d)]
    return torch.stack(columns if functional.gamma is None else [*columns, rbar])


def _before(hbar: Tensor, z: Arguments, derivatives: Sequence[Tensor], gamma: Contraction | None) -> Tensor:
    """The adjoints of an activation's arguments, without the column of gamma:hess where it is always zero."""
    value = derivatives[1] * hbar[0]
    if z.first is None:
        return value[None]
    slopes, above = derivatives[1] * hbar[1 : 1 + len(z.first)], hbar[1 : 1 + len(z.first)]
    bend = (above * z.first).sum(dim=0)
    if gamma is None:
        return torch.cat([(value + derivatives[2] * bend)[None], slopes])
    second = hbar[-1]
    slopes = slopes + (derivatives[2] * second) * gamma.gradient(z.first)
    value = value + derivatives[3] * second * gamma.quadratic(z.first)
    if z.second is None:
        return torch.cat([(value + derivatives[2] * bend)[None], slopes])
    value = value + derivatives[2] * (bend + second * z.second)
    return torch.cat([value[None], slopes, (derivatives[1] * second)[None]])


def _weight_gradient(zbar: Tensor, columns: Tensor | None, x: Tensor) -> Tensor:
    """(fan_out, fan_in), summed over the points; the coordinates' own derivatives are the unit vectors."""
    if columns is not None:
        return zbar.flatten(0, 1).T @ columns.flatten(0, 1)
    found = zbar[0].T @ x
    return found if len(zbar) == 1 else found + zbar[1:].sum(dim=1).T


def _write_jacobian(into: Tensor, zbar: Tensor, columns: Tensor | None, x: Tensor) -> None:
    """(n, fan_out, fan_in), each point on its own."""
    if columns is not None:
        into.copy_(torch.bmm(zbar.permute(1, 2, 0), columns.transpose(0, 1)))
        return
    for i in range(x.shape[1]):  # long loops over the units, not short ones over the coordinates
        if len(zbar) == 1:
            torch.mul(zbar[0], x[:, i, None], out=into[:, :, i])
        else:
            torch.addcmul(zbar[1 + i], zbar[0], x[:, i, None], out=into[:, :, i])
