"""LZF: every stream of tokens against a decoder that copies byte by byte, and streams that are none."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.io.lzf import decompress

LITERAL = st.binary(min_size=1, max_size=32)
REFERENCE = st.tuples(st.integers(1, 8192), st.integers(3, 264))


def encode(tokens: list[bytes | tuple[int, int]]) -> tuple[bytes, bytes]:
    """The stream of the tokens, and what it stands for; references before the first byte are left out."""
    stream, out = bytearray(), bytearray()
    for token in tokens:
        if isinstance(token, bytes):
            stream += bytes([len(token) - 1]) + token
            out += token
            continue
        distance, length = token
        if distance > len(out):
            continue
        high, low = divmod(distance - 1, 256)
        short = min(length - 2, 7)
        stream += bytes([short << 5 | high]) + (bytes([length - 9]) if short == 7 else b"") + bytes([low])
        for _ in range(length):
            out.append(out[-distance])
    return bytes(stream), bytes(out)


@given(st.lists(st.one_of(LITERAL, REFERENCE), max_size=30))
def test_tokens(tokens: list[bytes | tuple[int, int]]) -> None:
    stream, out = encode([b"0123456789", *tokens])
    assert decompress(stream, len(out)) == out
    for wrong in (len(out) - 1, len(out) + 1):
        with pytest.raises(ValueError, match=r"leads beyond|instead of|cannot hold"):
            decompress(stream, wrong)


def test_known_stream() -> None:
    """A run of 20 equal bytes: one literal, then 19 copied from just before."""
    assert decompress(b"\x00a\xe0\x0a\x00", 20) == b"a" * 20


@pytest.mark.parametrize(
    ("stream", "match"),
    [
        (b"\x05abc", "beyond the end"),
        (b"\x00a\x20", "ends in the middle"),
        (b"\x00a\xe0", "ends in the middle"),
        (b"\x20\x00", "before the first"),
        (b"\x00a\x20\x01", "before the first"),
        (b"", "cannot hold"),
    ],
)
def test_damaged_streams(stream: bytes, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        decompress(stream, 8)


def test_a_declared_size_that_cannot_be_is_refused_before_anything_is_allocated() -> None:
    tracemalloc.start()
    with pytest.raises(ValueError, match="3 bytes cannot hold 4000000000"):
        decompress(b"\xe0\xff\x00", 4_000_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000


@given(st.binary(max_size=60), st.integers(0, 300))
def test_bytes_are_a_stream_or_a_value_error(stream: bytes, size: int) -> None:
    with contextlib.suppress(ValueError):
        assert len(decompress(stream, size)) == size
