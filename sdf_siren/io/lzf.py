"""LZF decompression, as PCD files use it; the format is Marc Lehmann's liblzf.

A control byte below 32 announces that many literal bytes and one more. Any other refers back: its upper
three bits are a length (7: a byte with the rest of it follows), its lower five and the next byte a
distance; the length and two more bytes are copied from that distance and one more before the end.
"""

from __future__ import annotations

MOST_GROWTH = 88
"""What three bytes can grow to: 264."""


def decompress(data: bytes | memoryview, size: int) -> bytearray:
    """The ``size`` bytes that ``data`` holds compressed.

    Raises:
        ValueError: ``data`` gives more or fewer bytes, refers to bytes before the first, or ends early;
            nothing beyond ``size`` bytes is ever held.
    """
    if size > MOST_GROWTH * len(data):
        raise ValueError(f"{len(data)} bytes cannot hold {size}")
    data = bytes(data)
    out = bytearray(size)
    at, end, here = 0, len(data), 0
    piece: bytes | bytearray
    try:
        while here < end:
            control = data[here]
            here += 1
            if control < 32:
                stop = at + control + 1
                piece = data[here : here + control + 1]
                here += control + 1
            else:
                length = control >> 5
                if length == 7:
                    length += data[here]
                    here += 1
                distance = ((control & 31) << 8 | data[here]) + 1
                here += 1
                length += 2
                start, stop = at - distance, at + length
                if start < 0:
                    raise ValueError(f"byte {here} refers to what lies before the first")
                if length <= distance:
                    piece = out[start : start + length]
                else:  # it repeats what it is just about to write
                    piece = (out[start:at] * (length // distance + 1))[:length]
            if stop > size or len(piece) != stop - at:
                raise ValueError(f"byte {here} leads beyond the end")
            out[at:stop] = piece
            at = stop
    except IndexError:
        raise ValueError("it ends in the middle") from None
    if at != size:
        raise ValueError(f"it holds {at} bytes instead of {size}")
    return out
