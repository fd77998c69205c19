"""A run folder, read for a page."""

from __future__ import annotations

import json

import pytest
from shown_runs import make_run

from sdf_siren.errors import UsageError
from sdf_siren.report.record import MOST_KNOTS, read_record, run_folder


def test_what_a_run_left(run, tmp_path):
    found = read_record(run, {"width": 128})
    assert found.output == tmp_path / "mesh.ply"
    assert found.name == "mesh.ply"
    assert found.title == "Surface from a scan"
    assert list(found.settings) == ["read.points", "fit.sdf", "write.mesh"]
    assert found.settings["fit.sdf"] == {"quality": "draft"}
    assert found.curves["surface"] == ((50, 0.02), (100, 0.01), (150, 1 / 150))
    assert found.notes == (("read.points", "dropped 2 rows"),)
    assert found.manifest.seed == 3
    assert found.chosen == {"width": 128}


def test_a_resumed_run_tells_steps_and_notes_once(run):
    event = {"kind": "progress", "stage": "fit.sdf", "task": "fit", "done": 100, "values": {"surface": 0.3}}
    note = {"kind": "note", "stage": "read.points", "text": "dropped 2 rows"}
    with (run / "events.jsonl").open("a") as file:
        file.write('{"half a li\n' + json.dumps(event) + "\n" + json.dumps(note) + "\n[1]\n")
    found = read_record(run)
    assert found.curves["surface"] == ((50, 0.02), (100, 0.3), (150, 1 / 150))
    assert len(found.notes) == 1


def test_long_curves_are_thinned_and_keep_their_end(run):
    with (run / "events.jsonl").open("w") as file:
        for step in range(1, 3001):
            values = {"surface": 1 / step, "broken": None}
            event = {"kind": "progress", "task": "fit", "done": step, "values": values}
            file.write(json.dumps(event) + "\n")
    curves = read_record(run).curves
    assert len(curves["surface"]) <= MOST_KNOTS
    assert curves["surface"][-1] == (3000, 1 / 3000)
    assert "broken" not in curves


def test_decibels_of_a_signal(run):
    assert read_record(run).decibels == ()
    with (run / "events.jsonl").open("w") as file:
        for step, size in ((50, 0.2), (100, 0.02), (150, 0.0)):
            event = {"kind": "progress", "task": "fit", "done": step, "values": {"values": size, "rate": 1}}
            file.write(json.dumps(event) + "\n")
    assert read_record(run).decibels == ((50, pytest.approx(20.0)), (100, pytest.approx(40.0)))


def test_other_tasks_are_no_curves(run):
    event = {"kind": "progress", "task": "refit", "done": 1, "values": {"distance": 1.0}}
    (run / "events.jsonl").write_text(json.dumps(event) + "\n")
    assert read_record(run).curves == {}


def test_without_events(run):
    (run / "events.jsonl").unlink()
    assert read_record(run).curves == {}


def test_folder_or_output(run, tmp_path):
    assert run_folder(run) == run
    assert run_folder(tmp_path / "mesh.ply") == run
    with pytest.raises(UsageError, match=r"other\.ply: expected a run folder or the output of a run"):
        run_folder(tmp_path / "other.ply")


def test_not_a_run(tmp_path):
    (tmp_path / "empty.run").mkdir()
    with pytest.raises(UsageError, match="no manifest"):
        read_record(tmp_path / "empty.run")
    folder = make_run(tmp_path / "a.ply")
    (folder / "manifest.json").write_text("{")
    with pytest.raises(UsageError, match=r"manifest\.json: expected the manifest .*; do the run anew"):
        read_record(folder)
    folder = make_run(tmp_path / "b.ply")
    (folder / "pipeline.toml").write_text("stages = 3")
    with pytest.raises(UsageError, match=r"pipeline\.toml cannot be read"):
        read_record(folder)
