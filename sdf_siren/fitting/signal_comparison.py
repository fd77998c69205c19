"""Networks compared: fits of one signal of two axes with as many parameters and as much time each."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.artifacts import SignalPortrait
from sdf_siren.errors import UsageError
from sdf_siren.fields import SignalField, choose_device
from sdf_siren.fitting.signal_cost import seconds_per_step
from sdf_siren.fitting.signal_network import signal_network, signal_trainer
from sdf_siren.fitting.signal_settings import NETWORKS, SignalSettings, resolve_signal_settings
from sdf_siren.fitting.supervision import supervision_of
from sdf_siren.fitting.trainer import Look, Trainer
from sdf_siren.signals import Signal
from sdf_siren.signals.blocks import Blocks
from sdf_siren.signals.fidelity import derivative_score, psnr
from sdf_siren.signals.spectral import gradient, laplacian

NAMES = {
    "siren": "SIREN",
    "relu": "ReLU",
    "tanh": "tanh",
    "encoding": "ReLU, positional encoding",
}
Curves = dict[str, list[tuple[float, float]]]


def compare_networks(
    signal: Signal,
    seconds: float,
    *,
    seed: int = 0,
    device: str = "auto",
    report: Callable[[SignalPortrait], None] = lambda portrait: None,
    **settings: object,
) -> tuple[list[SignalPortrait], Curves]:
    """Fit a SIREN and the baselines to a signal and look at values, gradients and Laplacians.

    All have about the same number of parameters, the same batches and optimizer, and as many steps as fit
    into the time, measured on a few of them, so that the learning rate can decay. Gradient and Laplacian are
    those of the networks in closed form, against those of the signal's cosine interpolant at the samples.

    Args:
        signal: of two axes.
        seconds: of each fit.
        seed: of networks and batches.
        device: as for ``fit_signal``.
        report: called with each portrait.
        settings: as for ``fit_signal``, for all networks.

    Returns:
        Portraits, the truth first, and by name the curves of (seconds, decibels at the samples of a batch),
        none of fits that are told no values.

    Raises:
        UsageError: a signal of another number of axes.
    """
    if len(signal.shape) != 2:
        raise UsageError(f"{signal.source}: a comparison needs an image, found {len(signal.shape)} axes")
    place = choose_device(device)
    slopes, curvature = gradient(signal.samples), laplacian(signal.samples)
    portraits = [SignalPortrait("truth", signal.samples, sizes(slopes), curvature.mean(axis=-1))]
    curves: Curves = {}
    for kind in NETWORKS:
        chosen = resolve_signal_settings(signal, network=kind, **settings)  # type: ignore[arg-type]
        steps = max(1, int(seconds / seconds_per_step(signal, chosen, place)))
        chosen = dataclasses.replace(chosen, steps=steps)
        portrait, curve = _fitted(signal, chosen, slopes, curvature, seed, place)
        report(portrait)
        portraits.append(portrait)
        if curve:
            curves[NAMES[kind]] = curve
    return portraits, curves


def _fitted(
    signal: Signal,
    settings: SignalSettings,
    slopes: NDArray[np.floating],
    curvature: NDArray[np.floating],
    seed: int,
    place: torch.device,
) -> tuple[SignalPortrait, list[tuple[float, float]]]:
    """The portrait of a new network after its fit, and its curve; ``slopes`` and ``curvature`` are the
    signal's."""
    network = signal_network(settings, signal, seed).to(device=place)
    supervision = supervision_of(signal, settings, place)
    trainer = signal_trainer(network, supervision, signal, settings, seed)
    curve: list[tuple[float, float]] = []
    start = time.perf_counter()

    def look(_: Trainer[Blocks], at: Look) -> None:
        if "values" in at.losses:  # fits of derivatives alone know none
            decibels = 20 * math.log10(2 / max(at.losses["values"], 1e-9))
            curve.append((time.perf_counter() - start, decibels))

    trainer.run((look,))
    taken = time.perf_counter() - start
    form = signal.format
    field = SignalField(network.to(device="cpu"), signal.frame, form.low, form.high, signal.axes)
    value, jacobian, laplace = field.derivatives_on_grid(signal.frame.axes())
    if supervision.mean is not None:  # derivatives leave the constant open
        value = value + (signal.samples.mean((0, 1)) - value.mean((0, 1)))
    score = derivative_score(jacobian, slopes, laplace, curvature)
    portrait = SignalPortrait(
        NAMES[settings.network],
        value,
        sizes(jacobian),
        laplace.mean(axis=-1),
        network.parameter_count,
        settings.steps,
        taken,
        (psnr(value, signal.samples, form.peak), score.gradient, score.laplacian),
    )
    return portrait, curve


def sizes(gradient: NDArray[np.floating]) -> NDArray[np.floating]:
    """Lengths (rows, columns) of gradients (rows, columns, c, 2), over all channels together."""
    return np.asarray(np.sqrt(np.square(gradient).sum(axis=(-2, -1))))
