"""Images through Pillow, restricted to the formats that are asked for."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sdf_siren.errors import InputError, SdfSirenError
from sdf_siren.io.opening import one_line
from sdf_siren.io.rasters import MOST_PIXELS, Raster, check_pixels, turned

_ORIENTATION = 274
_CONVERTED = {
    "1": ("L", "bilevel pixels were converted to grey"),
    "P": ("RGB", "the palette was converted to RGB"),
    "PA": ("RGBA", "the palette was converted to RGB and alpha"),
    "CMYK": ("RGB", "CMYK was converted to RGB without a colour profile; colours are approximate"),
    "YCbCr": ("RGB", "YCbCr was converted to RGB"),
    "LAB": ("RGB", "CIELAB was converted to sRGB"),
    "La": ("LA", "the grey values were divided by alpha, which they had been multiplied with"),
    "RGBa": ("RGBA", "the colours were divided by alpha, which they had been multiplied with"),
    "RGBX": ("RGB", "an unused fourth channel was dropped"),
}
_OTHER_COLOURS = ("CMYK", "LAB")
"""Modes of which a profile no longer holds after the conversion."""
_AS_STORED = ("L", "LA", "RGB", "RGBA", "I", "I;16", "I;16B", "I;16L", "F")
_WITH_ALPHA = {"L": "LA", "RGB": "RGBA"}


@contextmanager
def failures(path: Path, what: str) -> Iterator[None]:
    """Everything that a decoder raises becomes one InputError; its warnings are dropped.

    Decoders of damaged bytes raise whatever their parsing stumbles on, from IndexError to ZeroDivisionError:
    a list of types would never be complete.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except SdfSirenError:
            raise
        except Image.DecompressionBombError:
            limit = MOST_PIXELS // 10**6
            raise InputError(
                f"{path}: expected at most {limit} million pixels, found a header that declares more; "
                "reduce it first"
            ) from None
        except Exception as error:
            raise InputError(f"{path}: not a readable {what} file ({_reason(error)})") from None


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):  # its message repeats the path
        return "its header is damaged or of an unsupported kind"
    return one_line(error)


@contextmanager
def opened(path: Path, kind: str) -> Iterator[Image.Image]:
    """A file of Pillow's format ``kind``, its header read, its size checked, nothing decoded."""
    with failures(path, kind), Image.open(path, formats=[kind]) as picture:
        check_pixels(path, (picture.height, picture.width))
        yield picture


def raster_of(picture: Image.Image) -> Raster:
    """Decode the frame at which ``picture`` stands; profile, orientation and resolution as the file says.

    Raises:
        Whatever Pillow raises: call it inside :func:`opened`.
    """
    orientation = _orientation(picture)
    picture.load()
    mode, profile = picture.mode, picture.info.get("icc_profile") or None
    resolution = turned(_resolution(picture), orientation)
    stored, notes = _pixels(picture)
    if mode in _OTHER_COLOURS and profile:
        profile, notes = None, (*notes, f"the {mode} profile was dropped")
    if picture.format == "TIFF":  # of these Pillow applies the orientation while it decodes
        orientation = 1
    return Raster(stored, None, profile, orientation, resolution, notes)


def _pixels(picture: Image.Image) -> tuple[NDArray[np.generic], tuple[str, ...]]:
    """(h, w, c) pixels in one of the modes that signals know, and notes about the conversion."""
    notes: tuple[str, ...] = ()
    if picture.mode not in _AS_STORED or "transparency" in picture.info:
        mode, note = _CONVERTED.get(picture.mode, (picture.mode, ""))
        if "transparency" in picture.info and mode in _WITH_ALPHA:
            mode, note = _WITH_ALPHA[mode], note or "the transparent colour was converted to alpha"
        if note:
            picture, notes = picture.convert(mode), (note,)
    if picture.mode not in _AS_STORED:
        raise ValueError(f"pixels of the kind {picture.mode} are not supported")
    stored = np.asarray(picture)
    stored = stored.astype(stored.dtype.newbyteorder("="), copy=False)
    return stored.reshape(*stored.shape[:2], -1), notes


def _orientation(picture: Image.Image) -> int:
    value = picture.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) else 1


def _resolution(picture: Image.Image) -> tuple[float, float] | None:
    """x and y of whichever entry the format has: only their ratio is of use here."""
    for name in ("aspect", "jfif_density", "dpi", "resolution"):
        try:
            x, y = picture.info[name]
            return float(x), float(y)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            continue
    return None


def frames_note(picture: Image.Image, what: str) -> tuple[str, ...]:
    """A note if there are several frames."""
    count = getattr(picture, "n_frames", 1)
    return (f"the first of {count} {what} was read",) if count > 1 else ()
