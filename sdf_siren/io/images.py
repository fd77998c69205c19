"""``read_image`` and ``write_image``: PNG, JPEG, TIFF and NumPy arrays; 8 and 16 bits and real numbers."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError, UsageError
from sdf_siren.files import atomic_path, check_output, check_suffix
from sdf_siren.io.numpy_files import read_npy_array
from sdf_siren.io.opening import checked_size
from sdf_siren.io.rasters import MOST_CHANNELS, MOST_PIXELS, Raster, as_integers, check_pixels
from sdf_siren.io.signatures import HEAD, described, kind_of
from sdf_siren.signals import IMAGE, Signal

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npy")
_JPEG_QUALITY = 95
_LONGEST_JPEG = 65_500
"""libjpeg's limit."""
_LARGEST_ARRAY = MOST_PIXELS * MOST_CHANNELS * 8


def read_image(path: str | os.PathLike[str]) -> Signal:
    """Read an image: PNG, JPEG or TIFF by its content, or an array (h, w) or (h, w, c) of a .npy file.

    Palettes, bilevel pixels, CMYK, YCbCr and CIELAB are converted to grey or RGB, and of several frames or
    pages the first is read; the notes say so. EXIF's orientation is applied. Alpha is a channel like others.

    Returns:
        Samples (h, w, c) with c from 1 to 4: 8 and 16 bits in 0..1; floating-point numbers, and integers of
        other sizes, in their own units. ``spacing`` holds the height and width of a pixel.

    Raises:
        InputError: another format, a damaged or truncated file, more than 100 million pixels, NaN.
    """
    path = Path(path)
    checked_size(path)
    if path.suffix.lower() == ".npy":
        return Raster(_array(path)).signal(str(path))
    with open(path, "rb") as file:
        head = file.read(HEAD)
    return _raster(path, head).signal(str(path))


def _raster(path: Path, head: bytes) -> Raster:
    """Pillow and tifffile are loaded only for files that could be theirs."""
    kind = kind_of(head)
    if kind == "PNG":
        return _read_png(path, head)
    if kind == "JPEG":
        return _read_jpeg(path)
    if kind == "TIFF":
        from sdf_siren.io.tiff_reader import read_tiff

        return read_tiff(path)
    raise InputError(
        f"{path}: expected a PNG, JPEG or TIFF image, found {described(head)}; convert it to PNG, "
        "or save an array as .npy"
    )


def _read_png(path: Path, head: bytes) -> Raster:
    from sdf_siren.io import pillow_files, png_reader

    with pillow_files.opened(path, "PNG") as picture:
        raster = pillow_files.raster_of(picture)  # also for 16 bits: it checks the file and knows its tags
        more = pillow_files.frames_note(picture, "frames")
        if png_reader.bit_depth(head) == 16:
            raster = replace(raster, stored=png_reader.decode_png(path.read_bytes()), notes=())
    return replace(raster, notes=(*raster.notes, *more))


def _read_jpeg(path: Path) -> Raster:
    from sdf_siren.io import pillow_files

    with pillow_files.opened(path, "JPEG") as picture:
        raster = pillow_files.raster_of(picture)
        return replace(raster, notes=(*raster.notes, *pillow_files.frames_note(picture, "pictures")))


def _array(path: Path) -> NDArray[np.generic]:
    array = read_npy_array(path, _LARGEST_ARRAY)
    if array.ndim not in (2, 3) or (array.ndim == 3 and not 1 <= array.shape[2] <= MOST_CHANNELS):
        raise InputError(
            f"{path}: expected an array of shape (rows, columns) or (rows, columns, channels) with up to "
            f"{MOST_CHANNELS} channels, found {str(array.shape)[:60]}"
        )
    check_pixels(path, array.shape[:2])
    return array.reshape(*array.shape[:2], -1)


def check_image_path(path: str | os.PathLike[str]) -> None:
    """Check before the work that :func:`write_image` will be able to write to ``path``.

    Raises:
        UsageError: an unknown suffix, a folder, or a parent folder that is missing or read-only.
    """
    path = Path(path)
    check_suffix(path, IMAGE_SUFFIXES)
    check_output(path)


def write_image(signal: Signal, path: str | os.PathLike[str]) -> None:
    """Write an image in the format that the suffix of ``path`` names, atomically.

    .png has 8 bits per sample, or 16 if the signal had more or was floating-point; .jpg has 8 bits at quality
    95 without subsampled colours. Both hold low..high of the signal's format and clip what is outside.
    .tif has the bits of the signal, and floating-point signals keep their values there, as all do in .npy.
    The ICC profile and the shape of the pixels go into all but .npy.

    Raises:
        UsageError: an unknown suffix, a path that cannot be written, or samples that the format cannot hold.
    """
    path = Path(path)
    check_image_path(path)
    if signal.axes != IMAGE:
        raise UsageError(f"{path}: expected an image, found samples along {', '.join(signal.axes)}")
    suffix = path.suffix.lower()
    if suffix != ".npy" and signal.channels > MOST_CHANNELS:
        raise UsageError(
            f"{path}: expected 1 to {MOST_CHANNELS} channels, found {signal.channels}; write .npy"
        )
    if suffix in (".jpg", ".jpeg"):
        _check_jpeg(signal, path)
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        if suffix == ".npy":
            np.save(file, signal.samples, allow_pickle=False)
        elif suffix == ".png":
            from sdf_siren.io.png_writer import write_png

            bits = 16 if signal.format.floating or signal.format.bits > 8 else 8
            pixels = as_integers(signal, bits)
            write_png(file, pixels[None], signal.format.icc_profile, _pixel(signal))
        elif suffix in (".tif", ".tiff"):
            from sdf_siren.io.tiff_writer import stored_for_tiff, write_tiff

            write_tiff(temporary, stored_for_tiff(signal)[None], signal.format.icc_profile, _pixel(signal))
        else:
            _write_jpeg(signal, temporary)


def _pixel(signal: Signal) -> tuple[float, float]:
    return signal.spacing[-2], signal.spacing[-1]


def _check_jpeg(signal: Signal, path: Path) -> None:
    if signal.channels in (2, 4):
        raise UsageError(f"{path}: JPEG has no alpha; write .png instead")
    if max(signal.shape) > _LONGEST_JPEG:
        raise UsageError(
            f"{path}: JPEG holds at most {_LONGEST_JPEG} pixels a side, found {max(signal.shape)}; "
            "write .png instead"
        )


def _write_jpeg(signal: Signal, path: Path) -> None:
    from PIL import Image

    pixels = as_integers(signal, 8)
    height, width = _pixel(signal)
    dots = (72, 72) if height == width else (round(720 / width), round(720 / height))
    picture = Image.fromarray(pixels[..., 0] if signal.channels == 1 else pixels)
    picture.save(
        path,
        format="JPEG",
        quality=_JPEG_QUALITY,
        subsampling=0,
        dpi=dots,
        icc_profile=signal.format.icc_profile,
    )
