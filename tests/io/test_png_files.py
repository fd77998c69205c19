"""PNG by hand: every filter, both orders of the passes, and animations, against Pillow and by round trips."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sdf_siren.io.png_reader import bit_depth, decode_png
from sdf_siren.io.png_writer import write_png

RNG = np.random.default_rng(0)


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def filtered(pixels, kinds):
    """The lines of (h, w, c) pixels with filter ``kinds[row]``, byte by byte as it is specified."""
    height, width, channels = pixels.shape
    lines = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    step = channels * pixels.dtype.itemsize
    length, out = width * step, bytearray()
    for row in range(height):
        out.append(kinds[row])
        for at in range(length):
            here = lines[row * length + at]
            a = lines[row * length + at - step] if at >= step else 0
            b = lines[(row - 1) * length + at] if row else 0
            c = lines[(row - 1) * length + at - step] if row and at >= step else 0
            nearest = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            out.append((here - (0, a, b, (a + b) // 2, nearest)[kinds[row]]) % 256)
    return bytes(out)


def png(pixels, kinds, *, interlaced=False, key=None):
    """A PNG file; interlaced ones have the seven passes of Adam7, every line with a filter of ``kinds``."""
    height, width, channels = pixels.shape
    head = struct.pack(
        ">IIBBBBB",
        width,
        height,
        8 * pixels.dtype.itemsize,
        {1: 0, 2: 4, 3: 2, 4: 6}[channels],
        0,
        0,
        interlaced,
    )
    parts = [pixels]
    if interlaced:
        starts = [
            (0, 0, 8, 8),
            (0, 4, 8, 8),
            (4, 0, 8, 4),
            (0, 2, 4, 4),
            (2, 0, 4, 2),
            (0, 1, 2, 2),
            (1, 0, 2, 1),
        ]
        parts = [pixels[r::dr, c::dc] for r, c, dr, dc in starts]
    raw = b"".join(filtered(part, kinds) for part in parts if part.size)
    data = zlib.compress(raw)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + (chunk(b"tRNS", key) if key else b"")
        + chunk(b"IDAT", data[: len(data) // 2])
        + chunk(b"IDAT", data[len(data) // 2 :])
        + chunk(b"IEND", b"")
    )


def random(shape, dtype):
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("interlaced", [False, True])
@given(data=st.data())
def test_every_filter_and_order(dtype, channels, interlaced, data):
    height, width = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    kinds = data.draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    pixels = random((height, width, channels), dtype)
    whole = png(pixels, kinds, interlaced=interlaced)
    found = decode_png(whole)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, pixels)
    picture = np.asarray(Image.open(io.BytesIO(whole)))
    if dtype == np.uint8 or channels == 1:  # Pillow is exact on these
        np.testing.assert_array_equal(picture.reshape(pixels.shape), pixels)
    elif channels in (3, 4):
        np.testing.assert_array_equal(picture, pixels >> 8)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_transparent_colour(dtype, channels):
    pixels = random((5, 4, channels), dtype)
    key = pixels[2, 3].astype(">u2").tobytes()
    found = decode_png(png(pixels, [1] * 5, key=key))
    np.testing.assert_array_equal(found[..., :-1], pixels)
    hidden = (pixels == pixels[2, 3]).all(axis=-1)
    assert hidden.any()
    np.testing.assert_array_equal(found[..., -1], np.where(hidden, 0, np.iinfo(dtype).max))


@given(
    shape=st.tuples(st.integers(1, 80), st.integers(1, 20), st.integers(1, 4)),
    dtype=st.sampled_from([np.uint8, np.uint16]),
)
def test_round_trip(shape, dtype):
    pixels = random(shape, dtype)
    file = io.BytesIO()
    write_png(file, pixels[None])
    np.testing.assert_array_equal(decode_png(file.getvalue()), pixels)
    assert bit_depth(file.getvalue()) == 8 * pixels.itemsize


def test_ramps_are_filtered_well():
    ramp = np.add.outer(np.arange(200), np.arange(300)).astype(np.uint16)[..., None] * 100
    file = io.BytesIO()
    write_png(file, ramp[None])
    assert len(file.getvalue()) < ramp.nbytes / 50


@pytest.mark.parametrize("rate", [10.0, 24.0, 29.97, 1e-3, 1e4])
def test_animations_as_pillow_reads_them(rate):
    frames = random((4, 6, 7, 3), np.uint8)
    frames[2] = frames[1]
    file = io.BytesIO()
    write_png(file, frames, rate=rate)
    with Image.open(file) as picture:
        assert picture.n_frames == 4
        for index, frame in enumerate(frames):
            picture.seek(index)
            np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), frame)
            assert picture.info["duration"] == pytest.approx(1000 / rate, rel=2e-3)


def damage(whole, place, value):
    return whole[:place] + bytes([value]) + whole[place + 1 :]


def test_what_is_refused():
    whole = png(random((3, 4, 3), np.uint16), [0, 1, 2])
    with pytest.raises(ValueError, match="checksum"):
        decode_png(damage(whole, 60, whole[60] ^ 1))
    with pytest.raises(ValueError, match="truncated"):
        decode_png(whole[:-20])
    pixels = random((3, 4, 3), np.uint16)
    with pytest.raises(ValueError, match="found the filter 7"):
        decode_png(whole_with(pixels, b"\x07" + bytes(24)))
    with pytest.raises(ValueError, match="expected 75 bytes, found 50"):
        decode_png(whole_with(pixels, bytes(50)))
    with pytest.raises(ValueError, match="wrong length"):
        decode_png(png(pixels, [0, 0, 0], key=b"\0\0"))
    assert bit_depth(b"GIF89a") == 0


def whole_with(pixels, raw):
    """A file of these pixels' size whose stream holds something else."""
    raw = raw.ljust(75, b"\0") if len(raw) == 25 else raw
    height, width, _ = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )


def test_a_stream_that_grows_beyond_its_header_is_not_inflated():
    pixels = random((3, 4, 3), np.uint16)
    bomb = whole_with(pixels, bytes(10_000_000))
    np.testing.assert_array_equal(decode_png(bomb), np.zeros((3, 4, 3)))
