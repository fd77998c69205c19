"""``reconstruct compare`` and ``reconstruct report`` on real, small runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdf_siren.cli.main import main

SCAN = Path(__file__).resolve().parents[2] / "data" / "scans" / "spot_points_12k.ply"
CHEAP = [
    "--quality",
    "draft",
    "--set",
    "fit.sdf.steps=30",
    "--resolution",
    "48",
    "--set",
    "fit.sdf.refit=false",
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with the runs of ``a.ply``, made with a report, and ``b.obj``, made without one."""
    folder = tmp_path_factory.mktemp("runs")
    assert main([str(SCAN), "-o", str(folder / "a.ply"), "--report", "--quiet", *CHEAP]) == 0
    assert main([str(SCAN), "-o", str(folder / "b.obj"), "--seed", "1", "--quiet", *CHEAP]) == 0
    return folder


def call(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def test_a_report_is_written_with_the_run(runs):
    text = (runs / "a.ply.run" / "report.html").read_text("utf-8")
    assert "Surface from an oriented scan" in text
    assert "chosen by the fit" in text
    assert text.count("<polyline") == 0  # 30 steps are reported once
    assert text.count("<circle") == 5  # one for each loss


def test_compare(runs, capsys, tmp_path):
    page = tmp_path / "c.html"
    code, out, err = call(capsys, "compare", runs / "a.ply", runs / "b.obj.run", "-o", page)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == [str(runs / "a.ply"), str(runs / "b.obj.run"), "change"]
    titles = [line.strip().split("  ")[0] for line in lines]
    assert {"Triangles", "Watertight", "Scan to mesh, 95 %", "Seconds in all"} <= set(titles)
    assert "  seed: 0, 1" in lines
    assert "  write.report.wanted: true, false" in lines
    assert lines[-1] == f"page {page}"
    assert page.stat().st_size < 4_000_000
    code, _, err = call(capsys, "compare", runs / "a.ply", runs / "b.obj", "-o", page)
    assert code == 2
    assert err == (
        f"reconstruct: error: {page}: exists already; "
        "use --force to replace it, move it away, or choose another output with -o\n"
    )
    code, out, _ = call(capsys, "compare", runs / "a.ply", runs / "a.ply", "-o", page, "--force")
    assert code == 0
    assert "the runs were set alike" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["{0}/a.ply", "{0}/none.ply"], 2, "none.ply: expected a run folder or the output of a run"),
        (["{0}/a.ply", "{0}"], 2, "found no manifest.json in it"),
        (["{0}/a.ply", "{0}/b.obj", "-o", "{1}/c.png"], 2, "cannot write the format '.png'"),
        (["{0}/a.ply", "{0}/b.obj", "-o", "{1}/no/c.html"], 2, "does not exist"),
        (["{0}/a.ply"], 2, "RUN_B"),
    ],
)
def test_refused(runs, capsys, tmp_path, monkeypatch, words, code, message):
    monkeypatch.chdir(tmp_path)
    found, out, err = call(capsys, "compare", *[word.format(runs, tmp_path) for word in words])
    assert (found, out) == (code, "")
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_report_for_a_run_that_was_made_without_one(runs, capsys):
    page = runs / "b.obj.run" / "report.html"
    assert not page.exists()
    code, out, err = call(capsys, "report", runs / "b.obj")
    assert (code, out, err) == (0, f"{page}\n", "")
    first = (runs / "a.ply.run" / "report.html").read_text("utf-8")
    assert abs(page.stat().st_size - len(first)) < 0.1 * len(first)
    assert call(capsys, "report", runs / "b.obj.run")[0] == 0


def test_a_report_of_nothing(capsys, tmp_path):
    code, _, err = call(capsys, "report", tmp_path / "x.ply")
    assert code == 2
    assert "expected a run folder or the output of a run" in err
