"""Values and derivatives of a multilayer perceptron in one forward sweep, with any widths and activations.

Value, d first derivatives and one contracted second derivative ``gamma:hess`` travel as stacked columns of
one product per layer ("forward Laplacian", Li et al. 2023; collapsed Taylor mode, arXiv 2505.13644). For
``z = W h + b`` the columns are multiplied by W; behind ``h = s(z)``

    d_i h = s' d_i z,    gamma:hess h = s' (gamma:hess z) + s'' (dz^T gamma dz)

A *row* at a point is the linear functional ``alpha u + beta . grad u + gamma:hess u``: one equation of a
boundary value problem, say. Of a unit of the last hidden layer it is

    alpha s + (beta . dz + gamma:hess z) s' + (dz^T gamma dz) s''

and the row of the network is the same combination of these as the network's output is of the units. The
adjoints are in :mod:`sdf_siren.fields.adjoint`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from sdf_siren.fields.layers import Contraction, Layer, total
from sdf_siren.fields.threads import in_chunks

CHUNK_NUMBERS = 2**15
"""Numbers per chunk in the widest layer's columns, so that the passes over them stay in the cache."""

GPU_CHUNK_NUMBERS = 2**26


@dataclass(frozen=True)
class Functional:
    """The coefficients of rows at n points; None is zero.

    Attributes:
        alpha: (n,), of the value.
        beta: (n, d), of the gradient.
        gamma: of the second derivatives.
    """

    alpha: Tensor | None
    beta: Tensor | None
    gamma: Contraction | None

    @classmethod
    def of(cls, x: Tensor, alpha: Tensor | None, beta: Tensor | None, gamma: Tensor | None) -> Functional:
        """Check the coefficients against points ``x`` (n, d).

        Raises:
            ValueError: their shapes or types do not fit.
        """
        n, d = x.shape
        for name, tensor, shape in (
            ("alpha", alpha, (n,)),
            ("beta", beta, (n, d)),
            ("gamma", gamma, (n, d, d)),
        ):
            if tensor is not None and (tensor.shape != shape or tensor.dtype != x.dtype):
                raise ValueError(
                    f"expected {name} of shape {shape} and {x.dtype} like the points, "
                    f"found {tuple(tensor.shape)} and {tensor.dtype}"
                )
        return cls(alpha, beta, None if gamma is None else Contraction.of(gamma, d))

    @property
    def order(self) -> int:
        """The highest derivative in the rows."""
        return 2 if self.gamma is not None else 1 if self.beta is not None else 0

    def at(self, rows: slice) -> Functional:
        """For some of the points."""
        return Functional(
            None if self.alpha is None else self.alpha[rows],
            None if self.beta is None else self.beta[rows],
            None if self.gamma is None else self.gamma.at(rows),
        )


@dataclass(frozen=True)
class Arguments:
    """What a layer's activation is applied to, with derivatives by the coordinates.

    Attributes:
        value: (n, m).
        first: (d, n, m), or (d, 1, m) where all points share it; None if it is not asked for.
        second: gamma:hess, (n, m); None if it is zero or not asked for.
    """

    value: Tensor
    first: Tensor | None = None
    second: Tensor | None = None


def linear(layer: Layer, columns: Tensor, order: int) -> Arguments:
    """A folded layer's arguments from the columns (1 | 1 + d | 2 + d, n, fan_in) of the layer below."""
    if order == 0:
        return Arguments(torch.addmm(layer.bias, columns[0], layer.weight.T))
    columns = columns @ layer.weight.T
    value = columns[0] + layer.bias
    return Arguments(value, columns[1:-1], columns[-1]) if order == 2 else Arguments(value, columns[1:])


def first_linear(layer: Layer, x: Tensor, order: int) -> Arguments:
    """The arguments of a folded layer on the coordinates: all points share the first derivatives."""
    value = torch.addmm(layer.bias, x, layer.weight.T)
    return Arguments(value, layer.weight.T[:, None, :] if order else None)


def activated(z: Arguments, derivatives: Sequence[Tensor], gamma: Contraction | None) -> Tensor:
    """The columns behind the activation."""
    columns = [derivatives[0][None]]
    if z.first is None:
        return columns[0]
    columns.append(derivatives[1] * z.first)
    if gamma is not None:
        second = derivatives[2] * gamma.quadratic(z.first)
        if z.second is not None:
            second = derivatives[1] * z.second + second
        columns.append(second[None])
    return torch.cat(columns)


def arguments(layers: Sequence[Layer], x: Tensor, order: int, gamma: Contraction | None) -> Arguments:
    """The arguments of the last of ``layers``, which are folded."""
    z = first_linear(layers[0], x, order)
    for below, layer in pairwise(layers):
        assert below.activation is not None
        z = linear(layer, activated(z, below.activation.derivatives(z.value, order), gamma), order)
    return z


