"""What a field on the grid of a signal looks like in a view: its values, and its derivatives if asked for."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import UsageError
from sdf_siren.fields import SignalField, choose_device
from sdf_siren.progress import Progress, ProgressCallback, silent
from sdf_siren.signals import SampleFormat, Signal
from sdf_siren.signals.view import View, view_of

MOST_NUMBERS = 800_000_000
"""Of a rendition: 200 million pixels of four channels, or 66 million of three with their derivatives."""
_BAND = 2**18
"""Places between two reports."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Rendition:
    """A field in a view.

    Attributes:
        values: (m_1, .., m_d, c).
        gradient: (.., c, d), per sample of the signal, whatever the size of the view; None if not asked for.
        laplacian: (.., c), likewise.
    """

    values: Array
    gradient: Array | None = None
    laplacian: Array | None = None


def placed(field: SignalField, device: str) -> SignalField:
    """The field on a device, ``auto``, ``cpu`` or ``cuda[:i]``; itself if it is there.

    Raises:
        UsageError: not a device, or one that this machine lacks.
    """
    place = choose_device(device)
    if field.network.device == place:
        return field
    return dataclasses.replace(field, network=field.network.to(device=place))


def rendition_bytes(view: View, channels: int, derivatives: bool) -> int:
    """How much memory a rendition takes, beyond buffers of a fixed size.

    Raises:
        UsageError: more than :data:`MOST_NUMBERS` float32.
    """
    numbers = channels * (len(view.axes) + 2 if derivatives else 1)
    total = math.prod(view.shape) * numbers
    if total > MOST_NUMBERS:
        raise UsageError(
            f"size: expected at most {MOST_NUMBERS // 10**6} million numbers ({4 * MOST_NUMBERS / 1e9:.1f} "
            f"GB), found {' x '.join(map(str, view.shape))} places of {numbers}; "
            "ask for fewer pixels, or for a region at a time"
        )
    return 4 * total


def render_view(
    field: SignalField,
    view: View,
    *,
    derivatives: bool = False,
    device: str | None = None,
    progress: ProgressCallback = silent,
) -> Rendition:
    """Evaluate a field at the places of a view.

    Args:
        field: of an image, a sound or a video.
        view: where.
        derivatives: whether gradient and Laplacian are wanted, in closed form.
        device: ``auto``, ``cpu`` or ``cuda[:i]``, where to evaluate; None is where the field is.
        progress: called with places done.

    Raises:
        UsageError: more numbers than :data:`MOST_NUMBERS`, or a device that this machine lacks.
    """
    field = field if device is None else placed(field, device)
    channels = field.network.outputs
    rendition_bytes(view, channels, derivatives)
    shape, d = view.shape, len(view.axes)
    found = [np.empty((*shape, channels), np.float32)]
    if derivatives:
        found += [np.empty((*shape, channels, d), np.float32), np.empty((*shape, channels), np.float32)]
    rows = max(1, _BAND * shape[0] // math.prod(shape))
    for start in range(0, shape[0], rows):
        axes = (view.axes[0][start : start + rows], *view.axes[1:])
        parts = field.derivatives_on_grid(axes) if derivatives else (field.on_grid(axes),)
        for whole, part in zip(found, parts, strict=True):
            whole[start : start + rows] = part
        progress(Progress("extract", min(start + rows, shape[0]), shape[0]))
    return Rendition(*found)


def extract_image(
    field: SignalField,
    size: tuple[int, int] | None = None,
    region: tuple[float, float, float, float] | None = None,
    *,
    progress: ProgressCallback = silent,
) -> Signal:
    """The picture that a field of an image shows, or the video, or the sound, stored as its signal was.

    Args:
        field: as fitted or read; its record says how the signal was stored.
        size: (rows, columns) of pixels; None keeps those of the signal.
        region: x0, y0, x1, y1 in pixels, counted from the upper left corner; None is all of it.
        progress: called with places done.

    Raises:
        UsageError: places between the samples of a field that was not fitted for them (``smooth``): it would
            show what it invents; or a region that is not inside, or too many pixels.
    """
    view = view_of(field.frame.shape, size, region)
    check_smooth(field, view)
    stored = field.record.get("format")
    form = SampleFormat(field.low, field.high, 32, True)
    if isinstance(stored, dict):
        form = SampleFormat.from_json(stored)
    found = render_view(field, view, progress=progress)
    return Signal(found.values, field.axes, format=form, source=str(field.record.get("source", "signal")))


def check_smooth(field: SignalField, view: View) -> None:
    """Refuse to show between the samples what was fitted at them alone.

    Raises:
        UsageError: the view has places that are no samples, and the fit was not smooth.
    """
    settings = field.record.get("settings")
    smooth = isinstance(settings, dict) and settings.get("smooth") is True
    if view.between and not smooth:
        raise UsageError(
            "size and region: expected places at the samples, found some between them, where this fit "
            "invents; fit with --smooth (smooth=True)"
        )
