"""From a signal to a field: images, sounds and videos."""

from __future__ import annotations

import dataclasses
import operator
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sdf_siren.errors import UsageError
from sdf_siren.fields import SignalField, choose_device
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.rounds import Rounds, planned_rounds
from sdf_siren.fitting.signal_network import signal_network
from sdf_siren.fitting.signal_settings import SignalSettings, resolve_signal_settings
from sdf_siren.fitting.supervision import (
    classical_integral,
    edit_supervision,
    normalised,
    supervision_of,
)
from sdf_siren.progress import ProgressCallback, silent
from sdf_siren.signals import IMAGE, SampleFormat, Signal, fidelity, samples_of
from sdf_siren.signals.editing import Edit


def fit_image(image: ArrayLike | Signal, quality: str = "standard", **options: object) -> SignalField:
    """Fit a SIREN to an image.

    Args:
        image: (h, w) or (h, w, c), whole numbers of 8 or 16 bits or floating-point numbers, or a Signal.
        quality: as for :func:`fit_signal`, as are all ``options``.
    """
    signal = image if isinstance(image, Signal) else image_signal(np.asarray(image))
    return fit_signal(signal, quality, **options)  # type: ignore[arg-type]


def image_signal(image: NDArray[np.generic]) -> Signal:
    """An array (h, w) or (h, w, c) as a signal: 0 to 1 for whole numbers, else in its own units.

    Raises:
        InputError: another shape, or numbers that are not finite.
        UsageError: another type.
    """
    image = image[..., None] if image.ndim == 2 else image
    if image.dtype not in (np.uint8, np.uint16) and image.dtype.kind != "f":
        raise UsageError(f"an image needs numbers of type uint8, uint16 or float, found {image.dtype}")
    samples, form = samples_of(image) if image.size else (image, SampleFormat())
    return Signal(samples.astype(np.float32), IMAGE, format=form, source="image")


def fit_signal(
    signal: Signal,
    quality: str = "standard",
    *,
    edit: Edit | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: ProgressCallback = silent,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    psnr: float | None = None,
    parameters: int | None = None,
    **settings: object,
) -> SignalField:
    """Fit a network to the samples of a signal, or to their derivatives.

    The same signal, settings and seed give the same field again on one machine, whatever the number of
    threads and whether interrupted or not.

    Args:
        signal: what to fit.
        quality: ``draft``, ``standard``, ``high``, or ``paper`` for the reference settings.
        edit: fit what it asks for instead of the samples of ``signal``.
        seed: of the initialisation and of every draw.
        device: ``auto``, ``cpu`` or ``cuda[:i]``.
        progress: called every few steps with the root mean squares of the losses and the learning rate.
        checkpoint: a file kept up to date while fitting, and written when interrupted.
        resume: go on from ``checkpoint`` if it exists.
        psnr: the network is made large enough for so many decibels; see ``resolve_signal_settings``.
        parameters: of the network, about.
        settings: fields of :class:`~sdf_siren.fitting.signal_settings.SignalSettings` to override.

    Raises:
        UsageError: wrong settings, an unknown device, or a checkpoint of another fit.
        DivergenceError: the losses are no longer finite.
    """
    place, seed = choose_device(device), operator.index(seed)
    psnr = None if psnr is None else float(psnr)
    chosen = resolve_signal_settings(signal, quality, psnr=psnr, parameters=parameters, **settings)
    network = signal_network(chosen, signal, seed).to(device=place)
    supervision = (
        supervision_of(signal, chosen, place, seed) if edit is None else edit_supervision(edit, signal, place)
    )
    description = {"settings": dataclasses.asdict(chosen), "seed": seed, "edit": edit is not None}
    told = signal.samples if supervision.integral is None else supervision.integral
    plan = planned_rounds(chosen, signal, psnr)
    rounds = Rounds(network, supervision, signal, chosen, plan, seed, progress)
    if checkpoint is not None:
        identity = checkpoints.fingerprint({**description, "psnr": psnr}, torch.from_numpy(told))
        rounds.keep(Path(checkpoint), identity, resume=resume)
    form = signal.format
    field = SignalField(network, signal.frame, form.low, form.high, signal.axes)

    def reached() -> float:
        return fidelity.psnr(field.on_grid(signal.frame.axes()), signal.samples, form.peak)

    losses = rounds.run(lambda: psnr is None or reached() >= psnr)
    if supervision.mean is not None:
        _shift(field, supervision.mean)
    record = {
        **description,
        "rounds": rounds.done,
        "losses": losses,
        "device": str(place),
        "parameters": network.parameter_count,
        "source": Path(signal.source).name,
        "format": signal.format.to_json(),
        **({"psnr": reached()} if edit is None and chosen.value_weight > 0 else {}),
        **({} if rounds.held_out_psnr is None else {"held_out_psnr": rounds.held_out_psnr}),
    }
    return dataclasses.replace(field, network=network.to(device="cpu"), record=record)


def fit_figures(signal: Signal, field: SignalField) -> dict[str, float]:
    """What there is to tell of a fit besides how near it is to the signal.

    Args:
        signal: that was fitted.
        field: by :func:`fit_signal`.

    Returns:
        ``parameters``; of a smooth fit ``held_out_psnr``; of a fit from derivatives what it is compared with,
        the classical integral of the same derivatives: ``integral_psnr``, decibels at the samples, and
        ``integral_seconds``, the derivatives included.
    """
    record: Any = field.record
    figures = {name: record[name] for name in ("parameters", "held_out_psnr") if name in record}
    settings = SignalSettings(**record["settings"])
    if settings.value_weight > 0 or record["edit"]:
        return figures
    start = time.perf_counter()
    found = classical_integral(normalised(signal), settings)
    seconds, form = time.perf_counter() - start, signal.format
    samples = (found + 1) * (form.peak / 2) + form.low
    score = fidelity.psnr(samples, signal.samples, form.peak)
    return {**figures, "integral_psnr": score, "integral_seconds": round(seconds, 4)}


def _shift(field: SignalField, mean: NDArray[np.float64]) -> None:
    """Move the output's bias so that the mean over the samples is ``mean``, in the network's units."""
    found = (field.on_grid(field.frame.axes()) - field.low) / field.half_range - 1
    missing = mean - found.mean(axis=tuple(range(found.ndim - 1)), dtype=np.float64)
    field.network.biases[-1].add_(torch.from_numpy(missing).to(field.network.biases[-1]))
