"""The sheet of any signal's fit."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sdf_siren.render.audio_sheet import write_audio_sheet
from sdf_siren.render.signal_sheet import write_signal_sheet
from sdf_siren.render.video_sheet import write_video_sheet
from sdf_siren.signals import SampleFormat
from sdf_siren.signals.maps import gradient_size, mean_laplacian

Array = NDArray[np.floating]


class Rendered(Protocol):
    """A field in a view; :class:`sdf_siren.metrics.Rendition` is one."""

    @property
    def values(self) -> Array: ...
    @property
    def gradient(self) -> Array | None: ...
    @property
    def laplacian(self) -> Array | None: ...


def write_likeness(
    path: str | os.PathLike[str],
    true: Array,
    found: Rendered,
    form: SampleFormat,
    *,
    psnr: float,
    curve: Sequence[tuple[float, float]] = (),
) -> None:
    """Write the sheet of an image, a sound or a video, by the number of axes of ``true``.

    Args:
        path: where to write; appears only when complete.
        true: (n_1, .., n_d, c) samples.
        found: the fit at the same places, of images with derivatives.
        form: of the samples.
        psnr: of the fit, decibels.
        curve: of the fit of an image, pairs of steps and decibels.

    Raises:
        ValueError: the shapes do not agree, or there is NaN or infinity.
        UsageError: the folder of ``path`` cannot be written.
    """
    low, high = form.low, form.high
    if true.ndim == 2:
        write_audio_sheet(path, true, found.values, form.rate, psnr=psnr)
    elif true.ndim == 4:
        write_video_sheet(path, true, found.values, psnr=psnr, low=low, high=high)
    elif found.gradient is None or found.laplacian is None:
        raise ValueError("expected the derivatives of an image's fit, found none")
    else:
        maps = gradient_size(found.gradient), mean_laplacian(found.laplacian)
        write_signal_sheet(path, true, found.values, *maps, psnr=psnr, curve=curve, low=low, high=high)
