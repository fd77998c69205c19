"""What a signal's settings mean: the network and the loop that trains it."""

from __future__ import annotations

import math

import torch

from sdf_siren.fields import (
    LayeredField,
    PositionalEncoding,
    Relu,
    Tanh,
    initialise,
    initialise_perceptron,
    matching_width,
)
from sdf_siren.fitting.optimizers import Adam
from sdf_siren.fitting.sample_engine import SampleEngine
from sdf_siren.fitting.signal_settings import SignalSettings, shape_of
from sdf_siren.fitting.spectrum import draw_first_layer, slow_first_layer
from sdf_siren.fitting.supervision import Supervision
from sdf_siren.fitting.trainer import RateSchedule, Trainer
from sdf_siren.sampling.blocks import BlockSampler
from sdf_siren.signals import Signal
from sdf_siren.signals.blocks import Blocks, block_side

BETAS = (0.9, 0.99)
WARMUP, FLOOR = 50, 0.005
LONG, POWER = 500, 1.5
"""A fit of values with so many steps, or a smooth one, has steps to spare for small rates: its decay is
linear to this power. Short fits and those of derivatives are the worse for it (docs/method.md, "Images")."""
MOST_OCTAVES = 10
"""Of the positional encoding of a baseline (Mildenhall et al. 2020, for positions)."""


def signal_network(settings: SignalSettings, signal: Signal, seed: int) -> LayeredField:
    """A new network, initialised: a SIREN, or a baseline with about as many parameters."""
    shape = shape_of(settings, signal)
    if settings.network == "siren":
        siren = initialise(shape, seed=seed, hidden_bias=1.0 if settings.quality == "paper" else 0.0)
        if settings.spectrum > 0:
            draw_first_layer(siren, signal.samples, signal.frame, settings.spectrum, seed)
        elif settings.smooth:
            slow_first_layer(siren, signal.frame)
        return siren
    encoding = PositionalEncoding(octaves_for(signal)) if settings.network == "encoding" else None
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


def octaves_for(signal: Signal) -> int:
    """As many octaves as have no wave of less than two samples, in which alone a network would invent."""
    shortest = min(signal.frame.step)
    return min(MOST_OCTAVES, max(1, math.floor(1e-9 + math.log2(2 / shortest))))


def signal_trainer(
    network: LayeredField,
    supervision: Supervision,
    signal: Signal,
    settings: SignalSettings,
    seed: int,
) -> Trainer[Blocks]:
    """The loop of a fit, at its first step."""
    objective = supervision.objective
    total = math.prod(signal.shape)
    side = block_side(signal.shape) if objective.neighbours else (1,) * len(signal.shape)
    count = max(1, (settings.batch or total) // math.prod(side))
    if settings.quality == "paper":
        rate = RateSchedule(settings.learning_rate, settings.steps)
    else:
        warmup = min(WARMUP, settings.steps // 4)
        spare = settings.value_weight > 0 and (settings.smooth or settings.steps >= LONG)
        power = POWER if spare else 1.0
        rate = RateSchedule(settings.learning_rate, settings.steps, warmup=warmup, floor=FLOOR, power=power)
    return Trainer(
        network,
        SampleEngine(network, objective, torch.get_num_threads()),
        BlockSampler(signal.frame, side, count, seed),
        Adam(network.parameters, BETAS),
        rate,
        seed=seed,
        advice="lower fit.image.learning_rate",
    )
