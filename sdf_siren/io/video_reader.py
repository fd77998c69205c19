"""``read_video``: animated GIF, PNG and WebP, TIFF of several pages, and NumPy arrays.

There is no decoder for MP4 among the dependencies;
``ffmpeg -i clip.mp4 -vf fps=10,scale=128:-2 -f apng clip.png`` converts one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.numpy_files import read_npy_array
from sdf_siren.io.opening import checked_size
from sdf_siren.io.rasters import MOST_CHANNELS, MOST_PIXELS, check_pixels, upright
from sdf_siren.io.signatures import HEAD, described, kind_of
from sdf_siren.signals import VIDEO, Signal, samples_of

USUAL_RATE = 10.0
"""Frames per second where a file does not say; GIF's players show frames of no duration that fast."""
_TRANSPARENT = "transparent parts were laid over black"


def read_video(path: str | os.PathLike[str]) -> Signal:
    """Read a film: GIF, PNG, WebP or TIFF by its content, or an array of a .npy file.

    All frames become RGB, or grey if all are; transparent ones are laid over black. Frames that stay longer
    than the others are repeated. Arrays are (frames, rows, columns) or (frames, rows, columns, channels)
    and keep their channels.

    Returns:
        Samples (frames, rows, columns, c) in the units of :func:`read_image`; ``format.rate`` is in frames
        per second, 10 where the file does not say.

    Raises:
        InputError: another format, a damaged file, a single frame, frames of different sizes, or more than
            100 million samples.
    """
    path = Path(path)
    checked_size(path)
    with open(path, "rb") as file:
        head = file.read(HEAD)
    notes: tuple[str, ...] = ()
    rate, full, kind = 0.0, None, kind_of(head)
    if path.suffix.lower() == ".npy":
        stored = _array(path)
    elif kind == "TIFF":
        stored, full, notes = _pages(path)
    elif kind in ("GIF", "PNG", "WEBP"):
        stored, rate, notes = _animation(path, kind, head)
    else:
        raise InputError(
            f"{path}: expected an animated GIF, PNG or WebP or a TIFF, found {described(head)}; convert it "
            "with ffmpeg -i FILE -vf fps=10,scale=128:-2 -f apng clip.png"
        )
    if not rate:
        rate = USUAL_RATE
        notes += (f"the file has no durations; {USUAL_RATE:g} frames per second are assumed",)
    samples, form = samples_of(stored, full, rate=rate)
    return Signal(samples, VIDEO, (), form, str(path), notes)


def _array(path: Path) -> NDArray[np.generic]:
    array = read_npy_array(path, MOST_PIXELS * 8)
    if array.ndim not in (3, 4) or (array.ndim == 4 and not 1 <= array.shape[3] <= MOST_CHANNELS):
        raise InputError(
            f"{path}: expected an array of shape (frames, rows, columns) or (frames, rows, columns, "
            f"channels) with up to {MOST_CHANNELS} channels, found {str(array.shape)[:60]}"
        )
    check_pixels(path, array.shape, "samples")
    return array.reshape(*array.shape[:3], -1)


def _check_frames(path: Path, count: int) -> None:
    if count < 2:
        raise InputError(f"{path}: expected several frames, found one; read it as an image")


def _animation(path: Path, kind: str, head: bytes) -> tuple[NDArray[np.uint8], float, tuple[str, ...]]:
    """Frames (n, h, w, c), frames per second (0 if unknown) and notes."""
    from sdf_siren.io import pillow_files, png_reader

    if png_reader.bit_depth(head) > 8:
        raise InputError(f"{path}: expected 8 bits per sample in an animated PNG, found 16; save it as TIFF")
    with pillow_files.opened(path, kind) as picture:
        count: int = getattr(picture, "n_frames", 1)
        _check_frames(path, count)
        size = (picture.height, picture.width)
        check_pixels(path, (count, *size, 3), "samples")
        frames, durations = np.empty((count, *size, 3), np.uint8), []
        seen_through = False
        for index in range(count):
            picture.seek(index)
            picture.load()
            if (picture.height, picture.width) != size:
                raise InputError(f"{path}: expected frames of one size, found another in frame {index + 1}")
            durations.append(float(picture.info.get("duration", 0)))
            frames[index], transparent = _over_black(np.asarray(picture.convert("RGBA")))
            seen_through |= transparent
    notes: tuple[str, ...] = (_TRANSPARENT,) if seen_through else ()
    repeats, rate = _timing(durations)
    if any(n != 1 for n in repeats):
        check_pixels(path, (sum(repeats), *size, 3), "samples")
        frames = np.repeat(frames, repeats, axis=0)
        notes += (f"{count} frames of different durations became {len(frames)} of equal ones",)
    return _grey_if_all_are(frames), rate, notes


def _grey_if_all_are(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    grey = all((frame == frame[..., :1]).all() for frame in frames)
    return np.ascontiguousarray(frames[..., :1]) if grey else frames


def _timing(milliseconds: list[float]) -> tuple[list[int], float]:
    """How often each frame is shown at an even rate, and that rate.

    Writers join equal frames to a longer one, and round durations (GIF to hundredths of a second); so the
    unit is the mean of the durations that are nearly the shortest.
    """
    if not any(ms > 0 for ms in milliseconds):
        return [1] * len(milliseconds), 0.0
    known = [ms if ms > 0 else 1000 / USUAL_RATE for ms in milliseconds]
    short = [ms for ms in known if ms < 1.5 * min(known)]
    unit = sum(short) / len(short)
    repeats = [max(1, round(ms / unit)) for ms in known]
    return repeats, 1000 * sum(repeats) / sum(known)


def _pages(path: Path) -> tuple[NDArray[np.generic], int | None, tuple[str, ...]]:
    """Pages of one size and type (n, h, w, c), the integer that stands for full light, and the notes."""
    from sdf_siren.io.tiff_reader import read_tiff_pages

    pages: list[NDArray[np.generic]] = []
    full, notes = None, dict[str, None]()
    for count, raster in read_tiff_pages(path):
        _check_frames(path, count)
        page, transparent = _over_black(upright(raster.stored, raster.orientation), raster.full)
        if pages and (page.shape[:2] != pages[0].shape[:2] or page.dtype != pages[0].dtype):
            raise InputError(
                f"{path}: expected pages of one size and type, found another in page {len(pages) + 1}"
            )
        pages.append(page)
        full = raster.full
        notes.update(dict.fromkeys((*raster.notes, *([_TRANSPARENT] if transparent else []))))
    channels = max(page.shape[-1] for page in pages)
    return np.stack([np.broadcast_to(p, (*p.shape[:2], channels)) for p in pages]), full, tuple(notes)


def _over_black(stored: NDArray[Any], full: int | None = None) -> tuple[NDArray[Any], bool]:
    """Grey or colours (h, w, 1 or 3), times alpha if there is one, and whether that changed them."""
    if stored.shape[-1] in (1, 3):
        return stored, False
    colours, alpha = stored[..., :-1], stored[..., -1:]
    most = full or {"u1": 255, "u2": 65_535}.get(stored.dtype.str[1:], 1)
    if (alpha == most).all():
        return colours, False
    laid = colours * (alpha / np.float64(most))
    return (laid if stored.dtype.kind == "f" else np.rint(laid)).astype(stored.dtype), True
