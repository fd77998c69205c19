"""Commands that are measured, the file that keeps the rows, and what the rows come to."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from commands import CommandFailed, Ran, python, stages
from record import Record, SettingsDiffer
from report import markdown
from summary import summaries

HEAD = {
    "date": "today",
    "machine": {"cpu": "one", "cores": 2},
    "versions": {"sdf-siren": "1", "torch": "2"},
    "settings": {"threads": 1, "device": "cpu", "resolution": None},
}


def row(case: str, method: str, error: float, *, seed: int = 0, subset: str = "clean") -> dict[str, Any]:
    return {
        **{"case": case, "subset": subset, "seed": seed, "method": method, "points": 9, "stages": {}},
        "surface": {"completeness": error, "hausdorff": 3 * error, "normal_consistency": 1 - error},
        "topology": {"components": 1 + (error > 0.5), "watertight": True},
        **{"whole_command_seconds": 2.0, "whole_command_cpu_seconds": 1.5, "peak_memory_mib": 100.0},
        "machine_gflops": 77.0,
    }


@pytest.mark.skipif(sys.platform == "win32", reason="wait4 is of Unix")
def test_a_command_costs_what_it_uses() -> None:
    work = (
        "import time; b = bytearray(b'x' * 300_000_000); time.sleep(.2)\nwhile time.process_time() < 1: pass"
    )
    ran = python(["-c", f"{work}\nprint('[1]')"], threads=1)
    assert ran.cpu > 0.95  # how much more depends on the machine
    assert ran.wall > ran.cpu
    assert ran.peak_memory_mib > 280
    assert ran.answer() == [1]


@pytest.mark.skipif(sys.platform == "win32", reason="wait4 is of Unix")
def test_a_failed_command_says_why() -> None:
    with pytest.raises(CommandFailed, match="ValueError: so it is"):
        python(["-c", "raise ValueError('so it is')"], threads=1)


def test_the_cpu_time_of_a_stage_is_what_was_used_between_its_events(tmp_path: Path) -> None:
    now = time.time()

    def event(kind: str, after: float, **more: Any) -> str:
        moment = datetime.fromtimestamp(now + after, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"time": moment, "kind": kind, "stage": "fit.sdf", **more}) + "\n"

    (tmp_path / "events.jsonl").write_text(event("stage_started", 1) + event("stage_done", 3, seconds=2.0))
    ran = Ran(
        4.0, 4.0, 1.0, "", [(now + t, cpu) for t, cpu in ((0.5, 0.1), (0.9, 0.2), (2.9, 3.2), (3.5, 9))]
    )
    assert stages(ran, tmp_path) == {"fit.sdf": {"wall": 2.0, "cpu": 3.0}}


def test_a_record_grows_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    Record(path, HEAD).add(row("a", "draft", 0.1))
    record = Record(path, {**HEAD, "versions": {"sdf-siren": "2", "torch": "2"}})
    record.add(row("a", "draft", 0.2))
    record.add({"case": "b", "subset": "clean", "seed": 0, "method": "draft", "error": "no"})
    found = Record(path, HEAD)
    assert [(r["case"], "error" in r) for r in found.document["rows"]] == [("a", False), ("b", True)]
    kept = found.find("a", 0, "draft")
    assert kept is not None
    assert kept["surface"]["completeness"] == 0.2
    assert found.find("a", 1, "draft") is None
    assert found.find("b", 0, "draft") is None, "an error is to be tried again"


def test_rows_of_other_circumstances_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "rows.json"
    Record(path, HEAD).add(row("a", "draft", 0.1))
    with pytest.raises(SettingsDiffer, match="threads 1 there, 2 now"):
        Record(path, {**HEAD, "settings": {**HEAD["settings"], "threads": 2}})


def test_a_summary_has_the_median_and_the_worst_ratio() -> None:
    rows = [row(case, "poisson", 0.4) for case in "abc"]
    rows += [row(case, "standard", error) for case, error in zip("abc", (0.1, 0.2, 0.6), strict=True)]
    rows.append(row("d", "standard", 0.1))  # without a Poisson row it says nothing
    rows += [row("s", "poisson", 0.4, subset="scans"), row("s", "draft", 0.2, seed=1, subset="scans")]
    found = {
        (s.subset, s.method): s for s in summaries(rows, ("clean", "scans"), ("poisson", "draft", "standard"))
    }
    standard = found["clean", "standard"]
    assert standard.completeness == pytest.approx((0.5, 1.5))
    assert standard.normals == pytest.approx((0.2, -0.2))
    assert (standard.rows, standard.in_pieces) == (4, 1)
    assert found["scans", "draft"].completeness == pytest.approx((0.5, 0.5)), (
        "a scan is the same for all seeds"
    )


def test_tables_and_plot_take_rows_and_errors(tmp_path: Path) -> None:
    rows = [row("a", "poisson", 0.4), row("a", "draft", 0.1)]
    rows.append({"case": "a", "subset": "clean", "seed": 0, "method": "high", "error": "out of memory"})
    text = markdown({**HEAD, "machine": {"cpu": "one"}, "rows": rows})
    assert "| a | 0 | 9 | draft | 100.000 | 0.25 |" in text
    assert "out of memory" in text
    assert "| 100 | 77 |" in text, "memory, and how fast the machine was"
    widths = {line.count("|") for line in text.splitlines() if line.startswith("| a |")}
    assert len(widths) == 1
    pytest.importorskip("matplotlib")
    from plot import draw

    draw(rows, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000
