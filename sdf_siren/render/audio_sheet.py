"""The sheet of a sound fit: waves, error and spectrograms of the recording and the fit."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sdf_siren.render.charts import heat_map, line_chart
from sdf_siren.render.panels import GAP, WIDTH, Sheet, check_finite, decibels
from sdf_siren.render.scales import Axis, Floats

_INSIDE = WIDTH - 2 * GAP
_WAVE, _ERROR, _SPECTRUM = 250, 200, 340
_STRETCH = 0.02
_WINDOW = 0.03
_FLOOR = -80.0
_COLUMNS = 600
_LABELS = 108

Array = NDArray[np.floating]


def write_audio_sheet(
    path: str | os.PathLike[str], true: Array, found: Array, rate: float, *, psnr: float
) -> None:
    """Write a PNG, 1600 pixels wide: the wave with the fit over it, 20 ms of it, the error, two spectrograms.

    Args:
        path: where to write; appears only when complete.
        true: (n, c) samples.
        found: the fit, of the same shape.
        rate: samples per second.
        psnr: of the fit, decibels; written above it.

    Raises:
        ValueError: shapes do not agree, or there is NaN or infinity.
        UsageError: the folder of ``path`` cannot be written.
    """
    if found.shape != true.shape or true.ndim != 2 or not true.size:
        raise ValueError(f"expected a recording and a fit of one shape, found {true.shape} and {found.shape}")
    if not rate > 0:
        raise ValueError(f"expected a rate above zero, found {rate}")
    check_finite(recording=true, fit=found)
    charts = _charts(true, found, rate, psnr)
    sheet = Sheet(GAP + sum(chart.height for chart in charts) + _SPECTRUM)
    top = GAP
    for chart in charts:
        sheet.image.paste(chart, (GAP, top))
        top += chart.height
    powers = [spectrogram(samples, rate) for samples in (true, found)]
    loud = float(powers[0].max()) or 1.0
    seconds, kilohertz = Axis("seconds", 0.0, len(true) / rate), Axis("kHz", 0.0, rate / 2000)
    for k, (name, power) in enumerate(zip(("recording", "fit"), powers, strict=True)):
        level = 10 * np.log10(np.maximum(power / loud, 1e-30))
        picture = heat_map(
            level,
            seconds,
            kilohertz,
            f"{name}, dB below the recording's loudest",
            signed=False,
            ends=(_FLOOR, 0.0),
            size=(_INSIDE // 2, _SPECTRUM),
            filled=True,
        )
        sheet.image.paste(picture, (GAP + k * _INSIDE // 2, top))
    sheet.save(path)


def _charts(true: Array, found: Array, rate: float, psnr: float) -> list[Image.Image]:
    """The waves, the stretch of them and the error, one above the other on frames of one width."""
    error = found.astype(np.float64) - true
    begin, end, channel = loudest(true, max(2, round(_STRETCH * rate)))
    times = np.arange(begin, end) / rate
    pair = (("recording", true), ("fit", found))
    whole = [(name, *outline(samples, rate)) for name, samples in pair]
    part = [(name, times, samples[begin:end, channel].astype(np.float64)) for name, samples in pair]
    stretch = f"the loudest {1000 * (end - begin) / rate:.3g} ms"
    if true.shape[1] > 1:
        stretch += f", channel {channel + 1}"
    wave, small = (_INSIDE, _WAVE), (_INSIDE, _ERROR)
    # Where waves are a band of colour, a broader line below would be seen around a fit without any error.
    return [
        line_chart(whole, "seconds", f"recording and fit, {decibels(psnr)}", size=wave, beside=_LABELS),
        line_chart(part, "seconds", stretch, size=wave, beside=_LABELS, pale=True),
        line_chart(
            [("error", *outline(error, rate))],
            "seconds",
            f"error, at most {np.abs(error).max():.2g}",
            size=small,
            beside=_LABELS,
        ),
    ]


def loudest(samples: Array, length: int) -> tuple[int, int, int]:
    """The stretch (begin, end) of most energy, ``length`` samples or all there are, and its channel."""
    length = min(length, len(samples))
    energy = np.cumsum(np.pad(samples.astype(np.float64) ** 2, ((1, 0), (0, 0))), axis=0)
    within = energy[length:] - energy[:-length]
    begin, channel = np.unravel_index(np.argmax(within), within.shape)
    return int(begin), int(begin) + length, int(channel)


def outline(samples: Array, rate: float) -> tuple[Floats, Floats]:
    """Seconds and heights of a line that looks like all the samples, of all channels.

    Of more samples than pixels, a pixel's least and largest value, one after the other: it hides no peak.
    """
    if len(samples) <= 2 * _INSIDE and samples.shape[1] == 1:
        return np.arange(len(samples)) / rate, samples[:, 0].astype(np.float64)
    starts = np.unique(np.arange(_INSIDE) * len(samples) // _INSIDE)
    low = np.minimum.reduceat(samples.min(axis=1), starts)
    high = np.maximum.reduceat(samples.max(axis=1), starts)
    return np.repeat(starts / rate, 2), np.stack([low, high], axis=1).ravel().astype(np.float64)


def spectrogram(samples: Array, rate: float) -> Floats:
    """Power (times, frequencies from 0 to rate / 2), summed over the channels.

    Squared magnitudes of the Fourier transform in Hann windows of about 30 ms, a power of two samples, evenly
    spread: at most 600, so that long recordings take no more memory than short ones.
    """
    width = min(len(samples), 2 ** max(1, round(np.log2(_WINDOW * rate))))
    starts = np.unique(np.linspace(0, len(samples) - width, _COLUMNS).round().astype(int))
    window = np.hanning(width + 2)[1:-1]
    cut = samples[starts[:, None] + np.arange(width)] * window[:, None]
    return np.asarray((np.abs(np.fft.rfft(cut, axis=1)) ** 2).sum(axis=2))
