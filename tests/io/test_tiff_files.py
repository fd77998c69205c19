"""TIFF: what tifffile and Pillow read between them, and tags that lie."""

from __future__ import annotations

import io
import logging
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
import tifffile
from hostile import check_reading, damaged, hostile, refused
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sdf_siren.io import read_image
from sdf_siren.io.tiff_reader import read_tiff_pages
from sdf_siren.io.tiff_writer import write_tiff

RNG = np.random.default_rng(0)


def stored(array, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, array, **options)
    return file.getvalue()


def random(shape, dtype):
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return RNG.normal(size=shape).astype(dtype)
    return RNG.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def read(tmp_path, data):
    (tmp_path / "a.tif").write_bytes(data)
    return read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "u4", "f2", "f4", "f8"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"compression": "zlib"},
        {"tile": (16, 16)},
        {"tile": (16, 32), "compression": "zlib"},
        {"planarconfig": "separate"},
        {"rowsperstrip": 7},
    ],
    ids=str,
)
def test_layouts(tmp_path, dtype, channels, options):
    array = random((20, 30, channels), dtype)
    given_ = array[..., 0] if channels == 1 else array
    if options.get("planarconfig") == "separate":
        if channels == 1:
            options = {}
        else:
            given_ = np.moveaxis(array, -1, 0)
    if channels in (2, 4):
        options = {**options, "extrasamples": ["unassalpha"]}
    photometric = "rgb" if channels > 2 else "minisblack"
    found = read(tmp_path, stored(given_, photometric=photometric, **options))
    full = {"u1": 255, "u2": 65535}.get(dtype, 1)
    np.testing.assert_allclose(found.samples, array.astype(np.float64) / full, rtol=1e-6)
    assert found.notes == ()


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("channels", [1, 3])
def test_horizontal_differences(tmp_path, dtype, channels):
    array = random((20, 30, channels), dtype)
    write_tiff(tmp_path / "a.tif", array[None])
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.pages[0].predictor == 2
    found = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(np.rint(found.samples * np.iinfo(dtype).max), array)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "I;16", "F", "RGB", "RGBA"])
def test_compressions_through_pillow(tmp_path, compression, mode):
    dtype = {"I;16": "u2", "F": "f4"}.get(mode, "u1")
    array = random((20, 30, len(mode) if mode in ("RGB", "RGBA") else 1), dtype)
    file = io.BytesIO()
    Image.fromarray(array.squeeze()).save(file, format="TIFF", compression=compression)
    found = read(tmp_path, file.getvalue())
    full = {"u1": 255, "u2": 65535}.get(dtype, 1)
    np.testing.assert_allclose(found.samples, array / full, rtol=1e-6)
    assert found.notes == ()


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_white_is_zero(tmp_path, dtype):
    array = random((20, 30), dtype)
    full = np.iinfo(dtype).max
    for compression in (None, "zlib"):
        found = read(tmp_path, stored(array, photometric="miniswhite", compression=compression))
        np.testing.assert_array_equal(np.rint(found.samples[..., 0] * full), full - array)


def test_colours_multiplied_with_alpha(tmp_path):
    alpha = np.array([0, 1000, 65535], np.uint16).reshape(1, 3, 1)
    colours = np.array([[0, 0, 0], [500, 1000, 0], [7, 8, 9]], np.uint16).reshape(1, 3, 3)
    data = stored(np.concatenate([colours, alpha], -1), photometric="rgb", extrasamples=["assocalpha"])
    found = read(tmp_path, data)
    expected = np.array([[0, 0, 0, 0], [0.5, 1, 0, 1000 / 65535], [7 / 65535, 8 / 65535, 9 / 65535, 1]])
    np.testing.assert_allclose(found.samples[0], expected, atol=1 / 65535)
    assert found.notes == ("the colours were divided by alpha, which they had been multiplied with",)


def test_channels_of_no_known_meaning_are_dropped(tmp_path):
    array = random((20, 30, 5), "f4")
    data = stored(array, photometric="rgb", extrasamples=["unspecified", "unspecified"])
    found = read(tmp_path, data)
    np.testing.assert_array_equal(found.samples, array[..., :3])
    assert found.notes == ("2 further channels of no known meaning were dropped",)


