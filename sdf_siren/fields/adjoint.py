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

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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

    def adjoints(here: slice) -> Adjoints:
        return _adjoints(folded, x[here], functional.at(here), rbar[here])

    return _summed(layers, x, chunk_rows(layers, x, functional.order), adjoints)


def channel_gradients(
    layers: Sequence[Layer],
    x: Tensor,
    order: int,
    loss: Callable[[slice, Tensor], Tensor],
    *,
    multiple: int = 1,
) -> ParameterGradients:
    """Gradients of a loss of the network's values and derivatives, in one sweep up and one down.

    Args:
        layers: from the coordinates to the output, the last one linear.
        x: points (n, d).
        order: 0 for the values alone, 1 for the first derivatives too, 2 for the Laplacian too.
        loss: called with a part of the points and the channels there, (1 | 1 + d | 2 + d, part, outputs):
            value, first derivatives, Laplacian. Returns the loss differentiated by them, in the same shape;
            may be called from several threads, each part once.
        multiple: parts begin and end at multiples of this, where a loss needs points together.
    """
    folded = [layer.folded for layer in layers]
    gamma = Contraction.of(None, x.shape[1]) if order == 2 else None

    def adjoints(here: slice) -> Adjoints:
        sweep = _Sweep.of(folded, x[here], order, gamma)
        top = sweep.below[-1]
        assert top is not None
        columns = top @ folded[-1].weight.T
        columns[0] += folded[-1].bias
        return sweep.down(loss(here, columns), gamma)

    chunk = max(1, chunk_rows(layers, x, order) // multiple) * multiple
    return _summed(layers, x, chunk, adjoints)


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


Adjoints = Iterator[tuple[int, Tensor, Tensor | None]]
"""From the output down to the first trained layer: its number among the trained, the adjoints of its
arguments (columns, n, fan_out) and the columns below it, None for the coordinates."""


def _summed(
    layers: Sequence[Layer], x: Tensor, chunk: int, adjoints: Callable[[slice], Adjoints]
) -> ParameterGradients:
    """Parameter gradients over all points, from adjoints on chunks of them."""
    trained = [layer for layer in layers if layer.trained]
    parts: dict[int, ParameterGradients] = {}

    def work(_: None, part: slice) -> None:
        into = _empty(trained)
        for start in range(part.start, part.stop, chunk):
            here = slice(start, min(start + chunk, part.stop))
            for k, zbar, columns in adjoints(here):
                into.weights[k].add_(_weight_gradient(zbar, columns, x[here]), alpha=trained[k].scale)
                into.biases[k].add_(zbar[0].sum(dim=0), alpha=trained[k].scale)
        parts[part.start] = into

    chunks_per_part = -(-len(x) // (chunk * PARTIAL_SUMS))
    in_chunks(len(x), chunk * max(1, chunks_per_part), x.device, work, lambda: None)
    found = _empty(trained)
    for start in sorted(parts):
        found.add(parts[start])
    return found


@dataclass(frozen=True)
class _Sweep:
    """What the way up leaves for the way down.

    Attributes:
        layers: folded.
        steps: of every layer but the last, the arguments and the activation's derivatives.
        below: of every layer, the columns below it, None for the coordinates.
    """

    layers: Sequence[Layer]
    steps: list[tuple[Arguments, tuple[Tensor, ...]]]
    below: list[Tensor | None]

    @classmethod
    def of(cls, layers: Sequence[Layer], x: Tensor, order: int, gamma: Contraction | None) -> _Sweep:
        """Up to the columns below the last layer."""
        z = first_linear(layers[0], x, order)
        steps: list[tuple[Arguments, tuple[Tensor, ...]]] = []
        below: list[Tensor | None] = [None]
        for lower, upper in pairwise(layers):
            assert lower.activation is not None
            steps.append((z, lower.activation.derivatives(z.value, order + 1)))
            columns = activated(*steps[-1], gamma)
            below.append(columns)
            if upper is not layers[-1]:
                z = linear(upper, columns, order)
        return cls(layers, steps, below)

    def down(self, zbar: Tensor, gamma: Contraction | None) -> Adjoints:
        """From the adjoints of the output's columns."""
        trained = [k for k, layer in enumerate(self.layers) if layer.trained]
        for k in reversed(range(trained[0], len(self.layers))):
            if self.layers[k].trained:
                yield trained.index(k), zbar, self.below[k]
            if k > trained[0]:
                hbar = (zbar.flatten(0, 1) @ self.layers[k].weight).unflatten(0, zbar.shape[:2])
                zbar = _before(hbar, *self.steps[k - 1], gamma)


def _adjoints(layers: Sequence[Layer], x: Tensor, functional: Functional, rbar: Tensor) -> Adjoints:
    sweep = _Sweep.of(layers, x, functional.order, functional.gamma)
    return sweep.down(_output_adjoints(functional, rbar, x.shape[1]), functional.gamma)


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
