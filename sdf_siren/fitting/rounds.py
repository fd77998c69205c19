"""Rounds of training: on and on until decibels are reached, or ever longer until it does harm.

Most fits are one round. One that has decibels to reach goes on from where the last round ended. A smooth
one starts anew with twice the steps and slower waves, and keeps what is nearer to samples that it has not
seen: how long a network may be trained, and how fast its waves may be, before it swings between the samples
depends on the image (docs/method.md, "Images").
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from sdf_siren.fields import LayeredField
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.signal_network import LONG, signal_trainer
from sdf_siren.fitting.signal_settings import SignalSettings
from sdf_siren.fitting.supervision import Supervision
from sdf_siren.progress import ProgressCallback
from sdf_siren.signals import Signal

MOST_ROUNDS = 4
"""Where a fit has decibels to reach; each twice as long as the one before, at half its learning rate."""
SMOOTH_ROUNDS = 2
HARMLESS_SIGHTS = 80
"""Trained less often than this on every sample, no fit was seen to swing between them; then one round is
enough."""
SLOWER, GENTLER = 0.5, 0.7
"""Factors of the first layer's frequencies and of the rate in the second round of a long smooth fit: it has
the time to make faster waves itself, and is nearer to what lies between the samples then."""
TIE = 1.025
"""A later round may be so much further, in mean squares, from the unseen samples: these are missing one by
one, among neighbours that were seen, which favours the faster waves of the first."""


@dataclass(frozen=True)
class Round:
    """One training.

    Attributes:
        steps: of the optimizer.
        learning_rate: its peak.
        anew: from the network's first parameters instead of the last ones.
        waves: the factor of the first layer's frequencies where it starts anew.
    """

    steps: int
    learning_rate: float
    anew: bool = False
    waves: float = 1.0


def planned_rounds(settings: SignalSettings, signal: Signal, psnr: float | None) -> list[Round]:
    """The rounds of a fit; a smooth one shares its steps out among them."""
    if settings.smooth and settings.value_weight > 0 and settings.batch > 0:
        sights = settings.steps * settings.batch / math.prod(signal.shape)
        if sights > HARMLESS_SIGHTS:
            parts = 2**SMOOTH_ROUNDS - 1
            steps = [max(1, settings.steps * 2**k // parts) for k in range(SMOOTH_ROUNDS)]
            waves, gentler = (SLOWER, GENTLER) if settings.steps >= LONG else (1.0, 1.0)
            if settings.network != "siren" or settings.spectrum > 0:
                waves = 1.0  # somebody chose the first layer
            rate = settings.learning_rate
            return [
                Round(count, rate * gentler**k, anew=True, waves=waves**k) for k, count in enumerate(steps)
            ]
    count = 1 if psnr is None else MOST_ROUNDS
    return [Round(settings.steps * 2**k, settings.learning_rate / 2**k) for k in range(count)]


class Rounds:
    """Carries rounds out, resumable at any step.

    Args:
        network: trained in place.
        supervision: what it is told.
        signal: what is fitted.
        settings: of the fit; a round has its own steps and learning rate.
        plan: the rounds.
        seed: of the batches.
        progress: called every few steps.
    """

    def __init__(
        self,
        network: LayeredField,
        supervision: Supervision,
        signal: Signal,
        settings: SignalSettings,
        plan: list[Round],
        seed: int,
        progress: ProgressCallback,
    ) -> None:
        self._network, self._supervision, self._signal = network, supervision, signal
        self._settings, self._plan, self._seed, self._progress = settings, plan, seed, progress
        self._fresh = [p.clone() for p in network.parameters]
        self._path: Path | None = None
        self._identity, self._resumed = "", -1
        self._best: dict[str, Tensor] = {}
        self.done = 0

    @property
    def held_out_psnr(self) -> float | None:
        """Decibels at the samples that a smooth fit did not see; None of other fits."""
        error = float(self._best.get("best_error", math.nan))
        return None if math.isnan(error) or error == 0 else 10 * math.log10(4 / error)

    def keep(self, path: Path, identity: str, *, resume: bool) -> None:
        """Keep a checkpoint at ``path``, and with ``resume`` go on from the one there.

        Raises:
            UsageError: the file there belongs to another fit.
        """
        self._path, self._identity = path, identity
        if resume and path.exists():
            found = checkpoints.identity_of(path)
            rounds = [number for number in range(len(self._plan)) if self._name(number) == found]
            self._resumed = rounds[0] if rounds else 0  # of another fit: reading it will say so

    def run(self, enough: Callable[[], bool]) -> dict[str, float]:
        """Train round after round until ``enough``, or until unseen samples are further off than before.

        Returns:
            The losses of the last round.
        """
        losses: dict[str, float] = {}
        for number in range(max(0, self._resumed), len(self._plan)):
            losses = self._round(number)
            self.done = number + 1
            if enough() if self._supervision.held_out is None else not self._better():
                break
        for parameter, best in zip(self._network.parameters, self._kept(), strict=False):
            parameter.copy_(best)
        return losses

    def _round(self, number: int) -> dict[str, float]:
        planned = self._plan[number]
        if planned.anew:
            for parameter, fresh in zip(self._network.parameters, self._fresh, strict=True):
                parameter.copy_(fresh)
            self._network.weights[0].mul_(planned.waves)
        settings = dataclasses.replace(
            self._settings, steps=planned.steps, learning_rate=planned.learning_rate
        )
        trainer = signal_trainer(
            self._network, self._supervision, self._signal, settings, self._seed + number
        )
        keeper = None
        if self._path is not None:
            keeper = checkpoints.Keeper(self._path, self._name(number), self._best)
            if number == self._resumed:
                state = checkpoints.load(self._path, keeper.fit, self._network.device)
                trainer.restore(state)
                self._best.update({name: t for name, t in state.items() if name.startswith("best")})
        checkpoints.train(trainer, keeper, self._progress)
        return trainer.losses

    def _name(self, number: int) -> str:
        return f"{self._identity}.{number}"

    def _better(self) -> bool:
        """Whether the network is as near to the unseen samples as after any round before; keeps it if so."""
        assert self._supervision.held_out is not None
        x, target = self._supervision.held_out
        error = (self._network.value(x) - target).double().square().mean()
        if float(error) >= TIE * float(self._best.get("best_error", math.inf)):
            return False
        self._best.update({f"best.{i}": p.clone() for i, p in enumerate(self._network.parameters)})
        self._best["best_error"] = error
        return True

    def _kept(self) -> list[Tensor]:
        """The best parameters, if any were judged."""
        return [self._best[f"best.{i}"] for i in range(max(0, len(self._best) - 1))]
