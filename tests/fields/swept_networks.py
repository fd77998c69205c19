"""Small networks for the tests of the sweeps, and what autograd says about them."""

from __future__ import annotations

import torch
from torch import Tensor

from sdf_siren.fields.activations import Activation, Encoding, Relu, Sine, Tanh
from sdf_siren.fields.layers import Layer

ACTIVATIONS = [Sine(3.0), Tanh(), Relu()]


def random(*size: int, seed: int) -> Tensor:
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def layers_of(
    activation: Activation, hidden: int, inputs: int, outputs: int = 1, encoded: bool = False
) -> list[Layer]:
    """Hidden layers of 7, 5, 6 units; with ``encoded``, 2 x inputs fixed sines and the input below them."""
    found, fan_in = [], inputs
    if encoded:
        fan_in = 3 * inputs
        weight = torch.cat([torch.eye(inputs, dtype=torch.float64) * f for f in (1, 2, 4)])
        bias = 0.5 * random(fan_in, seed=99)
        found.append(Layer(weight, bias, Encoding(inputs), trained=False))
    for k, width in enumerate((7, 5, 6)[:hidden]):
        weight = random(width, fan_in, seed=k) / fan_in**0.5
        found.append(Layer(weight, random(width, seed=10 + k), activation))
        fan_in = width
    return [*found, Layer(random(outputs, fan_in, seed=20), random(outputs, seed=21))]


def points(n: int, d: int) -> Tensor:
    return random(n, d, seed=30)


def coefficients(n: int, d: int) -> tuple[Tensor, Tensor, Tensor]:
    """alpha, beta and a symmetric gamma."""
    gamma = random(n, d, d, seed=33)
    return random(n, seed=31), random(n, d, seed=32), gamma + gamma.transpose(1, 2)


def plain(function: Activation, z: Tensor) -> Tensor:
    """An activation, spelled with torch's own functions."""
    if isinstance(function, Sine):
        return torch.sin(function.omega_0 * z)
    if isinstance(function, Encoding):
        return torch.cat([z[: function.passed], torch.sin(z[function.passed :])])
    return torch.tanh(z) if isinstance(function, Tanh) else torch.relu(z)


def evaluate(layers: list[Layer], point: Tensor) -> Tensor:
    """The network at one point (d,), up to and with the last of the layers."""
    h = point
    for layer in layers:
        h = layer.weight @ h + layer.bias
        h = h if layer.activation is None else plain(layer.activation, h)
    return h


def row_by_autograd(layers: list[Layer], point: Tensor, alpha, beta, gamma) -> Tensor:
    """The row at one point of every unit of the last of the layers, differentiable by the parameters."""
    point = point.clone().requires_grad_()
    found = []
    for u in evaluate(layers, point):
        (slope,) = torch.autograd.grad(u, point, create_graph=True, retain_graph=True)
        row = alpha * u + beta @ slope
        if slope.requires_grad:
            for i in range(len(point)):
                (second,) = torch.autograd.grad(slope[i], point, create_graph=True, allow_unused=True)
                row = row if second is None else row + gamma[i] @ second
        found.append(row)
    return torch.stack(found)


def with_parameters(layers: list[Layer], parameters: list[Tensor]) -> list[Layer]:
    """The same layers with other parameters: weights of the trained layers, then their biases."""
    half = len(parameters) // 2
    pairs = iter(zip(parameters[:half], parameters[half:], strict=True))
    return [Layer(*next(pairs), layer.activation) if layer.trained else layer for layer in layers]


def parameters_of(layers: list[Layer]) -> list[Tensor]:
    trained = [layer for layer in layers if layer.trained]
    return [layer.weight for layer in trained] + [layer.bias for layer in trained]