def test_pages(tmp_path):
    frames = random((3, 5, 6, 4), "f4")
    write_tiff(tmp_path / "a.tif", frames)
    found = list(read_tiff_pages(tmp_path / "a.tif"))
    assert [count for count, _ in found] == [3, 3, 3]
    np.testing.assert_array_equal(np.stack([raster.stored for _, raster in found]), frames)
    assert read_image(tmp_path / "a.tif").notes == ("the first of 3 pages was read",)


def test_the_log_is_as_before(tmp_path):
    log = logging.getLogger("tifffile")
    assert not log.disabled
    write_tiff(tmp_path / "a.tif", random((1, 5, 6, 1), "u1"))
    read_image(tmp_path / "a.tif")
    refused(read_image, tmp_path / "a.tif", b"II*\0" + bytes(60), "not a readable TIFF file")
    assert not log.disabled


def tiff(
    width, height, *, samples=3, bits=8, compression=1, data=b"\0" * 64, photometric=2, counts=None, **more
):
    """A little-endian TIFF of one strip from its tags; ``more`` overrides tags as t256=..."""
    tags = {
        **{256: width, 257: height, 258: bits, 259: compression, 262: photometric, 273: 0, 277: samples},
        **{278: height, 279: len(data) if counts is None else counts, 339: 1},
        **{int(name[1:]): value for name, value in more.items()},
    }
    start = 8 + 2 + 12 * len(tags) + 4
    tags[273] = start
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data


class TestTagsThatLie:
    @pytest.mark.parametrize("size", [(65535, 65535), (2**31, 2), (10_001, 10_000), (0, 5), (5, 0)])
    @pytest.mark.parametrize("bits", [8, 16])
    @pytest.mark.parametrize("compression", [1, 5, 8])
    def test_size(self, tmp_path, size, bits, compression):
        data = tiff(*size, samples=1, photometric=1, bits=bits, compression=compression)
        match = "100 million pixels, found a header that declares|not a readable TIFF file"
        refused(read_image, tmp_path / "a.tif", data, match)

    @pytest.mark.parametrize(("samples", "photometric"), [(1, 1), (1, 3), (3, 2), (4, 5)])
    @pytest.mark.parametrize("bits", [8, 16])
    def test_strips_that_are_not_there(self, tmp_path, samples, photometric, bits):
        data = tiff(4, 100, samples=samples, photometric=photometric, bits=bits)
        refused(read_image, tmp_path / "a.tif", data, "a.tif: not a readable TIFF file")
        data = tiff(4, 100, samples=samples, photometric=photometric, bits=bits, counts=4000)
        refused(read_image, tmp_path / "a.tif", data, "a.tif: not a readable TIFF file")

    def test_the_same_tags_with_what_they_promise(self, tmp_path):
        found = read(tmp_path, tiff(4, 2, samples=1, photometric=1, data=bytes(range(8))))
        assert (found.samples * 255).round().ravel().tolist() == list(range(8))

    def test_a_strip_that_inflates_to_more(self, tmp_path):
        bomb = zlib.compress(bytes(10_000_000))
        data = tiff(4, 2, samples=1, photometric=1, bits=16, compression=8, data=bomb)
        refused(read_image, tmp_path / "a.tif", data, "inflates to more than it should")

    def test_channels_without_number_of_different_bits(self, tmp_path):
        data = bytearray(tiff(4, 2, samples=134_217_731, compression=5, bits=(8 << 16) + 45))
        place = data.index(struct.pack("<HHI", 258, 4, 1))
        data[place : place + 8] = struct.pack("<HHI", 258, 3, 2)
        tracemalloc.start()
        refused(read_image, tmp_path / "a.tif", bytes(data), "different numbers of bits|not a readable")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10e6

    def test_large_tiles(self, tmp_path):
        data = tiff(4, 2, samples=1, photometric=1, t322=65536, t323=65536, t324=8, t325=64)
        refused(read_image, tmp_path / "a.tif", data, "100 million|not a readable TIFF file")

    def test_volumes(self, tmp_path):
        array = random((3, 16, 16), "u1")
        data = stored(array, photometric="minisblack", volumetric=True, tile=(3, 16, 16))
        refused(read_image, tmp_path / "a.tif", data, "found 3 slices in one page")


