"""``reconstruct audio`` and its real stages on half a second of silence and tone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import sdf_siren
from sdf_siren.cli.main import main
from sdf_siren.signals import AUDIO, SampleFormat, Signal

QUICK = ("--parameters", "600", "--set", "fit.image.steps=60")


@pytest.fixture
def audio(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    time = np.arange(800) / 1600
    tone = 0.8 * np.sin(2 * np.pi * 20 * time) * (time > 0.1)
    form = SampleFormat(-1.0, 1.0, 16, rate=1600.0)
    sdf_siren.write_audio(Signal(tone[:, None], AUDIO, format=form), "tone.wav")

    def run(*words):
        code = main(["audio", *words])
        return code, *capsys.readouterr()

    return run


def test_default(audio):
    code, out, err = audio("tone.wav", *QUICK)
    assert code == 0, err
    found, true = sdf_siren.read_audio("tone_audio.wav"), sdf_siren.read_audio("tone.wav")
    assert found.format == true.format
    assert found.samples.shape == true.samples.shape
    assert "PSNR" in out
    assert "SSIM" not in out
    measures = json.loads(Path("tone_audio.wav.run/manifest.json").read_text())["measures"]
    assert measures["psnr"] > 15
    assert Path("tone_audio.wav.run/preview.png").exists()
    assert sdf_siren.load_signal_field("tone_audio.wav.run/field.safetensors").axes == AUDIO


def test_dry_run(audio):
    code, out, _ = audio("tone.wav", "--dry-run", *QUICK)
    assert code == 0
    assert "800 samples at 1600 per second, 0.50 s x 1" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nothing.wav",), 3, "nothing.wav: cannot be read"),
        (("tone.wav", "-o", "out.mp3"), 2, "expected .wav"),
        (("tone.wav", "--set", "extract.image.size=3x3"), 2, "a sound has neither"),
        (("tone.wav", "--set", "extract.image.export=gradient"), 2, "expected an image"),
    ],
)
def test_faults(audio, tmp_path, words, code, message):
    found, out, err = audio(*words)
    assert (found, out) == (code, "")
    *before, line = err.splitlines()
    assert message in line
    assert line.startswith("reconstruct: error: ")
    assert all(re.fullmatch(r"read\.\w+: .*", said) for said in before)
    assert {path.name for path in tmp_path.iterdir()} == {"tone.wav"}
