"""Two runs on a page, read back from their folders, and seen under one camera."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image
from shown_runs import PIPELINE, ball, make_run, shell
from test_report import block

from sdf_siren.engine.manifest import fingerprint
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import write_mesh
from sdf_siren.report import revisited, write_comparison
from sdf_siren.report.packing import unpacked

FRAMES = """
[...document.querySelectorAll("canvas")].map(canvas => canvas.getBoundingClientRect())
  .map(r => [r.x, r.y, r.width, r.height])
"""


def finished(folder, name, radius, scan=None, **changes):
    """A run whose output and scan are there."""
    scan = scan or folder / "scan.xyz"
    if not scan.exists():
        np.savetxt(scan, np.hstack([shell(400).points, shell(400).normals]))
    write_mesh(ball(3, radius), folder / name)
    make_run(folder / name, input=fingerprint(scan), **changes)
    return folder / name


@pytest.fixture
def runs(tmp_path):
    return finished(tmp_path, "a.ply", 1.0), finished(tmp_path, "b.ply", 1.05, seed=9, loss=2.0)


class TestRevisited:
    def test_mesh_and_scan(self, runs):
        found = revisited(runs[0])
        assert len(found.subject.mesh.faces) == 1280
        np.testing.assert_allclose(found.subject.cloud.points, shell(400).points)
        assert found.note == ""
        assert revisited(runs[0].with_name("a.ply.run")).record.output == runs[0]

    def test_the_scan_is_read_as_the_run_read_it(self, runs):
        text = PIPELINE.replace("max_points = 5000000", "crop = [0.0, -2.0, -2.0, 2.0, 2.0, 2.0]")
        (runs[0].with_name("a.ply.run") / "pipeline.toml").write_text(text)
        points = revisited(runs[0]).subject.cloud.points
        assert 100 < len(points) < 300
        assert points[:, 0].min() >= 0

    def test_a_scan_that_is_gone_or_has_changed_is_left_out_and_told(self, runs, tmp_path):
        (tmp_path / "scan.xyz").write_text("0 0 0\n1 1 1\n")
        found = revisited(runs[0])
        assert found.subject.cloud is None
        assert "found other content" in found.note
        (tmp_path / "scan.xyz").unlink()
        found = revisited(runs[0])
        assert found.subject.cloud is None
        assert "cannot be read" in found.note

    def test_a_run_that_is_not_finished(self, tmp_path):
        path = finished(tmp_path, "a.ply", 1.0, status="interrupted")
        with pytest.raises(UsageError, match="one that is interrupted; finish it with --resume"):
            revisited(path)

    def test_a_mesh_that_is_gone(self, runs):
        runs[0].unlink()
        with pytest.raises(InputError, match=r"a\.ply"):
            revisited(runs[0])


def test_page(runs, tmp_path):
    found = write_comparison(tmp_path / "compare.html", *map(revisited, runs))
    assert [row.name for row in found.differing] == ["seed"]
    text = (tmp_path / "compare.html").read_text("utf-8")
    for key in "ab":
        assert unpacked(block(text, f"geometry-{key}")["faces"]).shape == (1280, 3)
    assert text.count("<polyline") == 4
    assert text.count("<title>a.ply and b.ply</title>") == 1
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))
    assert "Settings that differ a.ply b.ply seed 3 9" in plain
    assert re.search(r"Scan to mesh, median 0\.00\d+ 0\.04\d+ ", plain)


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    scan = tmp_path / "scan.xyz"
    paths = [finished(tmp_path / name, "a.ply", 1.0, scan) for name in ("one", "two")]
    found = write_comparison(tmp_path / "compare.html", *map(revisited, paths))
    assert found.differing == []
    text = (tmp_path / "compare.html").read_text("utf-8")
    assert f"<title>{paths[0]} and {paths[1]}</title>" in text
    assert "None: the runs were set alike." in text


def test_one_camera_for_both(browser, runs, tmp_path):
    write_comparison(tmp_path / "compare.html", *map(revisited, runs))
    browser.forget()
    browser.size(1000, 900)
    assert browser.open(tmp_path / "compare.html") == "3d"
    assert browser.errors == []
    frames = browser.value(FRAMES)
    (x, y, width, height), second = frames
    assert second[2:] == [width, height]

    def widths():
        """Of both balls, pixels."""
        browser.drawn()
        browser.picture(tmp_path / "a.png")
        with Image.open(tmp_path / "a.png") as picture:
            seen = np.asarray(picture.convert("RGB")).astype(int)
        middle = round(y + height / 2)
        rows = [seen[middle, round(left) + 4 : round(left + width) - 4] for left, *_ in frames]
        return [(np.abs(row - row[0]).max(axis=1) > 8).sum() for row in rows]

    browser.click(x + width / 2, y + height / 2)
    before = widths()
    for _ in range(3):
        browser.press("-")
    after = widths()
    # The keys went to the first view, and both balls are still drawn to one scale.
    assert after[0] < 0.8 * before[0]
    assert after[1] / after[0] == pytest.approx(1.05, abs=0.02)


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_sticks_out(browser, runs, tmp_path, width):
    write_comparison(tmp_path / "compare.html", *map(revisited, runs))
    browser.size(width, 800)
    assert browser.open(tmp_path / "compare.html") == "3d"
    browser.wait(f"innerWidth === {width}")
    assert browser.value("document.documentElement.scrollWidth") <= width
    cards = "[...document.querySelectorAll('.cards > section')]"
    assert browser.value(f"{cards}.every(card => card.scrollWidth <= card.clientWidth)")
