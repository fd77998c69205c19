"""Averaged parameters, and the best of them by samples that training does not see.

A network that fits every sample still swings between them, the more the longer it is trained. The average of
the last steps' parameters lies in the middle of what they scatter about (Polyak and Juditsky 1992), so it can
be judged at any time as if the learning rate had decayed, and the best one be kept.
"""

from __future__ import annotations

import math
from typing import Generic, TypeVar

import torch
from torch import Tensor

from sdf_siren.fields import LayeredField
from sdf_siren.fitting.optimizers import Optimizer, State
from sdf_siren.fitting.trainer import Look, Trainer

DECAY = 0.98
Batch = TypeVar("Batch")


class Averaged:
    """Another optimizer, and the running average of what it makes of the parameters; an Optimizer itself.

    Attributes:
        average: a network like the trained one, with the averaged parameters.
        best: the parameters of the best average that was offered.
        error: its error, infinite before the first.
    """

    def __init__(self, optimizer: Optimizer, network: LayeredField) -> None:
        self._optimizer, self._network = optimizer, network
        self.average = network.to(device=network.device)
        self.best = [p.clone() for p in network.parameters]
        self.error = math.inf
        self._steps = 0

    def step(self, gradients: list[Tensor], rate: float) -> None:
        """One update of the parameters and of their average."""
        self._optimizer.step(gradients, rate)
        self._steps += 1
        decay = min(DECAY, (self._steps - 1) / (self._steps + 9))
        for mean, parameter in zip(self.average.parameters, self._network.parameters, strict=True):
            mean.lerp_(parameter, 1 - decay)

    def offer(self, error: float) -> None:
        """Keep the average if its ``error`` is the lowest so far."""
        if error < self.error:
            self.error = error
            for best, mean in zip(self.best, self.average.parameters, strict=True):
                best.copy_(mean)

    def settle(self) -> None:
        """Give the network the best parameters, if any were offered."""
        if self.error < math.inf:
            for parameter, best in zip(self._network.parameters, self.best, strict=True):
                parameter.copy_(best)

    def state(self) -> State:
        """The optimizer's state, the average and the best of it."""
        averages = {f"average.{i}": p for i, p in enumerate(self.average.parameters)}
        best = {f"best.{i}": p for i, p in enumerate(self.best)}
        own = {
            "average_steps": torch.tensor(self._steps),
            "error": torch.tensor(self.error, dtype=torch.float64),
        }
        return {**self._optimizer.state(), **averages, **best, **own}

    def restore(self, state: State) -> None:
        """Go on from what :meth:`state` returned."""
        self._optimizer.restore(state)
        for name, tensors in (("average", self.average.parameters), ("best", self.best)):
            for i, tensor in enumerate(tensors):
                tensor.copy_(state[f"{name}.{i}"])
        self._steps, self.error = int(state["average_steps"]), float(state["error"])


class Judge(Generic[Batch]):
    """An observer that offers the average with its error at points that training does not see.

    Args:
        averaged: the optimizer of the trainer that is observed.
        x: (n, d), the points.
        target: (n, c), what the network should answer there.
    """

    def __init__(self, averaged: Averaged, x: Tensor, target: Tensor) -> None:
        self._averaged, self._x, self._target = averaged, x, target

    def __call__(self, trainer: Trainer[Batch], look: Look) -> None:
        missed = self._averaged.average.value(self._x) - self._target
        self._averaged.offer(float(missed.square().mean()))
