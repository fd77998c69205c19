"""The sheet of a sound fit: lines that hide no sample, spectra of known tones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sdf_siren.render.audio_sheet import loudest, outline, spectrogram, write_audio_sheet
from sdf_siren.render.charts import LINES


def pixels_of(path, *arguments, **options):
    write_audio_sheet(path, *arguments, psnr=30.0, **options)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.size == (1600, 16 + 250 + 250 + 200 + 340)
        return np.asarray(picture)


def tone(frequency, rate=8000, seconds=0.5):
    return np.sin(2 * np.pi * frequency * np.arange(round(rate * seconds)) / rate)[:, None]


def test_the_peak_of_a_spectrogram_is_the_tone():
    for frequency in (250.0, 1000.0, 3000.0):
        power = spectrogram(tone(frequency), 8000)
        frequencies = np.linspace(0, 4000, power.shape[1])
        assert (frequencies[power.argmax(axis=1)] == frequency).all()


def test_a_spectrogram_scales_as_power_and_adds_channels():
    one = tone(1000.0)
    assert spectrogram(3 * one, 8000) == pytest.approx(9 * spectrogram(one, 8000))
    assert spectrogram(np.hstack([one, -one]), 8000) == pytest.approx(2 * spectrogram(one, 8000))


def test_a_long_recording_has_no_larger_spectrogram():
    assert spectrogram(np.zeros((400_000, 1), dtype=np.float32), 8000).shape == (600, 129)


@settings(max_examples=20)
@given(st.integers(1, 20_000), st.integers(1, 3))
def test_an_outline_hides_no_extreme_and_stays_in_time(samples, channels):
    values = np.random.default_rng(samples).normal(size=(samples, channels))
    seconds, heights = outline(values, 100.0)
    assert heights.min() == values.min()
    assert heights.max() == values.max()
    assert (np.diff(seconds) >= 0).all()
    assert seconds[0] == 0
    assert seconds[-1] <= (samples - 1) / 100
    assert len(heights) <= 2 * 1600


def test_the_loudest_stretch():
    samples = np.zeros((1000, 2))
    samples[400:410, 1] = -1.0
    assert loudest(samples, 10) == (400, 410, 1)
    assert loudest(samples[:5], 10) == (0, 5, 0)


def test_a_fit_without_error_covers_the_recording(tmp_path):
    samples = tone(440.0, seconds=2.0)
    same = pixels_of(tmp_path / "a.png", samples, samples, 8000)
    other = pixels_of(tmp_path / "b.png", samples, samples / 2, 8000)
    seen = [(picture[40:240, 80:1450] == LINES[0]).all(2).sum() for picture in (same, other)]
    assert seen[0] == 0
    assert seen[1] > 1000
    width = 1568 // 2
    first, second = same[-330:, 16 : 16 + width], same[-330:, 16 + width : 16 + 2 * width]
    assert (first[50:] == second[50:]).all()  # below the titles
    assert not (other[-280:, 16 : 16 + width] == other[-280:, 16 + width : 16 + 2 * width]).all()


@pytest.mark.parametrize("samples", [1, 2, 3, 161, 100_000])
@pytest.mark.parametrize("rate", [1.0, 8000.0, 192_000.0])
def test_lengths_and_rates(tmp_path, samples, rate):
    true = np.random.default_rng(0).normal(size=(samples, 2)).astype(np.float32)
    pixels_of(tmp_path / "a.png", true, true * 0.9, rate)


def test_silence(tmp_path):
    silence = np.zeros((5000, 1))
    pixels_of(tmp_path / "a.png", silence, silence, 8000)


def test_what_cannot_be_shown_is_refused(tmp_path):
    true = np.zeros((10, 1))
    for arguments, message in (
        ((true, true[:5], 8000), "of one shape"),
        ((true[:, 0], true[:, 0], 8000), "of one shape"),
        ((true[:0], true[:0], 8000), "of one shape"),
        ((true, true, 0.0), "rate above zero"),
        ((true + np.nan, true, 8000), "finite recording"),
    ):
        with pytest.raises(ValueError, match=message):
            write_audio_sheet(tmp_path / "a.png", *arguments, psnr=1.0)
    assert not list(tmp_path.iterdir())
