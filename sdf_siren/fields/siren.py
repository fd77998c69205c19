"""SIREN: a multilayer perceptron with sine activations (Sitzmann et al. 2020, arXiv 2006.09661).

    h_0 = x,   z_l = W_l h_{l-1} + b_l,   h_l = sin(omega_0 z_l),   f = W_L h_{L-1} + b_L

The parameters are kept as the paper writes them, with omega_0 outside: folding it into trained
weights would change the step of every adaptive optimizer by that factor. It is folded into the
buffers of an evaluation only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from sdf_siren.fields.activations import Sine
from sdf_siren.fields.closed_form import Workspace
from sdf_siren.fields.layered import LayeredField
from sdf_siren.fields.layers import Layer


@dataclass(frozen=True)
class SirenShape:
    """The architecture: everything that is needed to allocate the parameters.

    Attributes:
        inputs: number of coordinates.
        outputs: number of channels.
        width: units per sine layer.
        hidden_layers: sine layers after the first; 3 in the paper's code. With 0 the first is the only one.
        omega_0: the factor inside every sine.
        first_width: units of the first sine layer; None is width.
    """

    inputs: int = 3
    outputs: int = 1
    width: int = 256
    hidden_layers: int = 3
    omega_0: float = 30.0
    first_width: int | None = None

    def __post_init__(self) -> None:
        first = self.width if self.first_width is None else self.first_width
        if min(self.inputs, self.outputs, self.width, first, self.hidden_layers + 1) < 1:
            raise ValueError(f"a SIREN needs positive sizes, found {self}")
        if not (math.isfinite(self.omega_0) and self.omega_0 > 0):
            raise ValueError(f"a SIREN needs a positive finite omega_0, found {self.omega_0}")

    @property
    def sizes(self) -> tuple[int, ...]:
        """Layer sizes from input to output."""
        first = self.width if self.first_width is None else self.first_width
        return (self.inputs, first, *[self.width] * self.hidden_layers, self.outputs)

    @property
    def parameter_count(self) -> int:
        """Number of weights and biases."""
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.sizes))


class Siren(LayeredField):
    """A SIREN and its derivatives in closed form; a :class:`~sdf_siren.fields.field.Field`.

    Attributes:
        shape: the architecture.
        weights: one (fan_out, fan_in) tensor per layer.
        biases: one (fan_out,) tensor per layer.
    """

    def __init__(self, shape: SirenShape, weights: list[Tensor], biases: list[Tensor]) -> None:
        expected = [(fan_out, fan_in) for fan_in, fan_out in pairwise(shape.sizes)]
        found = [tuple(w.shape) for w in weights]
        if found != expected or [tuple(b.shape) for b in biases] != [(fan_out,) for fan_out, _ in expected]:
            raise ValueError(f"expected weights of shapes {expected} with matching biases, found {found}")
        self.shape = shape
        self.weights = weights
        self.biases = biases

    @property
    def layers(self) -> list[Layer]:
        """For the sweeps of :mod:`sdf_siren.fields.sweeps`, sharing the parameters' storage."""
        sine = Sine(self.shape.omega_0)
        activations = [*[sine] * (len(self.weights) - 1), None]
        return [Layer(*layer) for layer in zip(self.weights, self.biases, activations, strict=True)]

    def to(self, *, dtype: torch.dtype | None = None, device: torch.device | str | None = None) -> Siren:
        """A copy with other storage."""

        def move(tensors: list[Tensor]) -> list[Tensor]:
            return [t.to(dtype=dtype, device=device, copy=True) for t in tensors]

        return Siren(self.shape, move(self.weights), move(self.biases))

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Values (n, 1) and gradients (n, inputs) at points ``x`` (n, inputs), for one output channel."""
        value = torch.empty(len(x), 1, dtype=self.dtype, device=self.device)
        gradient = torch.empty(len(x), self.shape.inputs, dtype=self.dtype, device=self.device)

        def work(workspace: Workspace, rows: slice) -> None:
            value[rows], gradient[rows] = workspace.value_and_gradient(x[rows])

        self.in_workspaces(len(x), work, gradient=True)
        return value, gradient


def initialise(
    shape: SirenShape,
    *,
    seed: int,
    first_omega: float | None = None,
    hidden_bias: float = 0.0,
    dtype: torch.dtype = torch.float32,
) -> Siren:
    """Draw the parameters of a SIREN (Sitzmann et al. 2020, sec. 3.2 and supplement).

    First layer U(-1/n, 1/n), later layers U(-sqrt(6/n), sqrt(6/n)) / omega_0, with n the fan-in, so
    that the argument omega_0 z of each hidden sine is close to standard normal.

    Args:
        shape: the architecture.
        seed: the same seed gives the same parameters on every machine.
        first_omega: None keeps the paper's first layer. A number spreads its frequencies instead:
            row i is scaled linearly from 0.3 to 1 times first_omega / omega_0, so that coarse and
            fine detail both find units.
        hidden_bias: biases of the later layers are drawn from U(-b, b) / sqrt(n) with this b; 1 is
            what the reference code inherits from torch, which doubles the variance of the hidden
            arguments; 0 keeps them standard normal. The first layer's biases are always
            U(-1/sqrt(n), 1/sqrt(n)), phases that spread over several periods.
        dtype: of the parameters; numbers are drawn in float64 and rounded.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(bound: float, *size: int) -> Tensor:
        return (torch.rand(*size, generator=generator, dtype=torch.float64) * 2 - 1) * bound

    weights, biases = [], []
    for layer, (fan_in, fan_out) in enumerate(pairwise(shape.sizes)):
        if layer == 0:
            weight = uniform(1 / fan_in, fan_out, fan_in)
            if first_omega is not None:
                spread = torch.linspace(0.3, 1.0, fan_out, dtype=torch.float64)
                weight *= spread[:, None] * (first_omega / shape.omega_0)
            bias = uniform(1 / math.sqrt(fan_in), fan_out)
        else:
            weight = uniform(math.sqrt(6 / fan_in) / shape.omega_0, fan_out, fan_in)
            bias = uniform(hidden_bias / math.sqrt(fan_in), fan_out)
        weights.append(weight.to(dtype))
        biases.append(bias.to(dtype))
    return Siren(shape, weights, biases)
