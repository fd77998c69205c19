"""Images: round trips of every format, kind and depth; conversions; and files that lie."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hostile import check_reading, damaged, hostile, refused
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import check_image_path, read_image, write_image
from sdf_siren.signals import AUDIO, IMAGE, SampleFormat, Signal

RNG = np.random.default_rng(0)
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def image(channels, bits=8, floating=False, shape=(9, 13), **more):
    """Random samples that the format holds exactly."""
    if floating:
        samples = RNG.normal(size=(*shape, channels)).astype(np.float32)
        form = SampleFormat(
            float(samples.min()), float(samples.max()), 32, True, more.pop("icc_profile", None)
        )
    else:
        full = 2**bits - 1
        samples = RNG.integers(0, full, (*shape, channels), endpoint=True) / np.float32(full)
        form = SampleFormat(bits=bits, icc_profile=more.pop("icc_profile", None))
    return Signal(samples, IMAGE, format=form, **more)


def smooth(channels, shape=(40, 60)):
    y, x = np.meshgrid(*(np.linspace(0, 3, n) for n in shape), indexing="ij")
    waves = [np.sin(x + k) * np.cos(y - k) for k in range(channels)]
    return Signal((np.stack(waves, -1) + 1) / 2, IMAGE)


def saved(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, format=kind, **options)
    return file.getvalue()


class TestRoundTrip:
    @pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".npy", ".PNG"])
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    @pytest.mark.parametrize("bits", [8, 16])
    def test_integers(self, tmp_path, suffix, channels, bits):
        given_ = image(channels, bits)
        write_image(given_, tmp_path / f"a{suffix}")
        found = read_image(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(found.samples, given_.samples)
        assert found.axes == IMAGE
        assert found.spacing == (1.0, 1.0)
        if suffix != ".npy":  # there the samples are what is written: numbers of no known largest
            assert found.format == given_.format
        assert found.notes == ()

    @pytest.mark.parametrize("suffix", [".tif", ".npy"])
    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_real_numbers_are_kept_as_they_are(self, tmp_path, suffix, channels):
        given_ = image(channels, floating=True)
        write_image(given_, tmp_path / f"a{suffix}")
        found = read_image(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(found.samples, given_.samples)
        assert found.format == given_.format

    @pytest.mark.parametrize("channels", [1, 2, 3, 4])
    def test_real_numbers_become_16_bits_in_png(self, tmp_path, channels):
        given_ = image(channels, floating=True)
        write_image(given_, tmp_path / "a.png")
        found = read_image(tmp_path / "a.png")
        assert found.format.bits == 16
        unit = (given_.samples - given_.format.low) / given_.format.peak
        assert np.abs(found.samples - unit).max() <= 0.51 / 65535

    @pytest.mark.parametrize("channels", [1, 3])
    @pytest.mark.parametrize("suffix", [".jpg", ".jpeg"])
    def test_jpeg_is_close(self, tmp_path, channels, suffix):
        given_ = smooth(channels)
        write_image(given_, tmp_path / f"a{suffix}")
        found = read_image(tmp_path / f"a{suffix}")
        assert found.channels == channels
        assert np.sqrt(np.mean((found.samples - given_.samples) ** 2)) < 0.01

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
    def test_profile_and_shape_of_pixels(self, tmp_path, suffix):
        given_ = image(3, icc_profile=PROFILE, spacing=(1.0, 1.25))
        write_image(given_, tmp_path / f"a{suffix}")
        found = read_image(tmp_path / f"a{suffix}")
        assert found.format.icc_profile == PROFILE
        assert found.spacing == pytest.approx((1.0, 1.25), rel=2e-3)
        assert found.notes == ("the pixels are 0.8 times as high as wide; kept",)
        with Image.open(tmp_path / f"a{suffix}") as picture:
            assert picture.info["icc_profile"] == PROFILE

    @pytest.mark.parametrize("bits", [8, 16])
    def test_integers_clip_and_round(self, tmp_path, bits):
        full = 2**bits - 1
        samples = np.array([-0.5, 0, 0.4 / full, 0.6 / full, 1 - 0.4 / full, 1, 7]).reshape(1, 7, 1)
        for suffix in (".png", ".tif"):
            write_image(Signal(samples, IMAGE, format=SampleFormat(bits=bits)), tmp_path / f"a{suffix}")
            found = np.rint(read_image(tmp_path / f"a{suffix}").samples.ravel() * full)
            assert found.tolist() == [0, 0, 0, 1, full, full, full]

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy"])
    def test_one_pixel(self, tmp_path, suffix):
        write_image(image(1, shape=(1, 1)), tmp_path / f"a{suffix}")
        assert read_image(tmp_path / f"a{suffix}").samples.shape == (1, 1, 1)

    def test_pillow_reads_what_was_written(self, tmp_path):
        for channels, mode in ((1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")):
            given_ = image(channels)
            for suffix in (".png", ".tif"):
                write_image(given_, tmp_path / f"a{suffix}")
                with Image.open(tmp_path / f"a{suffix}") as picture:
                    assert picture.mode == mode
                    found = np.asarray(picture).reshape(given_.samples.shape)
                    np.testing.assert_array_equal(found, np.rint(given_.samples * 255))


class TestWriter:
    def test_paths(self, tmp_path):
        for name in ("a.png", "a.JPEG", "a.tiff", "a.npy"):
            check_image_path(tmp_path / name)
        with pytest.raises(
            UsageError, match=r"'\.bmp'; expected one of \.png \.jpg \.jpeg \.tif \.tiff \.npy"
        ):
            check_image_path(tmp_path / "a.bmp")
        with pytest.raises(UsageError, match="does not exist"):
            write_image(image(1), tmp_path / "no" / "a.png")

    @pytest.mark.parametrize("channels", [2, 4])
    def test_jpeg_has_no_alpha(self, tmp_path, channels):
        with pytest.raises(UsageError, match=r"JPEG has no alpha; write \.png"):
            write_image(image(channels), tmp_path / "a.jpg")
        assert not list(tmp_path.iterdir())

    def test_what_the_formats_cannot_hold(self, tmp_path):
        with pytest.raises(UsageError, match="at most 65500 pixels a side, found 65501"):
            write_image(image(1, shape=(1, 65501)), tmp_path / "a.jpg")
        with pytest.raises(UsageError, match=r"1 to 4 channels, found 5; write \.npy"):
            write_image(image(5), tmp_path / "a.png")
        with pytest.raises(UsageError, match="expected an image, found samples along time"):
            write_image(Signal(np.zeros((9, 1)), AUDIO), tmp_path / "a.png")
        assert not list(tmp_path.iterdir())


class TestConversions:
    @pytest.mark.parametrize(
        ("mode", "target", "note"),
        [
            ("1", "L", "bilevel pixels were converted to grey"),
            ("P", "RGB", "the palette was converted to RGB"),
            ("CMYK", "RGB", "CMYK was converted to RGB"),
            ("YCbCr", "RGB", "YCbCr was converted to RGB"),
            ("LAB", "RGB", "CIELAB was converted to sRGB"),
        ],
    )
    def test_other_modes(self, tmp_path, mode, target, note):
        rgb = Image.fromarray((smooth(3).samples * 255).astype(np.uint8))
        if mode == "LAB":
            lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(rgb, srgb, lab, outputMode="LAB")
            del picture.info["icc_profile"]
        else:
            picture = rgb.convert(mode)
        (tmp_path / "a.tif").write_bytes(saved(picture, "TIFF"))
        found = read_image(tmp_path / "a.tif")
        assert len(found.notes) == 1
        assert found.notes[0].startswith(note)
        expected = np.asarray(picture.convert(target)).reshape(*found.shape, -1)
        np.testing.assert_array_equal(np.rint(found.samples * 255), expected)

    @pytest.mark.parametrize("mode", ["L", "RGB", "P"])
    def test_a_transparent_colour_becomes_alpha(self, tmp_path, mode):
        pixels = np.zeros((2, 3, 3), np.uint8)
        pixels[0, 1] = 255
        picture = Image.fromarray(pixels).convert(mode)
        key = picture.getpixel((1, 0))
        (tmp_path / "a.png").write_bytes(saved(picture, "PNG", transparency=key))
        found = read_image(tmp_path / "a.png")
        assert found.channels == (2 if mode == "L" else 4)
        expected = np.ones((2, 3))
        expected[0, 1] = 0
        np.testing.assert_array_equal(found.samples[..., -1], expected)
        assert found.notes

    def test_a_profile_does_not_outlive_its_colour_space(self, tmp_path):
        picture = Image.new("CMYK", (3, 2), (10, 20, 30, 40))
        (tmp_path / "a.jpg").write_bytes(saved(picture, "JPEG", icc_profile=b"of inks"))
        found = read_image(tmp_path / "a.jpg")
        assert found.format.icc_profile is None
        assert found.notes[-1] == "the CMYK profile was dropped"

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_orientation(self, tmp_path, kind, orientation):
        exif = Image.Exif()
        exif[274] = orientation
        pixels = (smooth(3, (16, 24)).samples * 255).astype(np.uint8)
        options = {"exif": exif, "dpi": (100, 200)} | ({"quality": 95} if kind == "JPEG" else {})
        data = saved(Image.fromarray(pixels), kind, **options)
        (tmp_path / "a").write_bytes(data)
        found = read_image(tmp_path / "a")
        with Image.open(io.BytesIO(data)) as picture:
            # Pillow decodes TIFF upright.
            expected = np.asarray(picture if kind == "TIFF" else ImageOps.exif_transpose(picture))
        np.testing.assert_array_equal(np.rint(found.samples * 255), expected)
        # Pixels are twice as wide as high before they are turned.
        assert found.spacing == pytest.approx((1, 2) if orientation < 5 else (2, 1), rel=1e-2)

    def test_orientation_of_compressed_tiff(self, tmp_path):
        exif = Image.Exif()
        exif[274] = 6
        pixels = (smooth(3, (16, 24)).samples * 255).astype(np.uint8)
        data = saved(Image.fromarray(pixels), "TIFF", exif=exif, dpi=(100, 200), compression="tiff_lzw")
        (tmp_path / "a.tif").write_bytes(data)
        found = read_image(tmp_path / "a.tif")
        np.testing.assert_array_equal(np.rint(found.samples * 255), np.rot90(pixels, -1))
        assert found.spacing == pytest.approx((2, 1), rel=1e-2)

    def test_shapes_of_pixels_that_cannot_be(self, tmp_path):
        picture = Image.new("L", (3, 2))
        (tmp_path / "a.png").write_bytes(saved(picture, "PNG", dpi=(72, 7200)))
        found = read_image(tmp_path / "a.png")
        assert found.spacing == (1.0, 1.0)
        assert "taken as square" in found.notes[0]

    def test_the_first_of_several_frames(self, tmp_path):
        frames = [Image.new("L", (3, 2), value) for value in (51, 102, 204)]
        for kind, what in (("PNG", "frames"), ("TIFF", "pages")):
            data = saved(frames[0], kind, save_all=True, append_images=frames[1:])
            (tmp_path / "a").write_bytes(data)
            found = read_image(tmp_path / "a")
            assert np.unique(found.samples) == pytest.approx([0.2])
            assert found.notes[0].startswith(f"the first of 3 {what} was")


class TestArrays:
    @pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 4)])
    @pytest.mark.parametrize("dtype", ["<f4", ">f8", "<f2", "|u1", "<u2", ">u2", "<i4"])
    def test_of_any_type(self, tmp_path, shape, dtype):
        values = (RNG.random(shape) * 200).astype(dtype)
        np.save(tmp_path / "a.npy", values)
        found = read_image(tmp_path / "a.npy")
        full = {"u1": 255, "u2": 65535}.get(dtype[1:])
        expected = values.astype(np.float64).reshape(5, 7, -1) / (full or 1)
        np.testing.assert_allclose(found.samples, expected, rtol=1e-6)
        assert found.format.floating == (full is None)
        if full is None:
            assert (found.format.low, found.format.high) == (found.samples.min(), found.samples.max())
        else:
            assert (found.format.low, found.format.high, 2**found.format.bits) == (0, 1, full + 1)

    def test_constant_values_have_a_peak(self, tmp_path):
        np.save(tmp_path / "a.npy", np.full((2, 2), 3.0))
        assert read_image(tmp_path / "a.npy").format.peak == 1

    @pytest.mark.parametrize("shape", [(5,), (5, 7, 5), (5, 7, 3, 1), (0, 7)])
    def test_of_other_shapes_are_refused(self, tmp_path, shape):
        np.save(tmp_path / "a.npy", np.zeros(shape))
        with pytest.raises(InputError, match=r"expected an array of shape|is empty"):
            read_image(tmp_path / "a.npy")

    @pytest.mark.parametrize("value", [np.nan, np.inf, 1e300])
    def test_of_numbers_that_are_none_are_refused(self, tmp_path, value):
        np.save(tmp_path / "a.npy", np.full((2, 2), value))
        with pytest.raises(InputError, match="expected finite samples"):
            read_image(tmp_path / "a.npy")


def png_header(width, height, depth=8, kind=2):
    body = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    chunks = ((b"IHDR", body), (b"IDAT", zlib.compress(bytes(100))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


def jpeg_header(width, height):
    whole = bytearray(saved(Image.new("RGB", (8, 8)), "JPEG"))
    at = whole.index(b"\xff\xc0") + 5
    whole[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


class TestLimits:
    @pytest.mark.parametrize("depth", [8, 16])
    @pytest.mark.parametrize(
        "size", [(65535, 65535), (10**8 + 1, 1), (12_000, 12_000), (2**31 - 1, 2**31 - 1)]
    )
    def test_png(self, tmp_path, size, depth):
        match = "100 million pixels, found a header that declares"
        refused(read_image, tmp_path / "a.png", png_header(*size, depth), match)

    @pytest.mark.parametrize("size", [(65535, 65535), (65500, 1527), (10_001, 10_000)])
    def test_jpeg(self, tmp_path, size):
        refused(read_image, tmp_path / "a.jpg", jpeg_header(*size), "100 million pixels, found a header")

    def test_arrays(self, tmp_path):
        text = b"{'descr': '|u1', 'fortran_order': False, 'shape': (65535, 65535), }\n"
        data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text
        refused(read_image, tmp_path / "a.npy", data + bytes(100), "declares 4294836225 bytes, found 100")

    def test_declared_pixels_that_are_not_there(self, tmp_path):
        for depth in (8, 16):
            data = png_header(9000, 9000, depth)
            refused(read_image, tmp_path / "a.png", data, "not a readable PNG file")


class TestRefused:
    @pytest.mark.parametrize(
        ("name", "data", "match"),
        [
            ("a.png", b"", "the file is empty"),
            ("a.png", b"<!DOCTYPE html><html>Not found", "PNG, JPEG or TIFF image, found a web page"),
            ("a.tif", b"  <svg xmlns='...'>", "found a web page or XML text"),
            ("a.jpg", b"GIF89a" + bytes(30), "found GIF data; convert it to PNG"),
            ("a.png", b"\x93NUMPY\x01\0", "found NPY data"),
            ("a.png", b"just text", r"found a file that starts with b'just tex'"),
            ("a.png", b"\x89PNG\r\n\x1a\n", "not a readable PNG file"),
            ("a.jpg", b"\xff\xd8\xff\xe0", "not a readable JPEG file"),
            ("a.tif", b"II*\0\x08\0\0\0", "not a readable TIFF file"),
            ("a.npy", b"text", "not a NumPy array file"),
        ],
    )
    def test_in_one_line(self, tmp_path, name, data, match):
        refused(read_image, tmp_path / name, data, match)

    def test_what_is_no_file(self, tmp_path):
        with pytest.raises(InputError, match="no such file"):
            read_image(tmp_path / "a.png")
        with pytest.raises(InputError, match="found a folder"):
            read_image(tmp_path)

    @pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
    @pytest.mark.parametrize("bits", [8, 16])
    def test_truncated_files(self, tmp_path, suffix, bits):
        path = tmp_path / f"a{suffix}"
        write_image(image(3, bits, shape=(60, 80)), path)
        whole = path.read_bytes()
        for part in (0.2, 0.5, 0.9):
            refused(read_image, path, whole[: int(part * len(whole))], f"a{suffix}: ")

    def test_the_content_decides_and_not_the_name(self, tmp_path):
        (tmp_path / "a.png").write_bytes(saved(Image.new("RGB", (3, 2)), "JPEG"))
        assert read_image(tmp_path / "a.png").samples.shape == (2, 3, 3)


def whole_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    for suffix in (".png", ".tif", ".jpg", ".npy"):
        for bits in (8, 16):
            write_image(image(3, bits, icc_profile=PROFILE[:50]), folder / f"{bits}{suffix}")
    write_image(image(4, floating=True), folder / "float.tif")
    palette = Image.fromarray((smooth(3).samples * 255).astype(np.uint8)).convert("P")
    (folder / "palette.png").write_bytes(saved(palette, "PNG"))
    (folder / "lzw.tif").write_bytes(saved(palette.convert("RGB"), "TIFF", compression="tiff_lzw"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    return whole_files(tmp_path_factory)


@hostile
@given(data=st.data())
def test_damaged_files_are_signals_or_one_line(tmp_path, wholes, data):
    name = data.draw(st.sampled_from(sorted(wholes)))
    check_reading(read_image, tmp_path / name, data.draw(damaged(wholes[name])))
