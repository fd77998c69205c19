"""PNG with 8 or 16 bits per sample, read without a loss.

Pillow (up to 13 at least) reduces 16-bit RGB and alpha to 8 bits. Its decoder is used for everything else;
this one takes only grey values and colours, no palettes.

Source: W3C, Portable Network Graphics (PNG) Specification (Third Edition); sections are named below.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
"""Samples per pixel by colour type (section 11.2.1)."""
_PROGRESSIVE = (
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
)
"""Adam7 (section 8): first row, first column, step of rows, step of columns of every pass."""


def bit_depth(data: bytes) -> int:
    """Bits per sample by the header; 0 if there is none."""
    return data[24] if data[:8] == SIGNATURE and data[12:16] == b"IHDR" and len(data) > 24 else 0


def decode_png(data: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Pixels (h, w, c) of a PNG file of 8 or 16 bits without palette; a transparent colour becomes alpha.

    Raises:
        ValueError: the file is damaged or of another kind; its declared size is trusted, so check it before.
    """
    chunks = _chunks(data)
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    if depth not in (8, 16) or kind not in CHANNELS:
        raise ValueError(f"{depth} bits of colour type {kind} are not decoded here")
    channels, sample = CHANNELS[kind], np.dtype(">u2" if depth == 16 else "u1")
    step = channels * sample.itemsize
    passes = [
        (rows, columns)
        for top, left, down, right in (_PROGRESSIVE if interlaced else ((0, 0, 1, 1),))
        if (rows := range(top, height, down)) and (columns := range(left, width, right))
    ]
    raw = _inflated(chunks.get(b"IDAT", b""), sum(len(r) * (1 + len(c) * step) for r, c in passes))
    pixels = np.empty((height, width, channels), sample)
    at = 0
    for rows, columns in passes:
        end = at + len(rows) * (1 + len(columns) * step)
        lines = raw[at:end].reshape(len(rows), -1)
        undone = _unfiltered(lines[:, 0], lines[:, 1:].reshape(len(rows), len(columns), step))
        pixels[rows.start :: rows.step, columns.start :: columns.step] = undone.view(sample)
        at = end
    native = pixels.astype(sample.newbyteorder("="), copy=False)
    return _with_transparency(native, chunks[b"tRNS"]) if b"tRNS" in chunks else native


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Chunks by type, those of one type joined (section 5)."""
    found: dict[bytes, list[bytes]] = {}
    at, kind = len(SIGNATURE), b""
    while kind != b"IEND" and at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if data[at + 8 + length : at + 12 + length] != struct.pack(">I", zlib.crc32(kind + body)):
            raise ValueError("a chunk is truncated or its checksum is wrong")
        found.setdefault(kind, []).append(body)
        at += 12 + length
    return {kind: b"".join(bodies) for kind, bodies in found.items()}


def _inflated(data: bytes, size: int) -> NDArray[np.uint8]:
    """Exactly ``size`` bytes; a stream that would grow beyond is not inflated further."""
    raw = zlib.decompressobj().decompress(data, max(size, 1))
    if len(raw) < size:
        raise ValueError(f"the pixels are truncated: expected {size} bytes, found {len(raw)}")
    return np.frombuffer(raw, np.uint8)


def _unfiltered(kinds: NDArray[np.uint8], lines: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Undo the filters (section 9) of (h, w, bytes of a pixel) lines, each with a filter of its own.

    A byte needs those of the pixels to the left, above and above left, so the pixels of one anti-diagonal can
    be computed together. In a flat array with a row and a column of zeros around they are one slice.
    """
    height, width, step = lines.shape
    if kinds.max() > 4:
        raise ValueError(f"found the filter {kinds.max()}, expected 0 to 4")
    kinds = kinds.astype(np.intp)
    if not kinds.any():
        return np.ascontiguousarray(lines)
    padded = np.zeros((height + 1, width + 1, step), np.uint8)
    padded[1:, 1:] = lines
    flat = padded.reshape(-1, step)
    for diagonal in range(height + width - 1):
        first, last = max(0, diagonal - width + 1), min(diagonal, height - 1)
        kind = kinds[first : last + 1, None]
        start = first * width + diagonal + width + 2
        stop = last * width + diagonal + width + 3
        left, above, corner = (
            flat[start - back : stop - back : width].astype(np.int16) for back in (1, width + 1, width + 2)
        )
        choices = (np.zeros_like(left), left, above, (left + above) >> 1, paeth(left, above, corner))
        guess = np.choose(kind, choices)
        flat[start:stop:width] += guess.astype(np.uint8)
    return np.ascontiguousarray(padded[1:, 1:])


def paeth(left: NDArray[np.int16], above: NDArray[np.int16], corner: NDArray[np.int16]) -> NDArray[np.int16]:
    """Whichever neighbour is nearest to left + above - corner; ties go in the order of the arguments."""
    by_left, by_above = np.abs(above - corner), np.abs(left - corner)
    by_corner = np.abs(left + above - 2 * corner)
    others = np.where(by_above <= by_corner, above, corner)
    return np.where((by_left <= by_above) & (by_left <= by_corner), left, others)


def _with_transparency(pixels: NDArray[np.uint16] | NDArray[np.uint8], key: bytes) -> NDArray[np.uint16]:
    """Alpha that is 0 at the one transparent colour (section 11.3.1.1), which is given as 16-bit numbers."""
    channels = pixels.shape[-1]
    if channels in (2, 4) or len(key) != 2 * channels:
        raise ValueError("a transparent colour of the wrong length")
    opaque = (pixels != np.frombuffer(key, ">u2")).any(axis=-1, keepdims=True)
    return np.concatenate([pixels, opaque.astype(pixels.dtype) * np.iinfo(pixels.dtype).max], axis=-1)
