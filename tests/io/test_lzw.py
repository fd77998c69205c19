"""LZW: against a writer of its own and libtiff's, and streams that are none."""

from __future__ import annotations

import contextlib
import io
import tracemalloc

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdf_siren.io.lzw import MOST_GROWTH, decompress

RNG = np.random.default_rng(0)


def packed(codes: list[tuple[int, int]]) -> bytes:
    """Codes and their widths as a stream, the highest bit first."""
    bits = "".join(f"{code:0{width}b}" for code, width in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0") or "0", 2).to_bytes(-(-len(bits) // 8))


def compressed(data: bytes, table_size: int = 4094) -> bytes:
    """TIFF 6.0, section 13, as it is written there; a smaller table is cleared more often."""
    codes, table, width = [(256, 9)], {bytes([v]): v for v in range(256)}, 9
    string, count = b"", 258

    def write(code: int) -> None:
        nonlocal count, width, table
        codes.append((code, width))
        count += 1
        width = 9 + sum(count >= limit for limit in (512, 1024, 2048))
        if count > table_size:
            codes.append((256, width))
            table, count, width = {bytes([v]): v for v in range(256)}, 258, 9

    for value in data:
        longer = string + bytes([value])
        if longer in table:
            string = longer
            continue
        table[longer] = count
        write(table[string])
        string = bytes([value])
    if string:
        write(table[string])
    return packed([*codes, (257, width)])


def of_libtiff(data: bytes) -> bytes:
    file = io.BytesIO()
    Image.frombytes("L", (len(data), 1), data).save(file, format="TIFF", compression="tiff_lzw")
    file.seek(0)
    with tifffile.TiffFile(file) as written:
        page = written.pages[0]
        file.seek(page.dataoffsets[0])
        return file.read(page.databytecounts[0])


KINDS = {
    "all alike": bytes(60_000),
    "two values": RNG.integers(0, 2, 60_000).astype(np.uint8).tobytes(),
    "noise": RNG.integers(0, 256, 60_000).astype(np.uint8).tobytes(),
    "slope": (np.arange(30_000) // 7).astype("<u2").tobytes(),
    "one": b"x",
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("write", [compressed, of_libtiff])
def test_what_others_wrote(name, write):
    assert decompress(write(KINDS[name]), len(KINDS[name])) == KINDS[name]


@settings(deadline=None)
@given(st.lists(st.integers(0, 3), max_size=3000).map(bytes), st.sampled_from([258, 300, 511, 600, 4094]))
def test_every_table(data, table_size):
    assert decompress(compressed(data, table_size), len(data)) == data


def test_the_example_of_the_standard():
    assert decompress(compressed(bytes([7, 7, 7, 8, 8, 7, 7, 6, 6])), 9) == bytes([7, 7, 7, 8, 8, 7, 7, 6, 6])
    codes = [256, 7, 258, 8, 8, 258, 6, 6, 257]  # as it is printed there
    assert packed([(code, 9) for code in codes]) == compressed(bytes([7, 7, 7, 8, 8, 7, 7, 6, 6]))


def test_an_end_that_is_not_told_is_an_end():
    assert decompress(packed([(256, 9), (65, 9), (66, 9)]), 9) == b"AB"
    assert decompress(packed([(256, 9), (256, 9), (65, 9), (257, 9), (66, 9)]), 9) == b"A"
    assert decompress(packed([(256, 9)]), 0) == b""


@pytest.mark.parametrize(
    ("stream", "match"),
    [
        (b"", "does not begin with the code"),
        (b"\x80", "does not begin with the code"),
        (packed([(65, 9), (257, 9)]), "does not begin with the code"),
        (packed([(257, 9), (65, 9)]), "does not begin with the code"),
        (packed([(256, 9), (258, 9)]), "begins with a string that is not in its table"),
        (packed([(256, 9), (65, 9), (259, 9)]), "uses a string that is not in the table|not in its table"),
        (packed([(256, 9), *[(65, 9)] * 11]), "more than it should"),
        (compressed(bytes(5000)), "more than it should"),
    ],
)
def test_damaged_streams(stream, match):
    with pytest.raises(ValueError, match=match):
        decompress(stream, 10)


def test_a_table_that_is_never_cleared():
    with pytest.raises(ValueError, match="more codes than its table takes"):
        decompress(compressed(KINDS["noise"], 10**6), 10**6)


def longest() -> bytes:
    """A stream of one table whose every string is one byte longer than that before."""
    widths = [9 + sum(256 + place >= limit for limit in (511, 1023, 2047)) for place in range(1, 3839)]
    return packed([(256, 9), *zip([0, *range(258, 4095)], widths, strict=True), (257, 12)])


def test_no_stream_grows_by_more_than_is_said():
    whole = 3838 * 3839 // 2
    assert decompress(longest(), whole) == bytes(whole)
    assert 0.95 * MOST_GROWTH < whole / len(longest()) < MOST_GROWTH


def test_what_it_grows_to_is_bounded():
    bomb = longest()
    tracemalloc.start()
    with pytest.raises(ValueError, match="more than it should"):
        decompress(bomb * 50, 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6


@given(st.binary(max_size=80), st.integers(0, 400))
def test_bytes_are_a_stream_or_a_value_error(stream, most):
    with contextlib.suppress(ValueError):
        assert len(decompress(b"\x80" + stream, most)) <= most