def lzw(array):
    """Uncompressed LZW: a clear code, codes of 9 bits for single bytes, the end. Up to 250 bytes."""
    codes = [256, *array.astype(array.dtype.newbyteorder("<")).tobytes(), 257]
    bits = "".join(f"{code:09b}" for code in codes)
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))


class TestLzw:
    """Numbers that Pillow would reduce; the streams are libtiff's."""

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("predictor", [1, 2])
    @pytest.mark.parametrize("dtype", ["u2", "u4", "i2", "f4", "f8"])
    @pytest.mark.parametrize("layout", ["strips", "tiles", "planes"])
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_every_bit_is_kept(self, tmp_path, order, predictor, dtype, layout, channels):
        if dtype[0] == "f":
            predictor = 1  # the second one is for whole numbers
        array = random((40, 50, channels), dtype)
        if dtype == "u2":
            array //= 8  # so that strings repeat
        found = read(tmp_path, written(array, order, predictor, layout))
        full = 65535 if dtype == "u2" else 1
        np.testing.assert_allclose(found.samples, array.astype(np.float64) / full, rtol=1e-6)
        assert found.notes == ()
        assert found.format.bits == (16 if dtype == "u2" else 32)

    @pytest.mark.parametrize("channels", [1, 3])
    def test_8_bits_are_as_before(self, tmp_path, channels):
        array = random((40, 50, channels), "u1")
        found = read(tmp_path, written(array, "<", 2, "strips"))
        np.testing.assert_array_equal(np.rint(found.samples * 255), array)

    def test_a_strip_that_grows_to_more(self, tmp_path):
        data = tiff(3, 2, bits=16, compression=5, data=lzw(random((2, 3, 3), "u2")))
        assert read(tmp_path, data).format.bits == 16
        data = tiff(3, 1, bits=16, compression=5, data=lzw(random((2, 3, 3), "u2")))
        refused(read_image, tmp_path / "a.tif", data, "a strip inflates to more than it should")

    def test_a_strip_that_grows_to_less(self, tmp_path):
        data = tiff(3, 3, bits=16, compression=5, data=lzw(random((2, 3, 3), "u2")))
        refused(read_image, tmp_path / "a.tif", data, "it is truncated")

    def test_a_strip_that_is_none(self, tmp_path):
        for content in (bytes(40), b"\xff" * 40):
            data = tiff(3, 2, bits=16, compression=5, data=content)
            refused(read_image, tmp_path / "a.tif", data, "an LZW stream does not begin with")

    def test_what_cannot_be_in_the_file_is_not_made_room_for(self, tmp_path):
        data = tiff(9000, 9000, bits=16, compression=5, data=lzw(random((2, 3, 3), "u2")))
        tracemalloc.start()
        refused(read_image, tmp_path / "a.tif", data, "it is truncated")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10e6

    def test_other_compressions_are_reduced_and_it_is_told(self, tmp_path):
        array = random((2, 3, 3), "u2")
        packbits = b"".join(bytes([17]) + row.astype("<u2").tobytes() for row in array)
        found = read(tmp_path, tiff(3, 2, bits=16, compression=32773, data=packbits))
        np.testing.assert_array_equal(np.rint(found.samples * 255), array >> 8)
        assert found.format.bits == 8
        assert "reduced to 8, because the compression PACKBITS" in found.notes[0]


def test_floats_that_pillow_would_turn_are_refused(tmp_path):
    data = written(random((10, 9, 1), "f4"), ">", 1, "strips")
    assert read(tmp_path, data).samples.shape == (10, 9, 1)
    packbits = data.replace(struct.pack(">HHII", 259, 4, 1, 5), struct.pack(">HHII", 259, 4, 1, 32773))
    refused(
        read_image,
        tmp_path / "a.tif",
        packbits,
        "of the byte order II in the compression PACKBITS",
    )


