"""What a signal's fit will cost, measured on this machine before it starts."""

from __future__ import annotations

import dataclasses
import math
import time
from typing import Any

import torch

from sdf_siren.errors import UsageError
from sdf_siren.fields import choose_device
from sdf_siren.fitting.cost import FEWEST_STEPS, CostEstimate, timed_step
from sdf_siren.fitting.sample_engine import CHUNK_ROWS
from sdf_siren.fitting.signal_network import signal_network, signal_trainer
from sdf_siren.fitting.signal_settings import (
    PARAMETERS_PER_NUMBER,
    SignalSettings,
    resolve_signal_settings,
    shape_of,
)
from sdf_siren.fitting.supervision import supervision_of
from sdf_siren.signals import Signal

WARM_UP, TIMED = 3, 10
SIGHTS_PER_PARAMETER = 24
"""How often a network should be trained on every sample, for each parameter that it has per sample: where it
is more often, time is better spent on parameters than on steps (docs/method.md, "Images")."""
_BYTES_PER_NUMBER = 60
"""Samples in float32, their targets, and in float64 what is computed from them once."""


def seconds_per_step(signal: Signal, settings: SignalSettings, device: torch.device) -> float:
    """Seconds of an optimizer step, measured on the signal itself with a network that is thrown away."""
    supervision = supervision_of(signal, settings, device)
    network = signal_network(settings, signal, 0).to(device=device)
    settings = dataclasses.replace(settings, steps=WARM_UP + TIMED)
    return timed_step(signal_trainer(network, supervision, signal, settings, 0), WARM_UP, TIMED)


def estimate_signal_cost(signal: Signal, settings: SignalSettings, device: str = "auto") -> CostEstimate:
    """Run a few steps and extrapolate.

    Args:
        signal: to be fitted.
        settings: of the fit.
        device: as for ``fit_signal``.
    """
    place = choose_device(device)
    seconds = seconds_per_step(signal, settings, place) * settings.steps
    batch = settings.batch or math.prod(signal.shape)
    rows = CHUNK_ROWS * torch.get_num_threads() if place.type == "cpu" else batch
    buffers = rows * settings.width * (settings.depth + 1) * 7 * 4
    gradients = (4 + -(-batch // CHUNK_ROWS)) * shape_of(settings, signal).parameter_count * 4
    return CostEstimate(seconds, buffers + gradients + signal.samples.size * _BYTES_PER_NUMBER, str(place))


def signal_settings_within(
    signal: Signal,
    seconds: float,
    quality: str = "standard",
    *,
    steps: int | None = None,
    device: str = "auto",
    psnr: float | None = None,
    parameters: int | None = None,
    **settings: object,
) -> dict[str, Any]:
    """The ``steps`` with which a fit takes about ``seconds``, and a larger ``width`` if it has time for one.

    The network is the quality's, or the one asked for. Where neither size nor decibels are asked for, it
    grows with the time, up to as many parameters as help. A smooth fit's does not, nor the paper's: it is
    not parameters that these lack.

    Measured on this machine, so another one, or another time, gives another answer: a run that is to be
    repeated keeps the answer, not the question.

    Raises:
        UsageError: the time is too short, or steps are given too.
    """
    if steps is not None:
        raise UsageError("fit.image.seconds and fit.image.steps exclude each other; give one of them")
    place = choose_device(device)
    chosen = resolve_signal_settings(signal, quality, psnr=psnr, parameters=parameters, **settings)
    found: dict[str, Any] = {}
    start = time.perf_counter()
    each = seconds_per_step(signal, chosen, place)
    asked = [psnr, parameters, settings.get("width"), settings.get("depth")]
    if asked == [None] * len(asked) and not chosen.smooth and quality != "paper":
        larger = _size_for(signal, chosen, seconds / each)
        if larger > shape_of(chosen, signal).parameter_count:
            chosen = resolve_signal_settings(signal, quality, parameters=larger, **settings)  # type: ignore[arg-type]
            found["width"] = chosen.width
            each = seconds_per_step(signal, chosen, place)
    count = int((seconds - (time.perf_counter() - start)) / each)
    if count < FEWEST_STEPS:
        raise UsageError(
            f"{signal.source}: expected time for at least {FEWEST_STEPS} steps, found {seconds:.3g} s, "
            f"enough for {max(count, 0)}; give it more time, or a smaller network with --parameters"
        )
    return {"steps": count, **found}


def _size_for(signal: Signal, settings: SignalSettings, steps: float) -> int:
    """Parameters of the network to train in the time in which that of ``settings`` does ``steps``.

    A step costs in proportion to the parameters p. So p and the sights s of each of n samples are to have the
    product that they have here, and s = ``SIGHTS_PER_PARAMETER`` p / n.
    """
    sights = steps * (settings.batch or math.prod(signal.shape))
    wished = math.sqrt(shape_of(settings, signal).parameter_count * sights / SIGHTS_PER_PARAMETER)
    return min(round(wished), PARAMETERS_PER_NUMBER * signal.samples.size)


def signal_plan(
    signal: Signal, device: str = "auto", quality: str = "standard", **settings: Any
) -> list[str]:
    """What a fit would be and cost, in two lines.

    Args:
        signal: to be fitted.
        device: as for ``fit_signal``.
        quality: as for ``fit_signal``, as are ``settings``.
    """
    chosen = resolve_signal_settings(signal, quality, **settings)
    cost = estimate_signal_cost(signal, chosen, device)
    network = f"{chosen.network}, {chosen.depth + 1} hidden layers of {chosen.width}, {chosen.steps:,} steps"
    price = f"about {cost.seconds:.0f} s and {cost.bytes / 1e6:.0f} MB on {cost.device}"
    return [network + (", smooth" if chosen.smooth else ""), price]
