"""A first layer whose frequencies are those of the signal.

The first sine layer of a SIREN is a set of plane waves; which ones they are decides how fast the rest can
learn (docs/method.md, "Images"). Drawn in proportion to the signal's own Fourier magnitudes, its frequencies
are where the signal has something to say.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.fields import Siren
from sdf_siren.frames import GridFrame

LARGEST_TILE = 2**20
"""Samples whose spectrum is taken at once; of larger signals the mean over tiles is."""
MOST_TILES = 16
FASTEST_SLOW = 1 / 25
"""Cycles per sample of the fastest plane wave that a smooth fit starts with."""


def draw_first_layer(
    network: Siren, samples: NDArray[np.floating], frame: GridFrame, exponent: float, seed: int
) -> None:
    """Overwrite the first layer's weights and biases.

    Frequencies are drawn without replacement with probabilities as the Fourier magnitudes to the power of
    ``exponent``, each moved by up to half a bin, phases uniformly. A constant signal has none, and leaves the
    layer as it is.

    Args:
        network: its first layer's weights become ``2 pi f / (step omega_0)`` for frequencies f per sample.
        samples: (n_1, .., n_d, c).
        frame: of the samples.
        exponent: larger ones favour the strong, mostly low frequencies.
        seed: of the draw.
    """
    magnitudes, bins = mean_spectrum(samples)
    weights = magnitudes.ravel() ** exponent
    possible = int(np.count_nonzero(weights))
    if not possible:
        return
    rng = np.random.default_rng(seed)
    units = len(network.biases[0])
    chosen = rng.choice(weights.size, units, replace=possible < units, p=weights / weights.sum())
    places = np.stack(np.unravel_index(chosen, magnitudes.shape), axis=1)
    frequencies = np.stack([b[p] for b, p in zip(bins, places.T, strict=True)], axis=1)
    frequencies += rng.uniform(-0.5, 0.5, frequencies.shape) / np.array(magnitudes.shape)
    omega = network.shape.omega_0
    network.weights[0].copy_(torch.from_numpy(2 * math.pi * frequencies / np.array(frame.step) / omega))
    network.biases[0].copy_(torch.from_numpy(rng.uniform(-math.pi, math.pi, units) / omega))


def slow_first_layer(network: Siren, frame: GridFrame) -> None:
    """Spread the paper's first layer to frequencies of at most ``FASTEST_SLOW`` per sample along every axis.

    As the paper draws it, the same frequencies count for images of all sizes: in a large one they are so low
    that most of the training goes into making higher ones of them (docs/method.md, "Images").

    Args:
        network: as initialised, its first layer's weights uniform in [-1/d, 1/d].
        frame: of the samples.
    """
    most = 2 * math.pi * FASTEST_SLOW / torch.tensor(frame.step, dtype=torch.float64)
    factors = most * (network.shape.inputs / network.shape.omega_0)
    network.weights[0].mul_(factors.to(network.weights[0]))


def mean_spectrum(
    samples: NDArray[np.floating],
) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """Fourier magnitudes of the mean over the channels under a Hann window, without the constant, and the
    frequencies per sample along every axis."""
    shape = samples.shape[:-1]
    edge = max(1, int(LARGEST_TILE ** (1 / len(shape))))
    tile = tuple(min(n, edge) for n in shape)
    windows = [np.hanning(n + 2)[1:-1] for n in tile]  # without the zeros at the ends: a sample is one too
    window = np.ones(())
    for w in windows:
        window = np.multiply.outer(window, w)
    found = np.zeros(tile)
    for corner in _corners(shape, tile):
        part = tuple(slice(c, c + t) for c, t in zip(corner, tile, strict=True))
        mean = samples[part].astype(np.float64).mean(axis=-1)
        found += np.abs(np.fft.fftn((mean - mean.mean()) * window))
    found.flat[0] = 0
    found[found < 1e-9 * found.size * np.abs(samples).max()] = 0  # the rounding of a constant
    return found, [np.asarray(np.fft.fftfreq(n), np.float64) for n in tile]


def _corners(shape: tuple[int, ...], tile: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Where tiles begin: side by side, spread evenly where there would be more than ``MOST_TILES``."""
    most = max(1, int(MOST_TILES ** (1 / len(shape))))
    starts = []
    for n, t in zip(shape, tile, strict=True):
        count = min(-(-n // t), most)
        starts.append([round((n - t) * i / max(1, count - 1)) for i in range(count)])
    return list(itertools.product(*starts))
