"""Two runs in figures and settings."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from shown_runs import MEASURES, PIPELINE, make_image_run, make_run

from sdf_siren.report.differences import figures, settings
from sdf_siren.report.record import read_record
from sdf_siren.report.subject import Shown


@pytest.fixture
def pair(tmp_path):
    """Two records; the second run has twice the faces, another seed, steps, and no option max_points."""
    first = make_run(tmp_path / "a.ply")
    measures = {**MEASURES, "faces": 2560, "residual_median": 0.123, "watertight": True, "volume": None}
    second = make_run(tmp_path / "b.ply", measures=measures, seconds={"fit.sdf": 25.0})
    text = PIPELINE.replace("seed = 3", "seed = 4").replace("max_points = 5000000\n", "")
    (second / "pipeline.toml").write_text(text.replace('"draft"', '"draft"\nsteps = 9'))
    return read_record(first, {"width": 8}), read_record(second, {"width": 16})


def shown(records, *measured):
    """Runs whose pages measured something."""
    subjects = [SimpleNamespace(figures=lambda told=told: told) for told in measured or ({}, {})]
    return [Shown(record, subject) for record, subject in zip(records, subjects, strict=True)]


def test_figures(pair):
    found = {row.title: (row.first, row.second, row.change) for row in figures(*shown(pair))}
    assert found["Triangles"] == ("1,280", "2,560", "+100 %")
    assert found["Pieces"] == ("2", "2", "")
    assert found["Watertight"] == ("no", "yes", "")
    assert found["Volume"] == ("4.1", "", "")
    assert found["Fit to the scan, median"] == ("0.00123", "0.123", "100 times")
    assert found["Seconds of the fit"] == ("12.5", "25.0", "+100 %")
    assert found["Seconds in all"] == ("12.8", "25.0", "+96.1 %")
    assert "Scan to mesh, median" not in found


def test_decibels_are_subtracted(tmp_path):
    runs = [
        make_image_run(tmp_path / name, measures={"psnr": psnr, "ssim": ssim})
        for name, psnr, ssim in (("a", 30.0, 0.8), ("b", 33.5, 0.6))
    ]
    found = {row.title: (row.first, row.change) for row in figures(*shown(map(read_record, runs)))}
    assert found["PSNR, dB"] == ("30.00", "+3.50 dB")
    assert found["SSIM"] == ("0.8000", "-25 %")


def test_distances_of_the_scan(pair):
    measured = ({"Scan to mesh, median": 1.0, "Scan to mesh, largest": 4.0},)
    measured += ({**measured[0], "Scan to mesh, median": 0.5},)
    found = {row.title: (row.first, row.second, row.change) for row in figures(*shown(pair, *measured))}
    assert found["Scan to mesh, median"] == ("1", "0.5", "-50 %")
    assert found["Scan to mesh, largest"] == ("4", "4", "")
    alone = {row.title: row.second for row in figures(*shown(pair, measured[0], {}))}
    assert alone["Scan to mesh, median"] == ""


def test_settings(pair):
    found = {row.name: (row.first, row.second) for row in settings(*pair) if row.differs}
    # The seed of the manifest is what counted; that of the pipeline file goes with it.
    assert found == {
        "fit.sdf.steps": ("unset", "9"),
        "read.points.max_points": ("5000000", "unset"),
        "chosen.width": ("8", "16"),
    }
    same = {row.name for row in settings(*pair) if not row.differs}
    assert {"input", "seed", "program", "fit.sdf.quality", "version of numpy"} <= same
