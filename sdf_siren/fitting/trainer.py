"""The training loop and nothing else: it writes no files and prints nothing; observers do."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

import torch
from torch import Tensor

from sdf_siren.errors import DivergenceError
from sdf_siren.fields import LayeredField
from sdf_siren.fields.threads import single_threaded
from sdf_siren.fitting.optimizers import Optimizer
from sdf_siren.fitting.replay import Replay
from sdf_siren.losses.objective import Shares

Batch = TypeVar("Batch")
Drawn = TypeVar("Drawn", covariant=True)
Given = TypeVar("Given", contravariant=True)

CHECK_EVERY = 50
"""Steps between looks at the losses: on a GPU each look waits for the device."""


@dataclass(frozen=True)
class RateSchedule:
    """Learning rate by step: linear warm-up, and a linear decay to a floor, or a power of one.

    Attributes:
        peak: the largest rate.
        steps: of the whole fit.
        warmup: steps until the peak.
        floor: the last rate as a fraction of the peak, before the power; 1 keeps the rate constant.
        power: of the decay; more than 1 spends more steps at small rates.
    """

    peak: float
    steps: int
    warmup: int = 0
    floor: float = 1.0
    power: float = 1.0

    def __call__(self, step: int) -> float:
        """The rate of 0-based ``step``."""
        decay = 1 - (1 - self.floor) * step / max(1, self.steps)
        return self.peak * decay**self.power * min(1.0, (step + 1) / (self.warmup + 1))


@dataclass(frozen=True)
class Look:
    """What observers see: the losses of the step just done, by term, and the rate."""

    step: int
    steps: int
    losses: dict[str, float]
    rate: float


class Draws(Protocol[Drawn]):
    """A sampler."""

    def draw(self, generator: torch.Generator, step: int = 0) -> Drawn:
        """The batch of a step; all randomness comes from ``generator``, or from a seed and ``step``."""
        ...


class Engine(Protocol[Given]):
    """What is minimised, on a batch."""

    def __call__(self, batch: Given, fraction: float) -> tuple[list[Tensor], Shares]:
        """Gradients (like ``network.parameters``) and, when asked for, losses by name, 0-dimensional.

        Args:
            batch: what the sampler drew.
            fraction: of the training that is done, for what changes with it.
        """
        ...

    def program(self, fraction: float) -> Hashable:
        """Which operations a step does then: where it is equal they are, but for the batch's numbers."""
        ...


class Trainer(Generic[Batch]):
    """Minimises what an engine differentiates; resumable at any step, bit for bit on the same machine.

    ``step`` counts the steps done, ``losses`` are those of the last look.

    Args:
        network: trained in place.
        engine: gradients of what is minimised, by ``network.parameters``.
        sampler: draws the batch of each step.
        optimizer: over ``network.parameters``.
        rate: learning rate by step.
        seed: of the batches.
        clip: the largest 2-norm of the whole gradient, None for no limit.
        advice: what to do about a fit that diverged.
    """

    def __init__(
        self,
        network: LayeredField,
        engine: Engine[Batch],
        sampler: Draws[Batch],
        optimizer: Optimizer,
        rate: RateSchedule,
        *,
        seed: int,
        clip: float | None = None,
        advice: str = "lower the learning rate",
    ) -> None:
        self.network = network
        self.step = 0
        self.losses: dict[str, float] = {}
        self._engine, self._sampler, self._optimizer = engine, sampler, optimizer
        self._rate, self._clip, self._advice = rate, clip, advice
        self._generator = torch.Generator(device=network.device).manual_seed(seed)
        self._rates = torch.tensor([rate(step) for step in range(rate.steps)], dtype=torch.float64)
        self._rates = self._rates.to(network.device)
        self._rate_now = torch.zeros_like(self._rates[:1]).squeeze()
        self._replay: Replay[Batch, Shares] = Replay(network.device)

    def run(self, observers: tuple[Observer[Batch], ...] = (), *, until: int | None = None) -> None:
        """Train from the current step to the last one, or ``until`` so many are done.

        Raises:
            DivergenceError: a loss is no longer finite. Observers have not seen that state, so a
                checkpoint they wrote is the last good one.
        """
        with single_threaded():
            while self.step < (self._rate.steps if until is None else until):
                self._one_step(observers)

    def _one_step(self, observers: tuple[Observer[Batch], ...]) -> None:
        batch = self._sampler.draw(self._generator, self.step)
        self._rate_now.copy_(self._rates[self.step])
        fraction = self.step / self._rate.steps
        program = self._engine.program(fraction), self._optimizer.program(self.step)
        losses = self._replay(program, partial(self._learn, number=self.step, fraction=fraction), batch)
        self.step += 1
        if self.step % CHECK_EVERY == 0 or self.step == self._rate.steps:
            look = Look(self.step, self._rate.steps, _floats(losses()), self._rate(self.step - 1))
            self._check(look)
            self.losses = look.losses
            for observer in observers:
                observer(self, look)

    def _learn(self, batch: Batch, number: int, fraction: float) -> Shares:
        """Move the parameters; from here on no number may leave the device."""
        gradients, losses = self._engine(batch, fraction)
        if self._clip is not None:
            _clip(gradients, self._clip)
        self._optimizer.step(gradients, self._rate_now, number)
        return losses

    def _check(self, look: Look) -> None:
        finite = all(math.isfinite(value) for value in look.losses.values())
        if not finite or not all(bool(p.isfinite().all()) for p in self.network.parameters):
            raise DivergenceError(
                f"the fit diverged by step {look.step} of {look.steps} at learning rate {look.rate:.3g}; "
                f"{self._advice}"
            )

    def state(self) -> dict[str, Tensor]:
        """Everything the rest of the fit depends on, as tensors by name."""
        parameters = {f"parameters.{i}": p for i, p in enumerate(self.network.parameters)}
        optimizer = {f"optimizer.{name}": t for name, t in self._optimizer.state().items()}
        counters = {"step": torch.tensor(self.step), "generator": self._generator.get_state()}
        losses = {f"losses.{name}": torch.tensor(v, dtype=torch.float64) for name, v in self.losses.items()}
        return {**parameters, **optimizer, **counters, **losses}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from what :meth:`state` returned."""
        for i, parameter in enumerate(self.network.parameters):
            parameter.copy_(state[f"parameters.{i}"])
        prefix = "optimizer."
        self._optimizer.restore(
            {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
        )
        self.losses = {
            n.removeprefix("losses."): float(t) for n, t in state.items() if n.startswith("losses.")
        }
        self.step = int(state["step"])
        self._generator.set_state(state["generator"])


Observer = Callable[[Trainer[Batch], Look], None]


def _floats(losses: dict[str, Tensor]) -> dict[str, float]:
    return {name: float(value) for name, value in losses.items()}


def _clip(gradients: list[Tensor], largest: float) -> None:
    norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
    factor = (largest / (norm + 1e-6)).clamp_max(1.0)
    for gradient in gradients:
        gradient.mul_(factor)
