"""The page of an image: figures, what is embedded, and runs read back from their folders."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from shown_runs import ball, image, likeness_to, make_image_run, make_run
from test_markup import HOSTILE, read
from test_report import block, rows

import sdf_siren
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import write_image, write_signal_field
from sdf_siren.report import (
    FittedImage,
    Preview,
    Shown,
    Surface,
    read_record,
    revisited,
    write_comparison,
    write_report,
)
from sdf_siren.report.plates import MOST_BYTES
from sdf_siren.signals import SampleFormat


def write(folder, signal=None, **chosen):
    signal = signal or image()
    subject = FittedImage(signal, likeness_to(signal))
    write_report(folder / "report.html", read_record(folder, chosen), subject)
    return (folder / "report.html").read_text("utf-8")


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_figures_in_plain_words(tmp_path):
    text = write(make_image_run(tmp_path / "a.png"), width=128)
    assert "31.98 dB at the samples, SSIM 0.8533, by a network of 1,234 parameters." in text
    found = rows(text)
    assert found["PSNR of the Laplacian"] == "27.25 dB"
    assert "PSNR of differences" not in found
    assert found["Pixels"] == "60 x 40"
    assert (found["Channels"], found["Numbers"], found["Range"]) == ("RGB", "8 bits", "0 to 1")
    assert "Shown: all 60 x 40 pixels." in text
    assert text.count("<polyline") == 2  # decibels and loss; the rate is none
    assert "width 128" in plain(text)


def test_it_needs_no_3d(tmp_path):
    text = write(make_image_run(tmp_path / "a.png"))
    assert "three.js" not in text
    assert len(text) < 200_000


@pytest.mark.parametrize("bits", [8, 16])
def test_large_images_stay_within_the_limit_and_say_so(tmp_path, bits):
    rng = np.random.default_rng(0)
    signal = image((1100, 1300), 3)
    full = 2**bits - 1
    samples = rng.integers(0, full + 1, signal.samples.shape) / full  # nothing is shorter
    signal = replace(signal, samples=samples, format=SampleFormat(bits=bits))
    text = write(make_image_run(tmp_path / "a.png"), signal)
    assert 0.5 * MOST_BYTES < len(text) < 4_000_000
    whole, part = block(text, "plates-a")
    assert (whole["stride"], whole["rows"], part["stride"]) == (3, 367, 1)
    assert "pixels along both axes; at full resolution the" in text
    assert "worst part" in text


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_names(tmp_path, name):
    folder = make_image_run(tmp_path / "a.png", output=name, notes=(name,), device=name)
    kinds = {tag for tag, _ in read(write(make_image_run(tmp_path / "b.png"))).tags}
    found = read(write(folder, **{name: name})).tags
    assert {tag for tag, _ in found} - {"ul", "li"} <= kinds
    assert not [name for _, attributes in found for name in attributes if name.startswith("on")]


class TestRevisited:
    @pytest.fixture
    def run(self, tmp_path):
        signal = image((24, 32), 1)
        folder = make_image_run(tmp_path / "a.png", signal)
        field = sdf_siren.fit_image(signal, steps=2, width=8, depth=1)
        write_signal_field(field, folder / "field.safetensors")
        return folder

    def test_an_image(self, run, tmp_path):
        found = revisited(tmp_path / "a.png")
        np.testing.assert_allclose(found.subject.signal.samples, image((24, 32), 1).samples, atol=1e-6)
        assert found.subject.likeness.found.laplacian.shape == (24, 32, 1)
        assert found.record.chosen["width"] == 8
        write_report(run / "report.html", found.record, found.subject, found.note)
        assert "Field of an image" in (run / "report.html").read_text("utf-8")

    def test_one_whose_picture_is_another_or_gone(self, run, tmp_path):
        write_image(image((24, 32), 1, seed=5), tmp_path / "given.png")
        with pytest.raises(InputError, match="expected the image that the run has read, found other content"):
            revisited(run)
        (tmp_path / "given.png").unlink()
        with pytest.raises(InputError, match="cannot be read"):
            revisited(run)

    def test_an_edit_is_held_against_its_solution(self, run, tmp_path):
        other = image((24, 32), 1, seed=7)
        write_image(other, tmp_path / "other.png")
        stage = f'\n[[stages]]\nuse = "edit.image"\nmix = "{tmp_path / "other.png"}"\n'
        with (run / "pipeline.toml").open("a") as file:
            file.write(stage)
        found = revisited(run).subject
        assert np.abs(found.signal.samples - image((24, 32), 1).samples).max() > 0.1
        np.testing.assert_array_equal(found.likeness.true, found.signal.samples)

    def test_a_sound_has_its_preview(self, run):
        text = (run / "pipeline.toml").read_text().replace("read.image", "read.audio")
        (run / "pipeline.toml").write_text(text)
        assert isinstance(revisited(run).subject, Preview)

    def test_another_kind_of_run(self, run):
        text = (run / "pipeline.toml").read_text().replace("fit.image", "fit.pde")
        (run / "pipeline.toml").write_text(text)
        with pytest.raises(UsageError, match="expected a run of a scan, an image, a sound or a video"):
            revisited(run)


def test_a_preview(tmp_path):
    folder = make_image_run(tmp_path / "a.wav")
    write_report(folder / "report.html", read_record(folder), Preview())
    text = (folder / "report.html").read_text("utf-8")
    assert text.count('src="data:image/png;base64,') == 1
    assert "script-src 'none'" in text.replace("&#x27;", "'")
    assert rows(text)["PSNR"] == "31.98 dB"
    (folder / "preview.png").unlink()
    write_report(folder / "report.html", read_record(folder), Preview())
    assert "holds no preview" in (folder / "report.html").read_text("utf-8")


class TestComparison:
    def shown(self, path, size, **changes):
        signal = image()
        record = read_record(make_image_run(path, **changes))
        return Shown(record, FittedImage(signal, likeness_to(signal, size)))

    def test_two_images(self, tmp_path):
        runs = (self.shown(tmp_path / "a.png", 0.02), self.shown(tmp_path / "b.png", 0.01, seed=4))
        found = write_comparison(tmp_path / "c.html", *runs)
        assert [row.name for row in found.differing] == ["seed"]
        assert {row.change for row in found.figures} == {""}
        titles = [row.title for row in found.figures]
        assert titles[0] == "PSNR, dB"
        assert "Seconds of the fit" in titles
        assert "Triangles" not in titles
        text = (tmp_path / "c.html").read_text("utf-8")
        assert [len(block(text, f"plates-{key}")) for key in "ab"] == [1, 1]
        assert text.count("<canvas") == 4
        assert text.count("<polyline") == 4

    def test_a_scan_and_an_image_are_not_compared(self, tmp_path):
        scan = Shown(read_record(make_run(tmp_path / "m.ply")), Surface(ball()))
        with pytest.raises(UsageError, match="two runs of one kind, found image and scan"):
            write_comparison(tmp_path / "c.html", self.shown(tmp_path / "a.png", 0.02), scan)
        assert not (tmp_path / "c.html").exists()
