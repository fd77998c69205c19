"""What ``reconstruct audio`` and ``reconstruct video`` share: resuming, and the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sdf_siren
from sdf_siren.cli.main import main
from sdf_siren.engine.stage import Context
from sdf_siren.signals import AUDIO, VIDEO, SampleFormat, Signal

QUICK = ("--parameters", "600", "--set", "fit.image.steps=100", "--quiet")


@pytest.fixture(params=["audio", "video"])
def words(request, tmp_path, monkeypatch):
    """A command on a small signal, and the name of what it writes."""
    monkeypatch.chdir(tmp_path)
    samples = np.random.default_rng(0).uniform(size=(400, 1))
    if request.param == "audio":
        form = SampleFormat(-1.0, 1.0, 16, rate=1600.0)
        sdf_siren.write_audio(Signal(samples, AUDIO, format=form), "in.wav")
        return ["audio", "in.wav", "-o", "out.wav", *QUICK]
    film = Signal(samples.reshape(4, 10, 10, 1), VIDEO, format=SampleFormat(rate=10.0))
    sdf_siren.write_video(film, "in.png")
    return ["video", "in.png", "-o", "out.png", *QUICK]


def test_interrupted_and_resumed_is_the_same(words, monkeypatch):
    output, progress = Path(words[3]), Context.progress

    def stop(self, report):
        progress(self, report)
        if report.task == "fit" and report.done == 50:
            raise KeyboardInterrupt

    monkeypatch.setattr(Context, "progress", stop)
    assert main(words) == 130
    assert not output.exists()
    monkeypatch.setattr(Context, "progress", progress)
    assert main([*words, "--resume"]) == 0
    written = (output, Path(f"{output}.run/field.safetensors"))
    resumed = [path.read_bytes() for path in written]
    assert main([*words, "--force"]) == 0
    assert [path.read_bytes() for path in written] == resumed


def test_the_page_shows_the_preview(words, capsys):
    assert main([*words, "--report"]) == 0
    page = Path(f"{words[3]}.run/report.html")
    first = page.read_text("utf-8")
    assert first.count('src="data:image/png;base64,') == 1
    assert "dB at the samples" in first
    page.unlink()
    assert main(["report", words[3]]) == 0
    assert "dB at the samples" in page.read_text("utf-8")
    assert "chosen by the fit" in page.read_text("utf-8")