def by_libtiff(data):
    """The LZW stream of some bytes."""
    file = io.BytesIO()
    Image.frombytes("L", (len(data), 1), data).save(file, format="TIFF", compression="tiff_lzw")
    file.seek(0)
    with tifffile.TiffFile(file) as made:
        page = made.pages[0]
        file.seek(page.dataoffsets[0])
        return file.read(page.databytecounts[0])


def written(array, order, predictor, layout):
    """A TIFF of (h, w, c) pixels in LZW, as many parts as the layout has; tags of any number of values."""
    height, width, channels = array.shape
    planes = np.moveaxis(array, -1, 0)[..., None] if layout == "planes" else array[None]
    parts = []
    for plane in planes:
        if layout == "tiles":
            whole = np.zeros((48, 64, channels), array.dtype)
            whole[:height, :width] = plane
            parts += [whole[r : r + 16, c : c + 32] for r in (0, 16, 32) for c in (0, 32)]
        else:
            parts += [plane[r : r + 7] for r in range(0, height, 7)]
    if predictor == 2:
        parts = [np.concatenate([p[:, :1], p[:, 1:] - p[:, :-1]], axis=1) for p in parts]
    streams = [by_libtiff(p.astype(p.dtype.newbyteorder(order)).tobytes()) for p in parts]
    bits, kind = array.dtype.itemsize * 8, {"u": 1, "i": 2, "f": 3}[array.dtype.kind]
    places = {"tiles": (324, 325)}.get(layout, (273, 279))
    tags = {
        **{256: [width], 257: [height], 258: [bits] * channels, 259: [5]},
        **{262: [2 if channels > 2 else 1], 277: [channels], 284: [2 if layout == "planes" else 1]},
        **{317: [predictor], 339: [kind] * channels, places[1]: [len(s) for s in streams]},
        **({322: [32], 323: [16]} if layout == "tiles" else {278: [7]}),
        **({338: [2]} if channels == 4 else {}),
    }
    start = 8 + 2 + 12 * (len(tags) + 1) + 4
    far = start + sum(4 * len(values) for values in tags.values()) + 4 * len(streams)
    tags[places[0]] = [far + sum(map(len, streams[:k])) for k in range(len(streams))]
    entries, more = b"", b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}I", *values)
        inside = len(values) == 1
        entries += struct.pack(f"{order}HHI", tag, 4, len(values))
        entries += packed if inside else struct.pack(f"{order}I", start + len(more))
        more += b"" if inside else packed
    head = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}IH", 8, len(tags))
    return (head + entries + bytes(4) + more).ljust(far, b"\0") + b"".join(streams)


@pytest.mark.parametrize("photometric", [0, 1])
def test_white_is_zero_through_pillow(tmp_path, photometric):
    array = random((2, 3, 1), "u2")
    data = tiff(3, 2, samples=1, bits=16, compression=5, photometric=photometric, data=lzw(array))
    found = np.rint(read(tmp_path, data).samples * 65535)
    np.testing.assert_array_equal(found, array if photometric else 65535 - array)


WHOLE = {
    "plain": stored(random((6, 7, 3), "u2"), photometric="rgb"),
    "tiles": stored(random((20, 20, 4), "f4"), photometric="rgb", tile=(16, 16), compression="zlib"),
    "by hand": tiff(4, 2, data=bytes(24)),
    "lzw": written(random((9, 8, 3), "u2"), ">", 2, "strips"),
    "lzw tiles": written(random((40, 50, 3), "f4"), "<", 1, "tiles"),
    "pages": stored(random((3, 6, 7), "f8"), photometric="minisblack"),
}


@hostile
@given(data=st.data())
def test_damaged_files_are_signals_or_one_line(tmp_path, data):
    whole = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    check_reading(read_image, tmp_path / "a.tif", data.draw(damaged(whole)))
