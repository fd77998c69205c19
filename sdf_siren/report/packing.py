"""Arrays as short texts for a page: rounded, put in an order in which neighbours are alike, compressed.

The page unpacks them with ``assets/unpack.js``; :func:`unpacked` here is the same in Python, for tests and
for whoever wants the numbers back. Every array is a block ``{"kind", "width", "data"}``; ``data`` is base64
of a zlib stream of the array's bytes, plane by plane: first the lowest byte of every number, then the next.

=========  ======================================  ===============================================
kind       array                                   numbers in the stream
=========  ======================================  ===============================================
steps      (n, width) uint16                       differences to the row before, modulo 2^16
levels     (n, width) uint8                        the same, modulo 2^8
offsets    (n, width) int16                        0, -1, 1, -2, 2, ... as 0, 1, 2, 3, 4, ...
faces      (n, 3) uint32, first index the least    difference of the first index to the row before,
                                                   the two others minus the first
floats     (n,) float32, NaN allowed               the upper 16 bits, rounded
bytes      (n, width) uint8                        as they are
=========  ======================================  ===============================================
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

LARGEST_STEP = 65535
"""Positions are whole numbers from 0 to this."""

FLOAT_ERROR = 2.0**-8
"""Largest relative error of packed floats: they keep 8 bits of 24."""

_TYPES = {
    "steps": np.uint16,
    "levels": np.uint8,
    "offsets": np.uint16,
    "faces": np.uint32,
    "floats": np.uint16,
    "bytes": np.uint8,
}

Block = dict[str, Any]


def packed_steps(steps: NDArray[np.unsignedinteger]) -> Block:
    """Rows (n, width) of whole numbers, uint8 or uint16, that differ little from row to row."""
    before = np.vstack([np.zeros((1, steps.shape[1]), steps.dtype), steps[:-1]])
    return _block("steps" if steps.dtype == np.uint16 else "levels", (steps - before).astype(steps.dtype))


def packed_offsets(offsets: NDArray[np.int16]) -> Block:
    """Rows (n, width) of whole numbers about zero, most of them small."""
    wide = offsets.astype(np.int32)
    return _block("offsets", ((wide << 1) ^ (wide >> 15)).astype(np.uint16))


def packed_faces(faces: NDArray[np.integer]) -> Block:
    """Faces (n, 3), ordered by :func:`ordered`."""
    first = faces[:, 0].astype(np.int64)
    rise = np.diff(first, prepend=0)
    assert (rise >= 0).all(), "faces must be in order"
    rest = faces[:, 1:].astype(np.int64) - first[:, None]
    return _block("faces", np.column_stack([rise, rest]).astype(np.uint32))


def packed_floats(values: NDArray[np.floating]) -> Block:
    """Numbers (n,) to a relative error of ``FLOAT_ERROR``; NaN stays, and infinity."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32).astype(np.uint64)
    upper = np.minimum((bits + 0x8000) >> 16, 0xFFFF).astype(np.uint16)
    # Rounding up must not carry the largest numbers over to infinity, nor NaN into a sign.
    upper = np.where(np.isfinite(values) & ((upper & 0x7F80) == 0x7F80), upper - 1, upper)
    return _block("floats", np.where(np.isnan(values), 0x7FC0, upper).astype(np.uint16)[:, None])


def packed_bytes(values: NDArray[np.uint8]) -> Block:
    """Rows (n, width) of bytes."""
    return _block("bytes", values)


def unpacked(block: Mapping[str, Any]) -> NDArray[Any]:
    """The array of a block, as in the table above."""
    kind, width = block["kind"], block["width"]
    dtype = np.dtype(_TYPES[kind])
    raw = np.frombuffer(zlib.decompress(base64.b64decode(block["data"])), np.uint8)
    planes = raw.reshape(dtype.itemsize, -1).T
    rows = np.ascontiguousarray(planes).view(dtype.newbyteorder("<")).reshape(-1, width).astype(dtype)
    if kind in ("steps", "levels"):
        return np.asarray(np.cumsum(rows, axis=0, dtype=rows.dtype))
    if kind == "offsets":
        return np.asarray((rows >> 1).astype(np.int16) ^ -(rows & 1).astype(np.int16))
    if kind == "faces":
        first = np.cumsum(rows[:, :1], axis=0, dtype=np.uint32)
        return np.hstack([first, rows[:, 1:] + first])
    if kind == "floats":
        return (rows[:, 0].astype(np.uint32) << 16).view(np.float32)
    return rows


def _block(kind: str, rows: NDArray[np.unsignedinteger]) -> Block:
    """Of rows (n, width)."""
    ordered = np.ascontiguousarray(rows.astype(rows.dtype.newbyteorder("<"), copy=False))
    planes = ordered.view(np.uint8).reshape(-1, rows.dtype.itemsize).T
    data = base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode("ascii")
    return {"kind": kind, "width": rows.shape[1], "data": data}


def along_a_curve(steps: NDArray[np.uint16]) -> NDArray[np.int64]:
    """The order (n,) of rows (n, 3) along Morton's curve, on which neighbours are near in space."""
    code = np.zeros(len(steps), np.uint64)
    for axis in range(3):
        code |= _spread(steps[:, axis].astype(np.uint64)) << np.uint64(axis)
    return np.argsort(code, kind="stable")


def _spread(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """16 bits with two zeros after each."""
    for shift, mask in ((16, 0xFF0000FF), (8, 0xF00F00F00F), (4, 0xC30C30C30C3), (2, 0x249249249249)):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits


def ordered(faces: NDArray[np.integer]) -> NDArray[np.int64]:
    """The same triangles (n, 3), each turned to begin at its least index, by that and the next index."""
    start = np.argmin(faces, axis=1)
    rows = np.arange(len(faces))
    turned = np.stack([faces[rows, (start + k) % 3] for k in range(3)], axis=1).astype(np.int64)
    return turned[np.lexsort((turned[:, 1], turned[:, 0]))]
