"""WAV: round trips of every kind, against the standard library and SciPy, and headers that lie."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import scipy.io.wavfile
from hostile import check_reading, damaged, hostile, refused
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import check_audio_path, read_audio, write_audio
from sdf_siren.signals import AUDIO, IMAGE, SampleFormat, Signal

RNG = np.random.default_rng(0)
GUITAR = Path(__file__).parents[2] / "data" / "sounds" / "guitar.wav"
INTEGERS = (8, 16, 24, 32)


def sound(bits, channels=2, count=51, floating=False, rate=8000.0):
    """Random samples that the format holds exactly, its ends among them."""
    if floating:
        samples = RNG.normal(size=(count, channels)).astype(np.float32)
    else:
        full = 2 ** (min(bits, 24) - 1)
        samples = RNG.integers(-full, full, (count, channels)) / full
        samples[:2, 0] = -1, (full - 1) / full
    return Signal(samples, AUDIO, format=SampleFormat(-1.0, 1.0, bits, floating, rate=rate))


class TestRoundTrip:
    @pytest.mark.parametrize("bits", INTEGERS)
    @pytest.mark.parametrize("channels", [1, 2, 3, 8])
    @pytest.mark.parametrize("count", [1, 50, 51])
    def test_integers(self, tmp_path, bits, channels, count):
        given_ = sound(bits, channels, max(count, 2))
        given_ = given_.with_samples(given_.samples[:count])
        write_audio(given_, tmp_path / "a.wav")
        found = read_audio(tmp_path / "a.wav")
        np.testing.assert_array_equal(found.samples, given_.samples)
        assert found.format == given_.format
        assert found.axes == AUDIO
        assert (tmp_path / "a.wav").stat().st_size % 2 == 0

    @pytest.mark.parametrize("channels", [1, 2, 8])
    def test_real_numbers_are_kept_as_they_are(self, tmp_path, channels):
        given_ = sound(32, channels, floating=True)
        write_audio(given_, tmp_path / "a.wav")
        found = read_audio(tmp_path / "a.wav")
        np.testing.assert_array_equal(found.samples, given_.samples)
        assert found.format == given_.format
        assert found.notes == ("samples beyond -1..1 are kept; PCM would clip them",)

    @pytest.mark.parametrize("bits", INTEGERS)
    def test_integers_clip_and_round(self, tmp_path, bits):
        step = 2.0 ** (1 - bits)
        samples = np.array([-3, -1, -0.4 * step, 0.6 * step, 1, 3])[:, None]
        write_audio(
            Signal(samples, AUDIO, format=SampleFormat(-1.0, 1.0, bits, rate=8.0)), tmp_path / "a.wav"
        )
        found = read_audio(tmp_path / "a.wav").samples[:, 0]
        np.testing.assert_array_equal(found, np.float32([-1, -1, 0, step, 1 - step, 1 - step]))


class TestOtherLibraries:
    @pytest.mark.parametrize("bits", INTEGERS)
    def test_the_standard_library_reads_it(self, tmp_path, bits):
        given_ = sound(bits)
        write_audio(given_, tmp_path / "a.wav")
        with wave.open(str(tmp_path / "a.wav")) as file:
            assert file.getparams()[:4] == (2, bits // 8, 8000, 51)
            first = file.readframes(1)[: bits // 8]
        assert int.from_bytes(first, "little", signed=bits > 8) == (0 if bits == 8 else -(2 ** (bits - 1)))

    @pytest.mark.parametrize("dtype", ["u1", "<i2", "<i4", "<f4", "<f8"])
    @pytest.mark.parametrize("channels", [1, 2, 5])
    def test_what_scipy_writes(self, tmp_path, dtype, channels):
        if dtype[1] == "f":
            values = RNG.uniform(-1, 1, (30, channels)).astype(dtype)
            expected = values.astype(np.float32)
        else:
            low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
            values = RNG.integers(low, high, (30, channels), endpoint=True).astype(dtype)
            middle = 128 if dtype == "u1" else 0
            expected = (values.astype(np.float64) - middle) / 2 ** (8 * values.itemsize - 1)
        scipy.io.wavfile.write(tmp_path / "a.wav", 44100, values)
        found = read_audio(tmp_path / "a.wav")
        np.testing.assert_allclose(found.samples, expected, rtol=2e-7)
        assert found.format.rate == 44100
        assert found.format.floating == (dtype[1] == "f")
        wide = dtype in ("<i4", "<f8")
        assert found.notes == (
            (f"samples of {8 * values.itemsize} bits were rounded to single precision",) * wide
        )


def wav(fmt, data, *, declared=None, before=b"", after=b""):
    chunk = struct.pack("<4sI", b"data", len(data) if declared is None else declared) + data
    form = struct.pack("<4sI", b"fmt ", len(fmt)) + fmt if fmt is not None else b""
    body = b"WAVE" + before + form + chunk + after
    return b"RIFF" + struct.pack("<I", len(body)) + body


def fmt(tag=1, channels=1, rate=8000, bits=16, block=None, extension=b""):
    block = channels * bits // 8 if block is None else block
    return struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits) + extension


def extensible(tag, bits):
    guid = struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
    return fmt(0xFFFE, bits=bits, extension=struct.pack("<HHI", 22, bits, 4) + guid)


def read(tmp_path, data):
    (tmp_path / "a.wav").write_bytes(data)
    return read_audio(tmp_path / "a.wav")


class TestChunks:
    def test_others_are_skipped(self, tmp_path):
        other = b"LIST\x03\0\0\0abc\0"  # of odd length, padded
        found = read(tmp_path, wav(fmt(), struct.pack("<hh", 16384, -16384), before=other, after=other))
        assert found.samples.tolist() == [[0.5], [-0.5]]

    def test_extensible_formats(self, tmp_path):
        found = read(tmp_path, wav(extensible(1, 16), struct.pack("<h", 16384)))
        assert found.samples.tolist() == [[0.5]]
        found = read(tmp_path, wav(extensible(3, 32), struct.pack("<f", 0.3)))
        assert found.samples.tolist() == [[np.float32(0.3)]]

    def test_an_incomplete_last_sample_is_left_out(self, tmp_path):
        found = read(tmp_path, wav(fmt(channels=2), struct.pack("<hhh", 16384, -16384, 5)))
        assert found.samples.tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "the file is empty"),
        (b"<html>Not found", "expected a WAV sound, found a web page"),
        (b"\xff\xfb\x90\x64" + bytes(20), "expected a WAV sound, found a file that starts with"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "expected a WAV sound, found WEBP data"),
        (b"RIFF\x04\0\0\0WAVE", "expected a chunk of samples"),
        (wav(fmt(), bytes(100), declared=101), r"b'data' declares 101 bytes, found 100; .* truncated"),
        (wav(fmt(), bytes(100), declared=2**32 - 1), "declares 4294967295 bytes.* written to a pipe"),
        (wav(None, bytes(100)), "expected the format before the samples"),
        (wav(fmt()[:14], bytes(100)), "at least 16 bytes, found 14"),
        (wav(fmt(), b""), "expected 1 to 50 million samples, found 0"),
        (wav(fmt(), b"\0"), "expected 1 to 50 million samples, found 0"),
        (wav(fmt(tag=2, bits=4, block=1), bytes(100)), "found 4 bits of the WAV format 0x0002"),
        (wav(fmt(tag=3, bits=16), bytes(100)), "found 16 bits of the WAV format 0x0003"),
        (wav(fmt(tag=0x55, bits=0), bytes(100)), "found 0 bits of the WAV format 0x0055"),
        (wav(fmt(tag=0xFFFE), bytes(100)), "found 16 bits of the WAV format 0xfffe"),
        (wav(fmt(channels=0), bytes(100)), "found 0 channels"),
        (wav(fmt(channels=9), bytes(180)), "found 9 channels"),
        (wav(fmt(rate=0), bytes(100)), "at 0 per second"),
        (wav(fmt(block=4), bytes(100)), "in blocks of 4 bytes"),
        (wav(fmt(tag=3, bits=32), struct.pack("<f", np.nan)), "expected finite samples"),
        (wav(fmt(tag=3, bits=64), struct.pack("<d", 1e300)), "expected finite samples"),
    ],
)
def test_refused_in_one_line(tmp_path, data, match):
    refused(read_audio, tmp_path / "a.wav", data, match)


def test_too_many_samples_are_refused_before_they_are_read(tmp_path):
    path = tmp_path / "a.wav"
    with open(path, "wb") as file:
        file.write(wav(fmt(), b"", declared=100_000_002))
        file.truncate(44 + 100_000_002)  # a hole: nothing is written
    with pytest.raises(InputError, match="expected 1 to 50 million samples, found 50000001"):
        read_audio(path)


def test_paths_and_sounds_that_cannot_be_written(tmp_path):
    check_audio_path(tmp_path / "a.WAV")
    with pytest.raises(UsageError, match=r"cannot write the format '\.mp3'; expected \.wav"):
        check_audio_path(tmp_path / "a.mp3")
    with pytest.raises(UsageError, match="expected a sound, found samples along row, column"):
        write_audio(Signal(np.zeros((3, 4, 1)), IMAGE), tmp_path / "a.wav")
    with pytest.raises(UsageError, match="1 to 8 channels at a rate above zero, found 9 at 8000"):
        write_audio(sound(16, channels=9), tmp_path / "a.wav")
    with pytest.raises(UsageError, match="found 2 at 0 per second"):
        write_audio(sound(16, rate=0.0), tmp_path / "a.wav")
    assert not list(tmp_path.iterdir())


def test_the_sample():
    found = read_audio(GUITAR)
    assert found.samples.shape == (66_150, 1)
    assert (found.format.rate, found.format.bits, found.format.floating) == (22_050, 16, False)
    assert np.sqrt(np.mean(found.samples**2)) == pytest.approx(0.045, abs=0.001)
    assert found.notes == ()


WHOLE = {
    "16": wav(fmt(channels=2), bytes(range(40))),
    "24": wav(fmt(bits=24), bytes(range(30)), before=b"LIST\x03\0\0\0abc\0"),
    "float": wav(extensible(3, 32), RNG.normal(size=9).astype("<f4").tobytes()),
    "double": wav(fmt(tag=3, bits=64), RNG.normal(size=9).tobytes()),
}


@hostile
@given(data=st.data())
def test_damaged_files_are_signals_or_one_line(tmp_path, data):
    whole = WHOLE[data.draw(st.sampled_from(sorted(WHOLE)))]
    check_reading(read_audio, tmp_path / "a.wav", data.draw(damaged(whole)))


def test_what_is_read_is_not_what_wave_would_make_of_a_cut(tmp_path):
    """The standard library reads what is there of a truncated file, without a word."""
    write_audio(sound(16), tmp_path / "a.wav")
    cut = (tmp_path / "a.wav").read_bytes()[:-20]
    with wave.open(io.BytesIO(cut)) as file:
        assert len(file.readframes(51)) == 51 * 4 - 20
    refused(read_audio, tmp_path / "a.wav", cut, "truncated")
