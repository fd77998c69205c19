"""Activations compared: networks of the same size trained on one equation's residual for the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.problem import Problem
from sdf_siren.errors import UsageError
from sdf_siren.fields import (
    LayeredField,
    PositionalEncoding,
    Relu,
    Tanh,
    initialise_perceptron,
    matching_width,
)
from sdf_siren.fields.activations import Activation
from sdf_siren.fitting.residual_training import HIDDEN_LAYERS, ResidualTraining, siren_for

OCTAVES = 3
"""Of the positional encoding; waves of the highest one are 2^3 times as long as the box [-1, 1]."""
TIMED_STEPS = 40


@dataclass(frozen=True)
class Portrait:
    """A function on a grid, and how it came about.

    Attributes:
        name: of the network, or ``exact``.
        value: (n,).
        gradient: (n, d).
        laplacian: (n,).
        parameters: weights and biases; 0 for the exact solution.
        steps: of training.
        seconds: of one processor that these took.
        indicator: the residual on fresh points, relative to the solution's scale.
    """

    name: str
    value: Tensor
    gradient: Tensor
    laplacian: Tensor
    parameters: int = 0
    steps: int = 0
    seconds: float = 0.0
    indicator: float = 0.0

    def errors(self, exact: Portrait) -> tuple[float, float, float]:
        """Relative L2 errors of value, gradient and Laplacian."""
        pairs = ((getattr(self, name), getattr(exact, name)) for name in ("value", "gradient", "laplacian"))
        value, gradient, laplacian = (float((a - b).norm() / b.norm()) for a, b in pairs)
        return value, gradient, laplacian


def contenders(problem: Problem, *, seed: int = 0) -> dict[str, LayeredField]:
    """A SIREN, and of its size perceptrons with tanh, ReLU, and ReLU behind a positional encoding."""
    siren = siren_for(problem, seed=seed)
    inputs = problem.domain.dimension

    def perceptron(activation: Activation, encoding: PositionalEncoding | None = None) -> LayeredField:
        layers = HIDDEN_LAYERS + 1
        width = matching_width(
            siren.parameter_count, inputs=inputs, outputs=1, hidden_layers=layers, encoding=encoding
        )
        sizes = (inputs, *[width] * layers, 1)
        return initialise_perceptron(sizes, activation, seed=seed, encoding=encoding, dtype=torch.float64)

    encoding = PositionalEncoding(OCTAVES)
    return {
        "SIREN": siren,
        "tanh": perceptron(Tanh()),
        "ReLU": perceptron(Relu()),
        "ReLU, positional encoding": perceptron(Relu(), encoding),
    }


def compare_activations(
    problem: Problem,
    x: Tensor,
    seconds: float,
    *,
    optimizer: str = "soap",
    seed: int = 0,
    report: Callable[[Portrait], None] = lambda portrait: None,
) -> list[Portrait]:
    """Train every contender for the same time of one processor and look at all of them.

    Args:
        problem: with a known solution, which only the first portrait sees.
        x: points (n, d) of the portraits.
        seconds: of each training. The number of steps is set by the time of a few, so that the learning rate
            can decay.
        optimizer: as in :class:`~sdf_siren.fitting.residual_training.ResidualTraining`.
        seed: of networks and points.
        report: called with each portrait.

    Returns:
        The exact solution first.

    Raises:
        UsageError: the problem has no known solution.
    """
    if problem.exact is None:
        raise UsageError(f"{problem.title or 'problem'}: a comparison needs the exact solution")
    exact = problem.exact(x)
    found = [Portrait("exact", exact.value, exact.gradient, exact.laplacian)]
    for name, network in contenders(problem, seed=seed).items():
        steps = max(1, int(seconds / _seconds_per_step(problem, network, optimizer, seed)))
        training = ResidualTraining(problem, network, steps=steps, optimizer=optimizer, seed=seed)
        start = time.process_time()
        training.trainer.run()
        taken, s = time.process_time() - start, training.solution
        portrait = Portrait(
            name,
            s.value(x),
            s.gradient(x),
            s.laplacian(x),
            network.parameter_count,
            steps,
            taken,
            training.indicator(),
        )
        report(portrait)
        found.append(portrait)
    return found


def _seconds_per_step(problem: Problem, network: LayeredField, optimizer: str, seed: int) -> float:
    """Timed on the network itself, which is put back."""
    kept = [p.clone() for p in network.parameters]
    for steps in (TIMED_STEPS // 4, TIMED_STEPS):  # the first ones warm up
        training = ResidualTraining(problem, network, steps=steps, optimizer=optimizer, seed=seed)
        start = time.process_time()
        training.trainer.run()
        taken = time.process_time() - start
        for parameter, before in zip(network.parameters, kept, strict=True):
            parameter.copy_(before)
    return max(taken / TIMED_STEPS, 1e-6)