def channels(
    layers: Sequence[Layer], x: Tensor, gamma: Tensor | None = None, *, order: int = 2
) -> tuple[Tensor, ...]:
    """Values, Jacobians and contracted second derivatives in one sweep that autograd can follow.

    Args:
        layers: from the coordinates to the output, the last one linear.
        x: points (n, d).
        gamma: (n, d, d), symmetric, for ``sum_ij gamma_ij d_ij u``; None for the Laplacian.
        order: 2, or less for less.

    Returns:
        The first ``order + 1`` of: values (n, c), Jacobians (n, c, d), second derivatives (n, c).
    """
    folded = [layer.folded for layer in layers]
    contraction = Contraction.of(gamma, x.shape[1]) if order == 2 else None
    z = arguments(folded, x, order, contraction)
    found = [z.value]
    if z.first is not None:
        found.append(z.first.expand(-1, len(x), -1).permute(1, 2, 0))
    if order == 2:
        found.append(torch.zeros_like(z.value) if z.second is None else z.second)
    return tuple(found)


def hidden_rows(
    layers: Sequence[Layer],
    x: Tensor,
    alpha: Tensor | None = None,
    beta: Tensor | None = None,
    gamma: Tensor | None = None,
) -> Tensor:
    """Rows of every unit of the last hidden layer and of the constant 1.

    This is the design matrix of a linear solve for the output layer: rows of the network are
    ``hidden_rows @ [output weights, output bias]``.

    Args:
        layers: from the coordinates to the output, at least one of them hidden.
        x: points (n, d).
        alpha: (n,), factors of the value; None is zero.
        beta: (n, d), factors of the gradient; None is zero.
        gamma: (n, d, d), symmetric, factors of the second derivatives; None is zero.

    Returns:
        (n, width + 1): the units' rows and, last, alpha.
    """
    functional = Functional.of(x, alpha, beta, gamma)
    hidden = [layer.folded for layer in layers[:-1]]
    out = x.new_zeros(len(x), len(hidden[-1].bias) + 1)

    def work(rows: slice) -> None:
        out[rows, :-1] = unit_rows(hidden, x[rows], functional.at(rows))

    over_chunks(hidden, x, functional.order, work)
    if alpha is not None:
        out[:, -1] = alpha
    return out


def rows(
    layers: Sequence[Layer],
    x: Tensor,
    alpha: Tensor | None = None,
    beta: Tensor | None = None,
    gamma: Tensor | None = None,
) -> Tensor:
    """Rows ``alpha u + beta . grad u + gamma:hess u`` (n, outputs); arguments as in :func:`hidden_rows`."""
    functional = Functional.of(x, alpha, beta, gamma)
    hidden, last = [layer.folded for layer in layers[:-1]], layers[-1]
    out = x.new_empty(len(x), len(last.bias))

    def work(part: slice) -> None:
        here = functional.at(part)
        torch.mm(unit_rows(hidden, x[part], here), last.weight.T, out=out[part])
        if here.alpha is not None:
            out[part].addcmul_(here.alpha[:, None], last.bias)

    over_chunks(hidden, x, functional.order, work)
    return out


def unit_rows(hidden: Sequence[Layer], x: Tensor, functional: Functional) -> Tensor:
    """Rows (n, width) of the units of the last of some folded layers, in one go and not for autograd."""
    z = arguments(hidden, x, functional.order, functional.gamma)
    alpha, beta, slopes, activation = functional.alpha, functional.beta, z.second, hidden[-1].activation
    assert activation is not None
    if beta is not None:
        assert z.first is not None
        if z.first.shape[1] == 1:
            slopes = beta @ z.first[:, 0]  # second is zero here
        else:
            terms = [beta[:, i, None] * first for i, first in enumerate(z.first)]
            slopes = total(terms if slopes is None else [slopes, *terms])
    curvatures = None if functional.gamma is None or z.first is None else functional.gamma.quadratic(z.first)
    return activation.combination(z.value, None if alpha is None else alpha[:, None], slopes, curvatures)


def over_chunks(
    layers: Sequence[Layer], x: Tensor, order: int, work: Callable[[slice], None], *, chunks: int = 1
) -> None:
    """Call ``work`` for slices that cover the points: see :func:`~sdf_siren.fields.threads.in_chunks`."""
    in_chunks(len(x), chunk_rows(layers, x, order), x.device, lambda _, part: work(part), lambda: None)


def chunk_rows(layers: Sequence[Layer], x: Tensor, order: int) -> int:
    """How many points are swept at once."""
    numbers = CHUNK_NUMBERS if x.device.type == "cpu" else GPU_CHUNK_NUMBERS
    columns = (1, 1 + x.shape[1], 2 + x.shape[1])[order] if len(layers) > 1 else 1
    return max(8, numbers // (columns * max(len(layer.bias) for layer in layers)))
