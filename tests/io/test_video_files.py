"""Films: round trips of every format, durations, and headers that lie."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hostile import check_reading, damaged, hostile, refused
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import check_video_path, read_video, write_video
from sdf_siren.signals import IMAGE, VIDEO, SampleFormat, Signal

RNG = np.random.default_rng(0)
BUNNY = Path(__file__).parents[2] / "data" / "videos" / "bunny.png"


def film(channels=3, shape=(4, 6, 9), bits=8, floating=False, rate=10.0):
    if floating:
        samples = RNG.normal(size=(*shape, channels)).astype(np.float32)
        form = SampleFormat(float(samples.min()), float(samples.max()), 32, True, rate=rate)
        return Signal(samples, VIDEO, format=form)
    full = 2**bits - 1
    samples = RNG.integers(0, full, (*shape, channels), endpoint=True) / np.float32(full)
    return Signal(samples, VIDEO, format=SampleFormat(bits=bits, rate=rate))


def animation(kind, frames, **options):
    file = io.BytesIO()
    frames[0].save(file, format=kind, save_all=True, append_images=frames[1:], **options)
    return file.getvalue()


def plain(values, mode="L", size=(5, 4)):
    return [Image.new(mode, size, value) for value in values]


def read(tmp_path, data):
    (tmp_path / "a").write_bytes(data)
    return read_video(tmp_path / "a")


class TestRoundTrip:
    @pytest.mark.parametrize("suffix", [".png", ".apng", ".webp", ".tif"])
    @pytest.mark.parametrize("channels", [1, 3])
    def test_exact(self, tmp_path, suffix, channels):
        given_ = film(channels)
        write_video(given_, tmp_path / f"a{suffix}")
        found = read_video(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(found.samples, given_.samples)
        assert found.format == given_.format
        assert found.axes == VIDEO
        if suffix == ".tif":
            assert found.notes == ("the file has no durations; 10 frames per second are assumed",)
        else:
            assert found.notes == ()

    def test_grey_gif_is_exact(self, tmp_path):
        given_ = film(1)
        write_video(given_, tmp_path / "a.gif")
        np.testing.assert_array_equal(read_video(tmp_path / "a.gif").samples, given_.samples)

    def test_gif_of_few_colours_is_exact(self, tmp_path):
        colours = RNG.random((20, 3)).round(2)
        samples = np.rint(colours[RNG.integers(0, 20, (4, 6, 9))] * 255) / 255
        write_video(Signal(samples, VIDEO, format=SampleFormat(rate=10.0)), tmp_path / "a.gif")
        np.testing.assert_allclose(read_video(tmp_path / "a.gif").samples, samples, atol=1e-6)

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize(("bits", "floating"), [(16, False), (32, True)])
    def test_tiff_keeps_the_bits(self, tmp_path, channels, bits, floating):
        given_ = film(channels, bits=bits, floating=floating)
        write_video(given_, tmp_path / "a.tif")
        found = read_video(tmp_path / "a.tif")
        np.testing.assert_array_equal(found.samples, given_.samples)
        assert found.format == given_.format

    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_arrays(self, tmp_path, channels):
        given_ = film(channels, floating=True)
        write_video(given_, tmp_path / "a.npy")
        found = read_video(tmp_path / "a.npy")
        np.testing.assert_array_equal(found.samples, given_.samples)
        np.save(tmp_path / "b.npy", given_.samples[..., 0])
        np.testing.assert_array_equal(read_video(tmp_path / "b.npy").samples, given_.samples[..., :1])

    @pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
    @pytest.mark.parametrize("channels", [2, 4])
    def test_alpha_is_laid_over_black(self, tmp_path, suffix, channels):
        given_ = film(channels)
        write_video(given_, tmp_path / f"a{suffix}")
        found = read_video(tmp_path / f"a{suffix}")
        expected = given_.samples[..., :-1] * given_.samples[..., -1:]
        assert np.abs(found.samples - expected).max() <= 0.51 / 255
        assert found.notes[0] == "transparent parts were laid over black"


class TestTime:
    @pytest.mark.parametrize("suffix", [".png", ".gif", ".webp"])
    @pytest.mark.parametrize("rate", [5.0, 12.5, 24.0, 30.0])
    def test_the_length_is_kept(self, tmp_path, suffix, rate):
        write_video(film(1, (12, 3, 4), rate=rate), tmp_path / f"a{suffix}")
        found = read_video(tmp_path / f"a{suffix}")
        assert found.shape[0] == 12
        tick = {".png": 1e-6, ".gif": 0.01, ".webp": 0.001}[suffix]
        assert 12 / found.format.rate == pytest.approx(12 / rate, abs=tick)

    @pytest.mark.parametrize("suffix", [".png", ".gif", ".webp"])
    def test_frames_that_stay_are_repeated(self, tmp_path, suffix):
        """GIF and WebP join equal frames to longer ones."""
        order = [0, 1, 1, 1, 2, 3, 3, 4, 5, 6, 6]
        samples = film(1, (7, 3, 4)).samples[order]
        write_video(Signal(samples, VIDEO, format=SampleFormat(rate=30.0)), tmp_path / f"a{suffix}")
        found = read_video(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(found.samples, samples)
        assert found.format.rate == pytest.approx(30, rel=0.02)

    def test_durations_are_told(self, tmp_path):
        found = read(tmp_path, animation("GIF", plain([10, 20, 30]), duration=[100, 300, 100]))
        assert (found.samples[:, 0, 0, 0] * 255).round().tolist() == [10, 20, 20, 20, 30]
        assert found.format.rate == pytest.approx(10)
        assert found.notes == ("3 frames of different durations became 5 of equal ones",)

    def test_no_durations(self, tmp_path):
        found = read(tmp_path, animation("GIF", plain([10, 20, 30])))
        assert found.format.rate == 10
        assert found.notes == ("the file has no durations; 10 frames per second are assumed",)


class TestFrames:
    def test_one_frame_of_colour_makes_all_rgb(self, tmp_path):
        frames = [*plain([(9, 9, 9), (8, 8, 8)], "RGB"), *plain([(1, 2, 3)], "RGB")]
        assert read(tmp_path, animation("WEBP", frames, lossless=True)).channels == 3
        assert read(tmp_path, animation("WEBP", frames[:2], lossless=True)).channels == 1

    def test_grey_and_coloured_pages_are_converted_alike(self, tmp_path):
        with tifffile.TiffWriter(tmp_path / "a") as file:
            file.write(np.full((4, 5), 51, np.uint8), photometric="minisblack")
            file.write(np.full((4, 5, 3), (51, 102, 204), np.uint8), photometric="rgb")
        found = read_video(tmp_path / "a")
        assert (found.samples[:, 0, 0] * 255).round().tolist() == [[51, 51, 51], [51, 102, 204]]

    def test_transparent_gif(self, tmp_path):
        frames = plain([(200, 0, 0, 255), (0, 200, 0, 255)], "RGBA")
        for frame in frames:
            frame.putpixel((1, 2), (9, 9, 9, 0))
        found = read(tmp_path, animation("GIF", frames, disposal=2, duration=50))
        assert found.notes == ("transparent parts were laid over black",)
        assert (found.samples[:, 0, 0] * 255).round().tolist() == [[200, 0, 0], [0, 200, 0]]
        assert (found.samples[:, 2, 1] == 0).all()

    def test_pages_of_other_sizes_or_types_are_refused(self, tmp_path):
        for other in (np.zeros((4, 6), np.uint8), np.zeros((4, 5), np.uint16)):
            with tifffile.TiffWriter(tmp_path / "a") as file:
                file.write(np.zeros((4, 5), np.uint8), photometric="minisblack")
                file.write(other, photometric="minisblack")
            with pytest.raises(InputError, match="pages of one size and type, found another in page 2"):
                read_video(tmp_path / "a")

    def test_a_single_frame_is_an_image(self, tmp_path):
        for kind in ("GIF", "PNG", "WEBP", "TIFF"):
            refused(read_video, tmp_path / "a", animation(kind, plain([9])), "found one; read it as an image")

    def test_16_bits_of_an_animated_png(self, tmp_path):
        data = animation("PNG", [Image.new("I;16", (4, 3), value) for value in (1, 2)])
        refused(read_video, tmp_path / "a", data, "expected 8 bits per sample in an animated PNG")


def gif_header(width, height):
    """A screen of this size with two frames of one pixel."""
    whole = animation("GIF", plain([0, 255], size=(1, 1)))
    return whole[:6] + struct.pack("<HH", width, height) + whole[10:]


class TestLimits:
    @pytest.mark.parametrize("size", [(65535, 65535), (4100, 4100)])
    def test_gif(self, tmp_path, size):
        refused(read_video, tmp_path / "a", gif_header(*size), "100 million (pixels|samples), found a header")

    def test_animated_png(self, tmp_path):
        whole = animation("PNG", plain([0, 255]))
        at = whole.index(b"acTL")
        body = struct.pack(">II", 10**8, 0)
        changed = whole[: at + 4] + body + struct.pack(">I", zlib.crc32(b"acTL" + body)) + whole[at + 16 :]
        match = "100 million samples, found a header that declares 100000000 x 4 x 5 x 3"
        refused(read_video, tmp_path / "a", changed, match)

    def test_webp(self, tmp_path):
        whole = bytearray(animation("WEBP", plain([0, 255]), duration=100))
        at = whole.index(b"VP8X") + 12
        whole[at : at + 6] = struct.pack("<I", 16382)[:3] * 2
        refused(read_video, tmp_path / "a", bytes(whole), "100 million|not a readable WEBP")

    def test_a_frame_that_stays_for_ever(self, tmp_path):
        frames = plain([0, 255, 9], size=(200, 200))
        data = animation("GIF", frames, duration=[10, 655_350, 10])
        refused(read_video, tmp_path / "a", data, "100 million samples, found a header that declares 65537 x")

    def test_arrays(self, tmp_path):
        text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (500, 500, 500), }\n"
        with open(tmp_path / "a.npy", "wb") as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)
            file.truncate(200 + 500**3)
        with pytest.raises(InputError, match="100 million samples, found a header that declares 500 x 500"):
            read_video(tmp_path / "a.npy")

    @pytest.mark.parametrize("shape", [(4, 5), (2, 3, 4, 5), (2, 3, 4, 3, 1)])
    def test_arrays_of_other_shapes(self, tmp_path, shape):
        np.save(tmp_path / "a.npy", np.zeros(shape))
        with pytest.raises(InputError, match=r"expected an array of shape \(frames, rows, columns\)"):
            read_video(tmp_path / "a.npy")


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "the file is empty"),
        (b"\0\0\0\x20ftypisom" + bytes(40), "found MP4 data; convert it with ffmpeg -i FILE -vf fps=10"),
        (b"<html>", "found a web page"),
        (b"GIF89a", "not a readable GIF file"),
        (b"RIFF\x10\0\0\0WEBPVP8X", "not a readable WEBP file"),
    ],
)
def test_refused_in_one_line(tmp_path, data, match):
    refused(read_video, tmp_path / "a", data, match)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_truncated_files(tmp_path, kind):
    frames = [Image.fromarray((f * 255).astype(np.uint8)) for f in film(3, (3, 30, 40)).samples]
    whole = animation(kind, frames, **({"duration": 100} if kind != "TIFF" else {}))
    for part in (0.2, 0.5):
        refused(read_video, tmp_path / "a", whole[: int(part * len(whole))], "not a readable|found one")


def test_paths_and_films_that_cannot_be_written(tmp_path):
    check_video_path(tmp_path / "a.GIF")
    with pytest.raises(UsageError, match=r"'\.mp4'; expected one of \.gif \.png \.apng \.webp \.tif"):
        check_video_path(tmp_path / "a.mp4")
    with pytest.raises(UsageError, match="expected a film, found samples along row, column"):
        write_video(Signal(np.zeros((3, 4, 1)), IMAGE), tmp_path / "a.gif")
    with pytest.raises(UsageError, match=r"GIF has no alpha; write \.apng"):
        write_video(film(4), tmp_path / "a.gif")
    with pytest.raises(UsageError, match="at most 16383 pixels a side, found 16384"):
        write_video(film(1, (2, 1, 16384)), tmp_path / "a.webp")
    with pytest.raises(UsageError, match=r"found 5; write \.npy"):
        write_video(film(5), tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_the_sample():
    found = read_video(BUNNY)
    assert found.samples.shape == (20, 54, 96, 3)
    assert found.format.rate == 10
    assert found.notes == ()
    steps = np.abs(np.diff(found.samples, axis=0)).mean(axis=(1, 2, 3))
    assert (steps > 0.003).all()  # it moves, from every frame to the next
    assert (steps < 0.06).all()  # and without a cut


WHOLE = {
    "GIF": animation("GIF", plain([10, 20, 30]), duration=[100, 200, 100]),
    "PNG": animation("PNG", plain([10, 20, 30], "RGB"), duration=100),
    "WEBP": animation("WEBP", plain([10, 20, 30], "RGB"), duration=100),
    "TIFF": animation("TIFF", plain([10, 20, 30])),
    "LZW": animation("TIFF", plain([10, 20, 30], "RGB"), compression="tiff_lzw"),
}


@hostile
@given(data=st.data())
def test_damaged_files_are_signals_or_one_line(tmp_path, data):
    whole = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    check_reading(read_video, tmp_path / "a", data.draw(damaged(whole)))
