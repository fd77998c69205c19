"""``reconstruct video`` and its real stages on a few small frames of the shipped film."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import sdf_siren
from sdf_siren.cli.main import main

DATA = Path(__file__).parents[2] / "data"
QUICK = ("--parameters", "600", "--set", "fit.image.steps=60")


@pytest.fixture
def video(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    whole = sdf_siren.read_video(DATA / "videos" / "bunny.png")
    sdf_siren.write_video(whole.with_samples(whole.samples[:4, 10:22, 20:36]), "clip.gif")

    def run(*words):
        code = main(["video", *words])
        return code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("output", ["clip_video.png", "out.gif", "out.npy"])
def test_formats(video, output):
    words = () if output == "clip_video.png" else ("-o", output)
    code, _, err = video("clip.gif", *words, *QUICK)
    assert code == 0, err
    found, true = sdf_siren.read_video(output), sdf_siren.read_video("clip.gif")
    assert found.shape == true.shape
    measures = json.loads(Path(f"{output}.run/manifest.json").read_text())["measures"]
    assert measures["psnr"] > 10
    assert Path(f"{output}.run/preview.png").exists()


def test_larger_frames_are_smooth(video):
    code, _, err = video("clip.gif", "--set", "extract.image.size=32x24", *QUICK)
    assert code == 0
    assert "smooth, because" in err
    assert sdf_siren.read_video("clip_video.png").shape == (4, 24, 32)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nothing.gif",), 3, "nothing.gif: cannot be read"),
        (("clip.gif", "-o", "out.mp4"), 2, "cannot write the format '.mp4'"),
        (("clip.gif", "--set", "extract.image.export=gradient"), 2, "expected an image"),
    ],
)
def test_faults(video, tmp_path, words, code, message):
    found, out, err = video(*words)
    assert (found, out) == (code, "")
    *before, line = err.splitlines()
    assert message in line
    assert line.startswith("reconstruct: error: ")
    assert all(re.fullmatch(r"read\.\w+: .*", said) for said in before)
    assert {path.name for path in tmp_path.iterdir()} == {"clip.gif"}
