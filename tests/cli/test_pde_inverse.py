"""``reconstruct pde`` on an inverse problem, small and coarse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sdf_siren import load_slowness
from sdf_siren.cli.main import main
from sdf_siren.fitting.inverse_scattering import Recovery
from sdf_siren.io import read_grid

TEXT = """
title = "A spot"
equation = "inverse_helmholtz"
wavenumber = 4
exact = "1 + 0.3*exp(-((x-0.05)^2 + y^2)/(2*0.1^2))"
[domain]
shape = "box"
low = [-0.8, -0.8]
high = [0.8, 0.8]
[absorbing_layer]
thickness = 0.3
[region]
centre = [0, 0]
radius = 0.38
[measurements]
file = "waves.csv"
field = "scattered"
source_width = 0.03
"""
QUICK = ("--resolution", "12", "--set", "fit.slowness.units=24", "--set", "fit.slowness.steps=2")
RUN_FILES = {
    "events.jsonl",
    "field.safetensors",
    "fit.checkpoint",
    "manifest.json",
    "pipeline.toml",
    "preview.png",
}


def ring(count, radius):
    angle = np.arange(count) * 2 * np.pi / count
    return radius * np.stack([np.cos(angle), np.sin(angle)], 1)


@pytest.fixture(scope="module")
def measured():
    """Born's approximation: of small contrast, and all that a test needs."""
    side = np.linspace(-0.38, 0.38, 60)
    x = np.stack(np.meshgrid(side, side, indexing="ij"), -1).reshape(-1, 2)
    spot = 0.3 * np.exp(-((x[:, 0] - 0.05) ** 2 + x[:, 1] ** 2) / (2 * 0.1**2)) * (side[1] - side[0]) ** 2
    lines = ["source_x,source_y,receiver_x,receiver_y,real,imag"]
    for source in ring(3, 0.44):
        for receiver in ring(12, 0.46):
            heard = -16 * (spot * free(x - source) * free(x - receiver)).sum()
            lines.append(",".join(map(repr, map(float, [*source, *receiver, heard.real, heard.imag]))))
    return "\n".join(lines)


def free(away):
    """The field of a point source in empty space, of lap u + 16 u = delta."""
    from scipy.special import hankel2

    return 0.25j * hankel2(0, 4 * np.linalg.norm(away, axis=1))


@pytest.fixture
def pde(tmp_path, monkeypatch, capsys, measured):
    (tmp_path / "mine.toml").write_text(TEXT)
    (tmp_path / "waves.csv").write_text(measured)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = main(["pde", *(str(word) for word in words)])
        return code, *capsys.readouterr()

    return run


def test_a_run(pde):
    code, out, err = pde("mine.toml", *QUICK)
    assert code == 0, err
    assert "details finer than that come out blurred" in err
    assert re.search(r"^misfit of what receivers heard 0\.\d+, of receivers held out 0\.\d+; ", out, re.M)
    assert "error of the squared slowness: relative L2" in out
    grid = read_grid("mine_solution.npz")
    assert list(grid.values) == ["squared_slowness", "exact", "error"]
    assert 1.1 < grid.values["squared_slowness"].max() < 1.5
    assert {p.name for p in Path("mine_solution.npz.run").iterdir()} == RUN_FILES
    with Image.open("mine_solution.npz.run/preview.png") as picture:
        assert picture.width > 3 * picture.height
    manifest = json.loads(Path("mine_solution.npz.run/manifest.json").read_text())
    assert [Path(other["path"]).name for other in manifest["input"]["others"]] == ["waves.csv"]
    import torch

    x, y = (torch.from_numpy(axis) for axis in grid.axes.values())
    found = load_slowness("mine_solution.npz.run/field.safetensors").value(torch.cartesian_prod(x, y))
    assert np.allclose(found.numpy(), grid.values["squared_slowness"].ravel(), atol=1e-12)


@pytest.mark.parametrize("suffix", ["vti", "png"])
def test_formats(pde, suffix):
    words = ("--quiet", "--set", "fit.slowness.strength=1e-2", "-o", f"m.{suffix}")
    assert pde("mine.toml", *QUICK, *words) == (0, "", "")
    assert Path(f"m.{suffix}").read_bytes()[:5] == {"vti": b"<?xml", "png": b"\x89PNG\r"}[suffix]


def test_dry_run(pde):
    code, out, _ = pde("mine.toml", "--dry-run")
    assert code == 0
    assert "3 sources, 12 receivers, wavelength 1.57; squared slowness known" in out
    assert not list(Path().glob("*.npz*"))


def test_resume_is_bit_for_bit(pde, monkeypatch):
    step, count = Recovery._step, []

    def counted(self):
        count.append(self.done)
        if len(count) == 6:
            raise KeyboardInterrupt
        return step(self)

    monkeypatch.setattr(Recovery, "_step", counted)
    code, _, err = pde("mine.toml", *QUICK)
    assert code == 130
    assert "--resume" in err
    code, _, err = pde("mine.toml", *QUICK, "--resume")
    assert code == 0, err
    assert count[5:7] == [5, 5]
    resumed = read_grid("mine_solution.npz").values["squared_slowness"]
    assert pde("mine.toml", *QUICK, "--force", "--quiet")[0] == 0
    assert np.array_equal(resumed, read_grid("mine_solution.npz").values["squared_slowness"])


def test_other_measurements_are_another_run(pde):
    assert pde("mine.toml", *QUICK, "--quiet")[0] == 0
    text = Path("waves.csv").read_text()
    Path("waves.csv").write_text(text.replace("0.4", "0.40", 1))
    code, _, err = pde("mine.toml", *QUICK, "--resume")
    assert code == 2
    assert "mine_solution.npz.run" in err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--solver", "training"), 2, "has no stage 'fit.pde'"),
        (("--check",), 2, "has no stage 'measure.pde'"),
        (("-o", "m.txt"), 2, ".npz, .vti or .png"),
        (("--device", "cuda"), 2, "solved on the CPU"),
    ],
)
def test_faults_of_the_command(pde, words, code, message):
    found, out, err = pde("mine.toml", *words)
    assert (found, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1


def test_faults_of_the_measurements(pde):
    Path("waves.csv").write_text("source_x\n1")
    code, out, err = pde("mine.toml")
    assert (code, out) == (3, "")
    assert "waves.csv: expected a first line with source_x" in err
    assert err.count("\n") == 1
