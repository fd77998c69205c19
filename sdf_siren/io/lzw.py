"""LZW decompression as TIFF has it (TIFF 6.0, section 13): codes of 9 to 12 bits, the highest bit first.

Code 256 clears the table, 257 ends; any other stands for a string of the table, to which every code but the
first after a clearing adds one: the string before with the first byte of its own. A code is as wide as its
place after the last clearing says, so codes are cut out of the stream a table at a time, by NumPy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MOST_GROWTH = 1400
"""What a byte can grow to at most: one table of codes, 5.4 kB, stands for 7.4 MB if all bytes are alike."""

_CLEAR, _END = 256, 257
_FULL = 4096
_SINGLE = [bytes([value]) for value in range(256)] + [b"", b""]
_PLACES = np.arange(1, _FULL - len(_SINGLE) + 2)
"""Of codes after a clearing, from 1; the last one fills the table."""
_WIDTHS = 9 + np.searchsorted([511, 1023, 2047], 256 + _PLACES, side="right")
"""In bits. It grows one code early: the writer knows an entry before the reader does."""
_STARTS = np.cumsum(_WIDTHS) - _WIDTHS


def decompress(data: bytes, most: int) -> bytes:
    """What ``data`` holds compressed.

    Args:
        data: one strip or tile.
        most: bytes that it may stand for; not many more are ever held.

    Raises:
        ValueError: it gives more, does not begin with a clearing, uses a string that is not in the table, or
            has more codes than a table takes. A stream that ends without code 257 is taken as it is.
    """
    stream = np.frombuffer(data + bytes(3), np.uint8).astype(np.uint32)
    end, at, length = 8 * len(data), 0, 0
    parts: list[bytes] = []
    first, at = _codes(stream, at, end)
    if len(first) != 1 or first[0] != _CLEAR:
        raise ValueError("an LZW stream does not begin with the code that clears the table")
    stop = _CLEAR
    while stop == _CLEAR:
        codes, at = _codes(stream, at, end)
        stop = _END
        if len(codes) and codes[-1] in (_CLEAR, _END):
            codes, stop = codes[:-1], int(codes[-1])
        parts.append(_bytes(codes.tolist(), most - length))
        length += len(parts[-1])
    return b"".join(parts)


def _codes(stream: NDArray[np.uint32], at: int, end: int) -> tuple[NDArray[np.int64], int]:
    """The codes from bit ``at`` to the next that clears or ends, that one included; and where they end."""
    places = at + _STARTS
    count = int(np.searchsorted(places + _WIDTHS, end, side="right"))
    places, widths = places[:count], _WIDTHS[:count]
    byte = places >> 3
    word = stream[byte] << 16 | stream[byte + 1] << 8 | stream[byte + 2]
    codes = (word.astype(np.int64) >> (24 - (places & 7) - widths)) & ((1 << widths) - 1)
    stops = np.flatnonzero((codes == _CLEAR) | (codes == _END))
    if len(stops):
        count = int(stops[0]) + 1
    elif count == len(_PLACES):
        raise ValueError("an LZW stream has more codes than its table takes")
    return codes[:count], at if count == 0 else int(places[count - 1] + widths[count - 1])


def _bytes(codes: list[int], room: int) -> bytes:
    """What codes after a clearing stand for, at most ``room`` bytes."""
    if not codes:
        return b""
    if codes[0] > 255:
        raise ValueError("an LZW stream begins with a string that is not in its table")
    table = list(_SINGLE)
    before = table[codes[0]]
    found, room = [before], room - 1
    for code in codes[1:]:
        if code < len(table):
            string = table[code]
        elif code == len(table):
            string = before + before[:1]
        else:
            raise ValueError("an LZW stream uses a string that is not in its table")
        room -= len(string)
        if room < 0:
            break
        found.append(string)
        table.append(before + string[:1])
        before = string
    if room < 0:
        raise ValueError("a strip inflates to more than it should")
    return b"".join(found)
