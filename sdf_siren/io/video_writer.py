"""``write_video``: animated GIF, PNG and WebP, TIFF of several pages, and NumPy arrays."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from sdf_siren.errors import UsageError
from sdf_siren.files import atomic_path, check_output, check_suffix
from sdf_siren.io.rasters import MOST_CHANNELS, as_integers
from sdf_siren.io.video_reader import USUAL_RATE
from sdf_siren.signals import VIDEO, Signal

VIDEO_SUFFIXES = (".gif", ".png", ".apng", ".webp", ".tif", ".tiff", ".npy")
_TICK = {".gif": 10, ".webp": 1}
"""Milliseconds of which durations are multiples."""
_LONGEST = {".gif": 65_535, ".webp": 16_383}
"""Pixels a side."""


def check_video_path(path: str | os.PathLike[str]) -> None:
    """Check before the work that :func:`write_video` will be able to write to ``path``.

    Raises:
        UsageError: an unknown suffix, a folder, or a parent folder that is missing or read-only.
    """
    path = Path(path)
    check_suffix(path, VIDEO_SUFFIXES)
    check_output(path)


def write_video(signal: Signal, path: str | os.PathLike[str]) -> None:
    """Write a film in the format that the suffix of ``path`` names, atomically.

    .png and .apng hold every frame exactly, with 8 bits per sample; .webp too, but joins equal frames; .gif
    has 256 colours a frame, chosen for it, and durations in hundredths of a second. These hold low..high of
    the signal's format and clip what is outside. .tif has the bits of the signal, and floating-point signals
    keep their values there, as all do in .npy; these two hold no rate.

    Raises:
        UsageError: an unknown suffix, a path that cannot be written, or samples that the format cannot hold.
    """
    path = Path(path)
    check_video_path(path)
    suffix = path.suffix.lower()
    if signal.axes != VIDEO:
        raise UsageError(f"{path}: expected a film, found samples along {', '.join(signal.axes)}")
    _check_format(signal, path, suffix)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        if suffix == ".npy":
            np.save(file, signal.samples, allow_pickle=False)
        elif suffix in (".png", ".apng"):
            from sdf_siren.io.png_writer import write_png

            write_png(file, as_integers(signal, 8), rate=signal.format.rate or USUAL_RATE)
        elif suffix in (".tif", ".tiff"):
            from sdf_siren.io.tiff_writer import stored_for_tiff, write_tiff

            write_tiff(temporary, stored_for_tiff(signal))
        else:
            _write_with_pillow(signal, temporary, suffix)


def _check_format(signal: Signal, path: Path, suffix: str) -> None:
    if suffix != ".npy" and signal.channels > MOST_CHANNELS:
        raise UsageError(
            f"{path}: expected 1 to {MOST_CHANNELS} channels, found {signal.channels}; write .npy"
        )
    if suffix == ".gif" and signal.channels in (2, 4):
        raise UsageError(f"{path}: GIF has no alpha; write .apng instead")
    longest = max(signal.shape[1:])
    if longest > _LONGEST.get(suffix, longest):
        raise UsageError(
            f"{path}: {suffix} holds at most {_LONGEST[suffix]} pixels a side, found {longest}; "
            "write .apng instead"
        )


def _write_with_pillow(signal: Signal, path: Path, suffix: str) -> None:
    from PIL import Image

    pixels = as_integers(signal, 8)
    frames = [Image.fromarray(frame[..., 0] if signal.channels == 1 else frame) for frame in pixels]
    # Differences of rounded times, not rounded differences, so that the film keeps its length.
    tick, rate = _TICK[suffix], signal.format.rate or USUAL_RATE
    ticks = np.diff(np.rint(np.arange(len(frames) + 1) * (1000 / rate / tick))).clip(1)
    frames[0].save(
        path,
        format="GIF" if suffix == ".gif" else "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=[int(n * tick) for n in ticks],
        loop=0,
        **({"optimize": False} if suffix == ".gif" else {"lossless": True, "exact": True, "quality": 80}),
    )
