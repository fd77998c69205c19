"""What the sweeps are made of: a layer, and the weights of a second derivative."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.fields.activations import Activation


@dataclass(frozen=True)
class Layer:
    """``activation(weight h + bias)``.

    Attributes:
        weight: (fan_out, fan_in).
        bias: (fan_out,).
        activation: None for the output layer, which is linear.
        trained: whether weight and bias are parameters; a positional encoding's are not.
    """

    weight: Tensor
    bias: Tensor
    activation: Activation | None = None
    trained: bool = True

    @property
    def scale(self) -> float:
        """The factor inside the activation, 1 for a linear layer."""
        return 1.0 if self.activation is None else self.activation.scale

    @property
    def folded(self) -> Layer:
        """The same function with the factor inside the activation multiplied into weight and bias."""
        if self.activation is None or self.scale == 1.0:
            return self
        return Layer(self.weight * self.scale, self.bias * self.scale, self.activation.folded, self.trained)


@dataclass(frozen=True)
class Contraction:
    """The weights gamma of a second derivative ``gamma:hess u = sum_ij gamma_ij d_ij u`` at n points.

    Attributes:
        pairs: the (i, j), i <= j, at which gamma is not zero at every point.
        factors: (n, pairs), gamma_ii or gamma_ij + gamma_ji; None means the identity at every point, with
            which gamma:hess is the Laplacian.
    """

    pairs: tuple[tuple[int, int], ...]
    factors: Tensor | None

    @classmethod
    def of(cls, gamma: Tensor | None, dimension: int) -> Contraction:
        """From gamma (n, d, d) or, with None, the identity."""
        if gamma is None:
            return cls(tuple((i, i) for i in range(dimension)), None)
        upper = (gamma + gamma.transpose(1, 2)).triu(1) + gamma.diagonal(dim1=1, dim2=2).diag_embed()
        pairs = (upper != 0).any(dim=0).nonzero().tolist()
        rows, columns = ([pair[k] for pair in pairs] for k in (0, 1))
        return cls(tuple((i, j) for i, j in pairs), upper[:, rows, columns])

    def at(self, rows: slice) -> Contraction:
        """For some of the points."""
        return self if self.factors is None else Contraction(self.pairs, self.factors[rows])

    def quadratic(self, first: Tensor) -> Tensor:
        """``v^T gamma v`` (n, m) for vectors ``first`` (d, n, m), or (d, 1, m) shared by all points."""
        if self.factors is None:
            return first.square().sum(dim=0)
        if not self.pairs:
            return first.new_zeros(len(self.factors), first.shape[2])
        if first.shape[1] == 1:
            return self.factors @ torch.cat([first[i] * first[j] for i, j in self.pairs])
        terms = [self.factors[:, k, None] * first[i] * first[j] for k, (i, j) in enumerate(self.pairs)]
        return total(terms)

    def gradient(self, first: Tensor) -> Tensor:
        """``2 gamma v``, the derivative of :meth:`quadratic`, as (d, n, m); or (d, 1, m) for the identity."""
        if self.factors is None:
            return 2 * first
        n = len(self.factors)
        found = first.new_zeros(len(first), n, first.shape[2])
        for k, (i, j) in enumerate(self.pairs):
            factor = self.factors[:, k, None]
            found[i].addcmul_(factor, first[j])
            found[j].addcmul_(factor, first[i])
        return found


def total(terms: Sequence[Tensor]) -> Tensor:
    """The sum of at least one tensor, in their order."""
    found = terms[0]
    for term in terms[1:]:
        found = found + term
    return found
