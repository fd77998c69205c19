"""``reconstruct image`` with its real stages, on a small crop of the shipped photograph, in few steps."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import sdf_siren
from sdf_siren.cli.main import main
from sdf_siren.engine.stage import Context
from sdf_siren.io import read_image, write_image
from sdf_siren.signals import IMAGE, Signal

DATA = Path(__file__).parents[2] / "data"
QUICK = ("--parameters", "3000", "--set", "fit.image.steps=100", "--set", "fit.image.learning_rate=5e-3")
RUN_FILES = {
    "pipeline.toml",
    "manifest.json",
    "events.jsonl",
    "fit.checkpoint",
    "field.safetensors",
    "preview.png",
}


@pytest.fixture
def image(tmp_path, monkeypatch, capsys):
    """``image(*words)`` gives (exit code, stdout, stderr); ``photo.png`` (24 x 20), ``source.png`` (10 x 8)
    and its ``mask.png`` are there."""
    monkeypatch.chdir(tmp_path)
    whole = read_image(DATA / "images" / "camera.png")
    write_image(whole.with_samples(whole.samples[100:120, 200:224]), "photo.png")
    write_image(whole.with_samples(whole.samples[300:308, 100:110]), "source.png")
    mask = np.zeros((8, 10, 1), np.float32)
    mask[2:6, 2:8] = 1
    write_image(Signal(mask, IMAGE), "mask.png")

    def run(*words):
        code = main(["image", *(str(word) for word in words)])
        return code, *capsys.readouterr()

    return run


def files(tmp_path):
    there = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
    return there - {"photo.png", "source.png", "mask.png"}


def measures(output):
    return json.loads(Path(f"{output}.run/manifest.json").read_text())["measures"]


def options(output):
    resolved = tomllib.loads(Path(f"{output}.run/pipeline.toml").read_text())
    return {stage.pop("use"): stage for stage in resolved["stages"]}


def test_default(image, tmp_path):
    code, out, err = image("photo.png", *QUICK)
    assert code == 0, err
    output = "photo_image.png"
    assert files(tmp_path) == {output, *(f"{output}.run/{name}" for name in RUN_FILES)}
    lines = out.splitlines()
    assert lines[0] == output
    assert re.fullmatch(r"[\d,]+ parameters; at the samples PSNR \d+\.\d\d dB, SSIM [01]\.\d{4}", lines[1])
    assert re.fullmatch(r"derivatives: gradient -?\d+\.\d\d dB, Laplacian -?\d+\.\d\d dB", lines[2])
    assert lines[4] == f"run folder {output}.run"
    found, true = read_image(output), read_image("photo.png")
    assert found.samples.shape == true.samples.shape
    assert np.sqrt(np.mean((found.samples - true.samples) ** 2)) < 0.1
    field = sdf_siren.load_signal_field(f"{output}.run/field.safetensors")
    inside = np.clip(sdf_siren.extract_image(field).samples, 0, 1)
    np.testing.assert_allclose(inside, found.samples, atol=0.51 / 255)
    with Image.open(f"{output}.run/preview.png") as picture:
        assert picture.width == 1600


@pytest.mark.parametrize("told", ["values", "gradient", "laplacian"])
def test_what_it_is_told(image, told):
    code, out, _ = image("photo.png", "-o", "out.tif", "--from", told, *QUICK)
    assert code == 0
    weights = options("out.tif")["fit.image"]
    expected = {"values": {}, "gradient": {"value_weight": 0.0, "gradient_weight": 0.1}}
    expected["laplacian"] = {"value_weight": 0.0, "laplacian_weight": 0.1}
    assert {k: v for k, v in weights.items() if k.endswith("_weight")} == expected[told]
    found = measures("out.tif")
    assert found["psnr"] > 15
    # Float32 samples and a double-precision integral: rounding is all that is lost.
    assert ("integral_psnr" in found) == (told != "values")
    assert found.get("integral_psnr", 150) > 100
    assert ("classical integral" in out) == (told != "values")


@pytest.mark.parametrize(
    "words",
    [
        ("--paste", "source.png", "--mask", "mask.png", "--offset", "9", "7"),
        ("--paste", "source.png", "--mask", "mask.png", "--offset", "-3", "-2", "--guidance", "mixed"),
        ("--mix", "photo2.png"),
    ],
)
def test_edits(image, words):
    other = read_image("photo.png")
    write_image(other.with_samples(other.samples[::-1, ::-1]), "photo2.png")
    before = {name: Path(name).read_bytes() for name in ("photo.png", "source.png", "mask.png", "photo2.png")}
    code, _, err = image("photo.png", "-o", "out.png", *words, *QUICK)
    assert code == 0, err
    assert measures("out.png")["psnr"] > 15
    assert all(Path(name).read_bytes() == content for name, content in before.items())
    manifest = json.loads(Path("out.png.run/manifest.json").read_text())
    assert {p["path"] for p in manifest["input"]["others"]} < before.keys()


class TestSize:
    def test_another_size_is_smooth_and_says_so(self, image):
        code, _, err = image("photo.png", "-o", "out.png", "--size", "60x50", *QUICK)
        assert code == 0, err
        assert "fit.image: smooth, because the output shows places between the samples" in err
        assert read_image("out.png").shape == (50, 60)
        field = sdf_siren.load_signal_field("out.png.run/field.safetensors")
        assert field.record["settings"]["smooth"] is True
        assert image("photo.png", "-o", "out.png", "--size", "60x50", *QUICK, "--resume")[0] == 0

    @pytest.mark.parametrize("words", [("--size", "24x20"), ("--region", "0", "0", "24", "20")])
    def test_its_own_size_changes_nothing(self, image, words):
        assert image("photo.png", "-o", "own.png", *QUICK, "--quiet")[0] == 0
        code, _, err = image("photo.png", "-o", "out.png", *words, *QUICK)
        assert code == 0
        assert "smooth" not in err
        assert Path("out.png").read_bytes() == Path("own.png").read_bytes()

    def test_a_region_is_a_part(self, image):
        assert image("photo.png", "-o", "own.npy", *QUICK, "--quiet")[0] == 0
        assert image("photo.png", "-o", "out.npy", "--region", 3, 4, 10, 18, *QUICK, "--quiet")[0] == 0
        np.testing.assert_allclose(np.load("out.npy"), np.load("own.npy")[4:18, 3:10], atol=1e-6)

    def test_a_dry_run_says_so_too(self, image, tmp_path):
        code, out, _ = image("photo.png", "--size", "4096x4096", "--dry-run", *QUICK)
        assert code == 0
        assert "smooth" in out
        assert "4096 x 4096, 67 MB" in out
        assert files(tmp_path) == set()


class TestMaps:
    def test_drawn(self, image):
        code, _, err = image("photo.png", "-o", "out.png", "--export", "gradient,laplacian", *QUICK)
        assert code == 0, err
        for name in ("out_gradient.png", "out_laplacian.png"):
            assert read_image(name).samples.shape == (20, 24, 3)

    def test_numbers(self, image):
        words = ("--export", "laplacian,gradient", "--region", "2", "3", "9", "11")
        assert image("photo.png", "-o", "out.npy", *words, *QUICK, "--quiet")[0] == 0
        field = sdf_siren.load_signal_field("out.npy.run/field.safetensors")
        places = np.stack(np.meshgrid(np.arange(3, 11), np.arange(2, 9), indexing="ij"), axis=-1)
        known = field.derivatives(places.reshape(-1, 2))
        for name, whole in zip(("out", "out_gradient", "out_laplacian"), known, strict=True):
            found = np.load(f"{name}.npy")
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, whole.reshape(found.shape), rtol=1e-4, atol=1e-5)

    def test_nothing_is_replaced(self, image, tmp_path):
        Path("out_gradient.png").write_text("precious")
        code, _, err = image("photo.png", "-o", "out.png", "--export", "gradient", *QUICK)
        assert code == 2
        assert "out_gradient.png: exists already; use --force" in err
        assert files(tmp_path) == {"out_gradient.png"}


def test_comparison(image, monkeypatch):
    words = ("--compare", "--set", "write.comparison.seconds=0.05", "--quality", "draft")
    code, out, err = image("photo.png", "-o", "out.png", *words, *QUICK)
    assert code == 0, err
    with Image.open("out_comparison.png") as picture:
        assert picture.width == 1600
    found = measures("out.png")["comparison"]
    assert list(found) == ["SIREN", "ReLU", "tanh", "ReLU, positional encoding"]
    assert len({round(row[0] / 100) for row in found.values()}) <= 2  # as many parameters, about
    assert all(name in out for name in found)
    assert "comparison out_comparison.png" in out
    assert options("out.png")["write.comparison"]["quality"] == "draft"


def test_interrupted_and_resumed_is_the_same(image, monkeypatch, tmp_path):
    words = (
        "photo.png",
        "-o",
        "out.png",
        "--paste",
        "source.png",
        "--mask",
        "mask.png",
        "--seed",
        "3",
        *QUICK,
    )
    progress = Context.progress

    def stop(self, report):
        progress(self, report)
        if report.task == "fit" and report.done == 50:
            raise KeyboardInterrupt

    monkeypatch.setattr(Context, "progress", stop)
    code, _, err = image(*words)
    assert code == 130
    assert "--resume" in err
    assert "out.png" not in files(tmp_path)
    monkeypatch.setattr(Context, "progress", progress)
    assert image(*words)[0] == 2
    assert image(*words, "--resume", "--quiet") == (0, "", "")
    resumed = [Path(name).read_bytes() for name in ("out.png", "out.png.run/field.safetensors")]
    assert image(*words, "--force", "--quiet") == (0, "", "")
    assert [Path(name).read_bytes() for name in ("out.png", "out.png.run/field.safetensors")] == resumed


def test_a_page_with_the_run_and_later(image, tmp_path, capsys):
    assert image("photo.png", "-o", "a.png", "--report", *QUICK, "--quiet") == (0, "", "")
    first = Path("a.png.run/report.html").read_text("utf-8")
    assert "dB at the samples" in first
    assert "Shown: all 24 x 20 pixels." in first
    assert image("photo.png", "-o", "b.png", "--seed", "1", *QUICK, "--quiet")[0] == 0
    assert not Path("b.png.run/report.html").exists()
    assert main(["report", "b.png"]) == 0
    later = Path("b.png.run/report.html").read_text("utf-8")
    assert abs(len(first) - len(later)) < 0.02 * len(first)
    assert main(["compare", "a.png", "b.png"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    titles = [line.strip().split("  ")[0] for line in out.splitlines()]
    assert {"PSNR, dB", "SSIM", "Parameters", "seed: 0, 1"} <= set(titles)
    assert "<canvas" in Path("compare.html").read_text("utf-8")


def test_a_batch_has_pages_and_an_index_of_them(image, tmp_path):
    assert image("photo.png", "source.png", "-o", "out", "--jobs", "1", *QUICK, "--quiet")[0] == 0
    index = Path("out/index.html").read_text("utf-8")
    for name in ("photo", "source"):
        assert Path(f"out/{name}.png.run/report.html").exists()
        assert f'href="{name}.png.run/report.html"' in index
    assert index.count("data:image/jpeg") == 2
    words = ("photo.png", "source.png", "-o", "none", "--jobs", "1", "--no-report", *QUICK, "--quiet")
    assert image(*words)[0] == 0
    assert not list(Path("none").rglob("report.html"))


def test_the_preview_shows_how_the_fit_went(image, monkeypatch):
    from sdf_siren import render

    curves, draw = [], render.write_likeness
    monkeypatch.setattr(
        render, "write_likeness", lambda *a, curve, **k: (curves.append(curve), draw(*a, curve=curve, **k))
    )
    assert image("photo.png", "-o", "out.png", *QUICK, "--quiet")[0] == 0
    ((first, last),) = curves
    assert (first[0], last[0]) == (50, 100)
    # The last batch holds all pixels, before the last step.
    assert last[1] == pytest.approx(measures("out.png")["psnr"], abs=1.0)


def test_options_reach_their_stages(image):
    words = ("--smooth", "--psnr", "30", "--quality", "draft", "--device", "cpu", "--seed", "4")
    assert image("photo.png", "-o", "out.jpg", *words, *QUICK, "--quiet")[0] == 0
    fit = options("out.jpg")["fit.image"]
    assert fit == {
        "quality": "draft",
        "steps": 100,
        "psnr": 30.0,
        "parameters": 3000,
        "smooth": True,
        "learning_rate": 5e-3,
    }


def test_time(image, monkeypatch):
    from sdf_siren import fitting

    asked = []

    def within(signal, seconds, **given):
        asked.append(seconds)
        return {"steps": 7}

    monkeypatch.setattr(fitting, "signal_settings_within", within)
    assert image("photo.png", "-o", "out.png", "--time", "20", "--quiet")[0] == 0
    assert asked == [14.0]
    assert options("out.png")["fit.image"]["steps"] == 7
    code, out, _ = image("photo.png", "-o", "out.png", "--time", "20", "--resume")
    assert code == 0
    assert "finished before" in out
    assert asked == [14.0]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nothing.png",), 3, "nothing.png: cannot be read"),
        (("mask.txt",), 3, "mask.txt"),
        (("photo.png", "-o", "out.txt"), 2, "cannot write the format '.txt'"),
        (("photo.png", "-o", "missing/out.png"), 2, "does not exist"),
        (("photo.png", "-o", "photo.png"), 2, "the output is the input itself"),
        (("photo.png", "--size", "large"), 2, "expected WIDTHxHEIGHT"),
        (("photo.png", "--size", "0x10"), 2, "expected WIDTHxHEIGHT"),
        (("photo.png", "--size", "90000x90000"), 2, "800 million numbers"),
        (("photo.png", "--region", "0", "0", "25", "20"), 2, "region: expected"),
        (("photo.png", "--region", "0", "0", "nan", "20"), 2, "--region"),
        (("photo.png", "--export", "gradeint"), 2, "did you mean gradient?"),
        (("photo.png", "--size", "9x9", "--set", "fit.image.smooth=false"), 2, "invents"),
        (("photo.png", "--from", "edges"), 2, "edges"),
        (("photo.png", "--paste", "source.png"), 2, "found no mask"),
        (("photo.png", "--mask", "mask.png"), 2, "found no source"),
        (("photo.png", "--offset", "1", "2"), 2, "found no source"),
        (("photo.png", "--paste", "none.png", "--mask", "mask.png"), 3, "none.png: cannot be read"),
        (("photo.png", "--paste", "source.png", "--mask", "photo.png"), 2, "expected 10 x 8 pixels"),
        (("photo.png", "--paste", "source.png", "--mask", "mask.png", "--offset", 99, 0), 2, "outside"),
        (("photo.png", "--mix", "source.png"), 2, "second: expected the shape"),
        (("photo.png", "--mix", "source.png", "--mask", "mask.png"), 2, "leave out"),
        (("photo.png", "-o", "source.png", "--mix", "source.png"), 2, "the output is the input itself"),
        (("photo.png", "--from", "gradient", "--compare"), 2, "exclude each other"),
        (("photo.png", "--from", "gradient", "--paste", "source.png"), 2, "exclude each other"),
        (("photo.png", "--compare", "--pipeline", "my.toml"), 2, "exclude each other"),
        (("photo.png", "--psnr", "-3"), 2, "fit.image.psnr"),
        (("photo.png", "--parameters", "0"), 2, "fit.image.parameters"),
        (("photo.png", "--time", "3"), 2, "--time"),
        (("photo.png", "--time", "9", "--set", "fit.image.steps=9"), 2, "exclude each other"),
        (("photo.png", "--quality", "best"), 2, "draft or standard"),
        (("photo.png", "--quiet", "--verbose"), 2, "contradict"),
        ((), 2, "IMAGE"),
    ],
)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_faults_of_the_command(image, tmp_path, words, code, message, dry):
    Path("mask.txt").write_text("no picture")
    found, out, err = image(*words, *dry)
    assert (found, out) == (code, "")
    *before, line = err.splitlines()
    assert message in line
    assert line.startswith("reconstruct: error: ")
    assert all(re.fullmatch(r"read\.\w+: .*", said) for said in before)
    assert files(tmp_path) == {"mask.txt"}


def test_one_pixel(image):
    write_image(Signal(np.full((1, 1, 3), 0.5), IMAGE), "dot.png")
    code, _, err = image("dot.png", *QUICK)
    assert code == 0, err
    assert read_image("dot_image.png").samples.shape == (1, 1, 3)
