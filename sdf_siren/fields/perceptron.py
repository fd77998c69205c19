"""Baselines: multilayer perceptrons with ReLU or tanh, with or without positional encoding.

They answer to the same calls as :class:`~sdf_siren.fields.siren.Siren`, so that a comparison changes the
network and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from sdf_siren.fields.activations import Activation, Encoding, Relu
from sdf_siren.fields.layered import LayeredField
from sdf_siren.fields.layers import Layer
from sdf_siren.fields.sweeps import channels, over_chunks


@dataclass(frozen=True)
class PositionalEncoding:
    """Every coordinate x, then sin(2^k pi x) and cos(2^k pi x) for k < octaves (Mildenhall et al. 2020).

    x itself is passed on as in that paper's code: without it the faces of [-1, 1]^d cannot be told apart.
    """

    octaves: int = 6

    def __post_init__(self) -> None:
        if self.octaves < 1:
            raise ValueError(f"a positional encoding needs at least one octave, found {self.octaves}")

    def width(self, inputs: int) -> int:
        """How many numbers stand for a point."""
        return inputs * (1 + 2 * self.octaves)

    def layer(self, inputs: int, like: Tensor) -> Layer:
        """As a layer that is not trained, with the storage of ``like``; cos z is sin(z + pi/2)."""
        eye = torch.eye(inputs, dtype=like.dtype, device=like.device)
        sines = torch.cat([2**k * math.pi * eye for k in range(self.octaves)])
        bias = like.new_zeros(self.width(inputs))
        bias[-len(sines) :] = math.pi / 2
        return Layer(torch.cat([eye, sines, sines]), bias, Encoding(inputs), trained=False)


class Perceptron(LayeredField):
    """A multilayer perceptron with one activation behind every layer but the last.

    Attributes:
        weights: one (fan_out, fan_in) tensor per layer; the first one's fan_in is the encoding's width.
        biases: one (fan_out,) tensor per layer.
        activation: of all layers but the last.
        encoding: what is done to the coordinates first; None is nothing.
        inputs: number of coordinates.
    """

    def __init__(
        self,
        weights: list[Tensor],
        biases: list[Tensor],
        activation: Activation,
        encoding: PositionalEncoding | None = None,
    ) -> None:
        found = [tuple(w.shape) for w in weights]
        fits = all(upper[1] == lower[0] for lower, upper in pairwise(found))
        if len(found) < 2 or not fits or [tuple(b.shape) for b in biases] != [shape[:1] for shape in found]:
            raise ValueError(
                f"expected at least two layers that fit together and their biases, found {found}"
            )
        fan_in, per_input = found[0][1], 1 if encoding is None else encoding.width(1)
        if fan_in % per_input:
            raise ValueError(
                f"expected a first layer that takes {per_input} numbers per input, found {fan_in}"
            )
        self.weights, self.biases = weights, biases
        self.activation, self.encoding = activation, encoding
        self.inputs = fan_in // per_input

    @property
    def layers(self) -> list[Layer]:
        """For the sweeps of :mod:`sdf_siren.fields.sweeps`, sharing the parameters' storage."""
        activations = [*[self.activation] * (len(self.weights) - 1), None]
        trained = [Layer(*layer) for layer in zip(self.weights, self.biases, activations, strict=True)]
        return (
            trained
            if self.encoding is None
            else [self.encoding.layer(self.inputs, self.weights[0]), *trained]
        )

    def to(self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> Perceptron:
        """A copy with other storage."""
        weights, biases = (
            [t.to(dtype=dtype, device=device, copy=True) for t in tensors]
            for tensors in (self.weights, self.biases)
        )
        return Perceptron(weights, biases, self.activation, self.encoding)

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and gradients (n, inputs) at points ``x`` (n, inputs), for one output channel."""
        value, gradient = x.new_empty(len(x), 1), torch.empty_like(x)
        layers = self.layers

        def work(part: slice) -> None:
            value[part], jacobian = channels(layers, x[part], order=1)
            gradient[part] = jacobian[:, 0]

        over_chunks(layers, x, 1, work)
        return value, gradient


def initialise_perceptron(
    sizes: Sequence[int],
    activation: Activation,
    *,
    seed: int,
    encoding: PositionalEncoding | None = None,
    bias: float = 1.0,
    dtype: torch.dtype = torch.float32,
) -> Perceptron:
    """Draw the parameters of a perceptron.

    Hidden layers U(-sqrt(6 / fan_in), sqrt(6 / fan_in)) with ReLU (He et al. 2015, arXiv 1502.01852, eq. 10,
    uniform), else U(-b, b) with b = sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16), as has the
    output layer, which is linear.

    Args:
        sizes: from the coordinates to the output: (2, 64, 64, 1), say.
        activation: of all layers but the last.
        seed: the same seed gives the same parameters on every machine.
        encoding: of the coordinates; widens the first layer.
        bias: biases are drawn from U(-bias, bias) / sqrt(fan_in): 1 is what torch does; with 0, as in the
            papers, all kinks of the first layer pass through the origin.
        dtype: of the parameters; numbers are drawn in float64 and rounded.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(bound: float, *size: int) -> Tensor:
        return ((torch.rand(*size, generator=generator, dtype=torch.float64) * 2 - 1) * bound).to(dtype)

    weights, biases = [], []
    shapes = list(pairwise([sizes[0] if encoding is None else encoding.width(sizes[0]), *sizes[1:]]))
    for layer, (fan_in, fan_out) in enumerate(shapes):
        he = isinstance(activation, Relu) and layer < len(shapes) - 1
        weights.append(uniform(math.sqrt(6 / (fan_in if he else fan_in + fan_out)), fan_out, fan_in))
        biases.append(uniform(bias / math.sqrt(fan_in), fan_out))
    return Perceptron(weights, biases, activation, encoding)


def matching_width(
    parameter_count: int,
    *,
    inputs: int,
    outputs: int,
    hidden_layers: int,
    encoding: PositionalEncoding | None = None,
) -> int:
    """The width with which a perceptron comes closest to a number of parameters.

    Args:
        parameter_count: of the network to compare with.
        inputs: number of coordinates.
        outputs: number of channels.
        hidden_layers: layers with an activation, all of this width.
        encoding: of the coordinates.
    """
    fan_in = inputs if encoding is None else encoding.width(inputs)

    def count(width: int) -> int:
        sizes = [fan_in, *[width] * hidden_layers, outputs]
        return sum((below + 1) * above for below, above in pairwise(sizes))

    low, high = 1, 2  # count(low) <= parameter_count < count(high), but for the smallest network
    while count(high) <= parameter_count:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) <= parameter_count else (low, middle)
    return min(low, high, key=lambda width: abs(count(width) - parameter_count))
