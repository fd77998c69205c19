"""How near a field is to its signal: in values, in structure and in derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdf_siren.fields import SignalField
from sdf_siren.metrics.renditions import Rendition, placed, render_view
from sdf_siren.progress import ProgressCallback, silent
from sdf_siren.signals import IMAGE, Signal, differences, spectral
from sdf_siren.signals.fidelity import derivative_score, psnr, psnr_up_to_constant, ssim
from sdf_siren.signals.view import View, view_of

MOST_DERIVED = 2**23
"""Numbers of a signal whose derivatives are measured; for larger ones it takes minutes and gigabytes."""
_SHOWN = 2**21


@dataclass(frozen=True)
class SignalError:
    """Scores at the samples; decibels but for the SSIM. None where one is not defined, as for derivatives of
    a constant that are not zero, or was not measured.

    Attributes:
        psnr: of the values, peak high - low.
        psnr_up_to_constant: after taking the mean difference from every channel.
        ssim: of images.
        gradient_psnr: of images, of the field's own gradient against that of the image's cosine interpolant.
        laplacian_psnr: of its Laplacian against that of the interpolant; not for pixels that are no squares.
        difference_psnr: of differences of the field's values at neighbouring samples against the image's.
        second_difference_psnr: of the (2 d + 1)-point Laplacians of these values.
    """

    psnr: float
    psnr_up_to_constant: float
    ssim: float | None = None
    gradient_psnr: float | None = None
    laplacian_psnr: float | None = None
    difference_psnr: float | None = None
    second_difference_psnr: float | None = None


@dataclass(frozen=True)
class Likeness:
    """A signal and its field at the same places, to be drawn.

    Attributes:
        true: (m_1, .., m_d, c) samples.
        found: the field there; of images with derivatives.
        psnr: over all samples, also where only some are here.
        stride: along every axis every so many samples are here; 1 for all.
    """

    true: NDArray[np.float32]
    found: Rendition
    psnr: float
    stride: int = 1

    @property
    def thinned(self) -> bool:
        """Whether samples are missing."""
        return self.stride > 1


def signal_error(
    field: SignalField, signal: Signal, progress: ProgressCallback = silent, *, device: str | None = None
) -> tuple[SignalError, Likeness]:
    """Measure a field at the samples of a signal.

    Args:
        field: on the grid of ``signal``.
        signal: what it should be.
        progress: called with places done.
        device: ``auto``, ``cpu`` or ``cuda[:i]``, where to evaluate; None is where the field is.

    Raises:
        UsageError: a device that this machine lacks.
    """
    field = field if device is None else placed(field, device)
    whole, peak = view_of(signal.shape), signal.format.peak
    small = signal.samples.size <= MOST_DERIVED
    derived = small and signal.axes == IMAGE
    found = render_view(field, whole, derivatives=derived, progress=progress)
    values = found.values
    scores: dict[str, float | None] = {
        "psnr": psnr(values, signal.samples, peak),
        "psnr_up_to_constant": psnr_up_to_constant(values, signal.samples, peak),
        "ssim": ssim(values, signal.samples, peak) if signal.axes == IMAGE else None,
    }
    derivatives = (_closed_form(found, signal) if derived else {}) | (
        _stencils(values, signal) if small else {}
    )
    scores |= {name: None if score == -math.inf else score for name, score in derivatives.items()}
    error = SignalError(**scores)  # type: ignore[arg-type]
    return error, _likeness(field, signal, found, error.psnr)


def _closed_form(found: Rendition, signal: Signal) -> dict[str, float | None]:
    assert found.gradient is not None
    assert found.laplacian is not None
    samples, square = signal.samples, len(set(signal.frame.step)) == 1
    true = spectral.laplacian(samples) if square else np.zeros_like(found.laplacian)
    score = derivative_score(found.gradient, spectral.gradient(samples), found.laplacian, true)
    return {"gradient_psnr": score.gradient, "laplacian_psnr": score.laplacian if square else None}


def _stencils(values: NDArray[np.float32], signal: Signal) -> dict[str, float | None]:
    pair = [
        np.concatenate([step.ravel() for step in differences.differences(u)] or [np.zeros(0)])[:, None]
        for u in (values, signal.samples)
    ]
    seconds = [differences.second_differences(u) for u in (values, signal.samples)]
    firsts_there, seconds_there = pair[0].size > 0, seconds[0].size > 0
    nothing = np.zeros((1, 1))
    score = derivative_score(
        *(pair if firsts_there else (nothing, nothing)), *(seconds if seconds_there else (nothing, nothing))
    )
    return {
        "difference_psnr": score.gradient if firsts_there else None,
        "second_difference_psnr": score.laplacian if seconds_there else None,
    }


def _likeness(field: SignalField, signal: Signal, found: Rendition, decibels: float) -> Likeness:
    if signal.axes != IMAGE or found.gradient is not None:
        return Likeness(signal.samples, found, decibels)
    some: View = view_of(signal.shape).thinned(_SHOWN)
    rows, columns = (axis.astype(np.int64) for axis in some.axes)
    stride = int((rows if len(rows) > 1 else columns)[1])
    found = render_view(field, some, derivatives=True)
    return Likeness(signal.samples[np.ix_(rows, columns)], found, decibels, stride)
