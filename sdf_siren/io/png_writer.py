"""PNG with 8 or 16 bits per sample, written without a loss, also animated.

Pillow (up to 13 at least) writes no 16-bit colours, and joins equal frames of an animation.

Source: W3C, Portable Network Graphics (PNG) Specification (Third Edition); sections are named below.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sdf_siren.io.png_reader import CHANNELS, SIGNATURE, paeth

_COLOUR_TYPES = {channels: kind for kind, channels in CHANNELS.items()}
_BLOCK = 64
"""Rows filtered at once."""
_LARGEST_PART = 2**16 - 1
"""Of the fraction that is a frame's duration."""


def write_png(
    file: IO[bytes],
    frames: NDArray[np.uint8] | NDArray[np.uint16],
    icc_profile: bytes | None = None,
    spacing: tuple[float, float] = (1.0, 1.0),
    rate: float = 0.0,
) -> None:
    """Write (n, h, w, c) pixels of 1 to 4 channels; several frames make an animated PNG.

    Args:
        file: open for writing.
        frames: uint8 or uint16; lines are filtered for the least sum of absolute differences (section 12.7).
        icc_profile: kept as it is.
        spacing: height and width of a pixel.
        rate: frames per second.
    """
    count, height, width, channels = frames.shape
    size = struct.pack(">II", width, height)
    file.write(SIGNATURE)
    kind = bytes([8 * frames.dtype.itemsize, _COLOUR_TYPES[channels], 0, 0, 0])
    _write_chunk(file, b"IHDR", size + kind)
    if icc_profile:
        _write_chunk(file, b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile))
    if spacing[0] != spacing[1]:
        per_unit = (round(10_000 / spacing[1]), round(10_000 / spacing[0]))
        _write_chunk(file, b"pHYs", struct.pack(">IIB", *per_unit, 0))
    if count > 1:
        _write_chunk(file, b"acTL", struct.pack(">II", count, 0))
    sequence = 0
    for index, frame in enumerate(frames):
        if count > 1:
            control = struct.pack(">I8s8xHHBB", sequence, size, *_duration(rate), 0, 0)
            _write_chunk(file, b"fcTL", control)
            sequence += 1
        for part in _deflated(frame):
            if index:
                _write_chunk(file, b"fdAT", struct.pack(">I", sequence) + part)
                sequence += 1
            else:
                _write_chunk(file, b"IDAT", part)
    _write_chunk(file, b"IEND", b"")


def _write_chunk(file: IO[bytes], kind: bytes, body: bytes) -> None:
    file.write(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))


def _duration(rate: float) -> tuple[int, int]:
    """1 / rate seconds as a fraction of 16-bit integers."""
    seconds = Fraction(1 / rate).limit_denominator(_LARGEST_PART)
    return min(seconds.numerator, _LARGEST_PART), seconds.denominator


def _deflated(frame: NDArray[np.uint8] | NDArray[np.uint16]) -> Iterator[bytes]:
    """The compressed lines of an image, in parts, so that filtered copies of a few lines are all there is."""
    height, width, channels = frame.shape
    step = channels * frame.dtype.itemsize
    lines = (
        frame.astype(frame.dtype.newbyteorder(">"), copy=False).view(np.uint8).reshape(height, width, step)
    )
    compress = zlib.compressobj()
    above = np.zeros((1, width, step), np.uint8)
    for start in range(0, height, _BLOCK):
        block = lines[start : start + _BLOCK]
        part = compress.compress(_filtered(block, np.concatenate([above, block[:-1]])).tobytes())
        above = block[-1:]
        if part:
            yield part
    yield compress.flush()


def _filtered(lines: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lines (h, w, bytes of a pixel), each by the best of the five filters, with its number in front."""
    here, up = lines.astype(np.int16), above.astype(np.int16)
    left, corner = (np.pad(a, ((0, 0), (1, 0), (0, 0)))[:, :-1] for a in (here, up))
    guesses = (np.zeros_like(here), left, up, (left + up) >> 1, paeth(left, up, corner))
    rests = np.stack([(here - guess).astype(np.uint8).reshape(len(lines), -1) for guess in guesses])
    best = np.abs(rests.view(np.int8).astype(np.int32)).sum(axis=-1).argmin(axis=0)
    chosen = rests[best, np.arange(len(lines))]
    return np.concatenate([best[:, None].astype(np.uint8), chosen], axis=1)
