"""From a signal to a field: images, sounds and videos."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sdf_siren.errors import UsageError
from sdf_siren.fields import (
    LayeredField,
    PositionalEncoding,
    Relu,
    SignalField,
    SirenShape,
    Tanh,
    choose_device,
    initialise,
    initialise_perceptron,
    matching_width,
)
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.averaging import Averaged, Judge
from sdf_siren.fitting.optimizers import Adam
from sdf_siren.fitting.sample_engine import SampleEngine
from sdf_siren.fitting.signal_settings import SignalSettings, resolve_signal_settings
from sdf_siren.fitting.spectrum import draw_first_layer
from sdf_siren.fitting.supervision import Supervision, edit_supervision, supervision_of
from sdf_siren.fitting.trainer import Look, RateSchedule, Trainer
from sdf_siren.progress import Progress, ProgressCallback, silent
from sdf_siren.sampling.blocks import BlockSampler
from sdf_siren.signals import IMAGE, SampleFormat, Signal, fidelity
from sdf_siren.signals.blocks import Blocks, block_side
from sdf_siren.signals.editing import Edit

BETAS = (0.9, 0.99)
WARMUP, FLOOR = 50, 0.005
MOST_ROUNDS = 4
"""Of training, where a fit has decibels to reach."""
OCTAVES = 10
"""Of the positional encoding of a baseline (Mildenhall et al. 2020, for positions)."""


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
    if image.dtype in (np.uint8, np.uint16):
        bits = 8 * image.dtype.itemsize
        samples = image.astype(np.float64) / (2**bits - 1)
        return Signal(samples.astype(np.float32), IMAGE, format=SampleFormat(bits=bits), source="image")
    if image.dtype.kind != "f":
        raise UsageError(f"an image needs numbers of type uint8, uint16 or float, found {image.dtype}")
    low, high = (float(image.min()), float(image.max())) if image.size else (0.0, 1.0)
    form = SampleFormat(low, high if high > low else low + 1, bits=32, floating=True)
    return Signal(image.astype(np.float32), IMAGE, format=form, source="image")


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
    place = choose_device(device)
    chosen = resolve_signal_settings(signal, quality, psnr=psnr, parameters=parameters, **settings)
    network = signal_network(chosen, signal, seed).to(device=place)
    supervision = (
        supervision_of(signal, chosen, place, seed) if edit is None else edit_supervision(edit, signal, place)
    )
    description = {"settings": dataclasses.asdict(chosen), "seed": seed, "edit": edit is not None}
    told = signal.samples if supervision.integral is None else supervision.integral
    fit = _Fit(network, supervision, signal, chosen, seed, progress)
    if checkpoint is not None:
        identity = checkpoints.fingerprint({**description, "psnr": psnr}, torch.from_numpy(told))
        fit.keep(Path(checkpoint), identity, resume=resume)
    form = signal.format
    field = SignalField(network, signal.frame, form.low, form.high, signal.axes)
    reached = math.nan
    for number in range(fit.first, 1 if psnr is None else MOST_ROUNDS):
        losses = fit.round(number)
        if edit is None and chosen.value_weight > 0:
            reached = fidelity.psnr(field.on_grid(signal.frame.axes()), signal.samples, form.peak)
        if psnr is None or not reached < psnr:
            break
    if supervision.mean is not None:
        _shift(field, supervision.mean)
    record = {
        **description,
        "rounds": number + 1,
        "losses": losses,
        "device": str(place),
        "parameters": network.parameter_count,
        "source": Path(signal.source).name,
        **({} if math.isnan(reached) else {"psnr": reached}),
    }
    return dataclasses.replace(field, network=network.to(device="cpu"), record=record)


class _Fit:
    """Rounds of training, each twice as long as the one before; most fits need one.

    Attributes:
        first: the round to start with, above 0 where a checkpoint is from a later one.
    """

    def __init__(
        self,
        network: LayeredField,
        supervision: Supervision,
        signal: Signal,
        settings: SignalSettings,
        seed: int,
        progress: ProgressCallback,
    ) -> None:
        self._network, self._supervision, self._signal = network, supervision, signal
        self._settings, self._seed, self._progress = settings, seed, progress
        self._path: Path | None = None
        self._identity, self._resume, self.first = "", False, 0

    def keep(self, path: Path, identity: str, *, resume: bool) -> None:
        """Keep a checkpoint at ``path``, and with ``resume`` go on from the one there."""
        self._path, self._identity = path, identity
        if resume and path.exists():
            found = checkpoints.identity_of(path)
            rounds = [number for number in range(MOST_ROUNDS) if self._name(number) == found]
            self._resume, self.first = True, rounds[0] if rounds else 0

    def _name(self, number: int) -> str:
        return f"{self._identity}.{number}"

    def round(self, number: int) -> dict[str, float]:
        """Train; returns the last losses."""
        factor, s = 2**number, self._settings
        settings = dataclasses.replace(s, steps=s.steps * factor, learning_rate=s.learning_rate / factor)
        averaged, keeper = None, None
        judge: Judge[Blocks] | None = None
        if self._supervision.held_out is not None:
            averaged = Averaged(adam(self._network), self._network)
            judge = Judge(averaged, *self._supervision.held_out)
        trainer = signal_trainer(
            self._network, self._supervision, self._signal, settings, self._seed + number, averaged
        )
        if self._path is not None:
            keeper = checkpoints.Keeper(self._path, self._name(number))
            if self._resume and number == self.first:
                trainer.restore(checkpoints.load(self._path, keeper.fit, self._network.device))

        def report(_: Trainer[Blocks], look: Look) -> None:
            self._progress(Progress("fit", look.step, look.steps, {**look.losses, "rate": look.rate}))

        try:
            trainer.run(tuple(observer for observer in (judge, keeper, report) if observer is not None))
        except KeyboardInterrupt:
            if keeper is not None:
                keeper.save()
            raise
        if averaged is not None:
            averaged.settle()
        return trainer.losses


def signal_network(settings: SignalSettings, signal: Signal, seed: int) -> LayeredField:
    """A new network, initialised: a SIREN, or a baseline with about as many parameters."""
    shape = SirenShape(len(signal.shape), signal.channels, settings.width, settings.depth, settings.omega_0)
    if settings.network == "siren":
        siren = initialise(shape, seed=seed, hidden_bias=1.0 if settings.quality == "paper" else 0.0)
        if settings.spectrum > 0:
            draw_first_layer(siren, signal.samples, signal.frame, settings.spectrum, seed)
        return siren
    encoding = PositionalEncoding(OCTAVES) if settings.network == "encoding" else None
    layers = settings.depth + 1
    width = matching_width(
        shape.parameter_count,
        inputs=shape.inputs,
        outputs=shape.outputs,
        hidden_layers=layers,
        encoding=encoding,
    )
    sizes = (shape.inputs, *[width] * layers, shape.outputs)
    activation = Tanh() if settings.network == "tanh" else Relu()
    return initialise_perceptron(sizes, activation, seed=seed, encoding=encoding)


def adam(network: LayeredField) -> Adam:
    """The optimizer of signals, over the parameters of ``network``."""
    return Adam(network.parameters, BETAS)


def signal_trainer(
    network: LayeredField,
    supervision: Supervision,
    signal: Signal,
    settings: SignalSettings,
    seed: int,
    averaged: Averaged | None = None,
) -> Trainer[Blocks]:
    """The loop of a fit, at its first step; with an average the learning rate need not decay."""
    objective = supervision.objective
    total = math.prod(signal.shape)
    side = block_side(signal.shape) if objective.neighbours else (1,) * len(signal.shape)
    count = max(1, (settings.batch or total) // math.prod(side))
    if settings.quality == "paper":
        rate = RateSchedule(settings.learning_rate, settings.steps)
    else:
        floor = FLOOR if averaged is None else 1.0
        rate = RateSchedule(settings.learning_rate, settings.steps, warmup=WARMUP, floor=floor)
    return Trainer(
        network,
        SampleEngine(network, objective, torch.get_num_threads()),
        BlockSampler(signal.frame, side, count),
        averaged or adam(network),
        rate,
        seed=seed,
        advice="lower fit.image.learning_rate",
    )


def _shift(field: SignalField, mean: NDArray[np.float64]) -> None:
    """Move the output's bias so that the mean over the samples is ``mean``, in the network's units."""
    found = (field.on_grid(field.frame.axes()) - field.low) / field.half_range - 1
    missing = mean - found.mean(axis=tuple(range(found.ndim - 1)), dtype=np.float64)
    field.network.biases[-1].add_(torch.from_numpy(missing).to(field.network.dtype))
