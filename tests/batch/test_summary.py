"""The summary, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json

import pytest

from sdf_siren.batch import status, summary
from sdf_siren.batch.outcome import JobResult
from sdf_siren.batch.status import Record
from sdf_siren.engine.locks import held
from sdf_siren.errors import BusyError


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def result(name="a", **changes):
    return JobResult(**({"name": name, "input": name, "output": name, "status": "done"} | changes))


class TestCsv:
    def test_columns_are_the_same_for_every_batch(self):
        header = "name,status,kind,reason,seconds,attempts,peak_memory,input,output"
        for results in ([], [result(measures={"odd": 1})]):
            first = summary.to_csv(results).splitlines()[0]
            assert first == f"{header},{','.join(summary.MEASURES)}"

    def test_values(self):
        measures = {"faces": 12, "watertight": False, "residual_median": 0.5, "psnr": None}
        given = result(seconds=1.5, peak_memory=10, measures=measures)
        (row,) = rows_of(summary.to_csv([given]))
        assert {k: v for k, v in row.items() if v} == {
            "name": "a",
            "status": "done",
            "seconds": "1.5",
            "attempts": "1",
            "peak_memory": "10",
            "input": "a",
            "output": "a",
            "faces": "12",
            "watertight": "no",
            "residual_median": "0.5",
        }

    @pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)"])
    def test_no_text_is_a_formula(self, name):
        (row,) = rows_of(summary.to_csv([result(name, reason=name)]))
        assert row["name"] == row["reason"] == f"'{name}"

    @pytest.mark.parametrize("name", ["\t=1", "\r=1", "\n=1", "a\x1b[2Jb"])
    def test_control_characters_are_escaped(self, name):
        (row,) = rows_of(summary.to_csv([result(name)]))
        assert row["name"] == name.encode("unicode_escape").decode()

    @pytest.mark.parametrize("name", ['quote".ply', "comma,.ply", "é.ply"])
    def test_other_names_as_they_are(self, name):
        (row,) = rows_of(summary.to_csv([result(name)]))
        assert row["name"] == name

    def test_bytes_that_are_no_text(self):
        (row,) = rows_of(summary.to_csv([result("caf\udce9.ply")]))
        assert row["name"] == "caf\\udce9.ply"


def test_json_says_all():
    given = [result("a", measures={"odd": 1}), result("caf\udce9", status="failed")]
    document = json.loads(summary.to_json(given))
    assert document["counts"] == {"done": 1, "failed": 1}
    assert [JobResult.from_json(job) for job in document["jobs"]] == given


class TestSharedFolder:
    def test_others_are_known_by_their_records(self, batch_of, tmp_path):
        jobs = batch_of({f"{name}.words": "x" for name in "abcde"}).jobs
        a, b, c, d, e = jobs
        status.save(b, Record(b.fingerprint, "", b.ended("failed", "fit", "why")))
        status.save(c, Record(c.fingerprint))
        status.save(d, Record("of another request", "", d.ended("done")))
        status.save(e, Record(e.fingerprint, "", e.ended("done")))
        known = {"a.words": a.ended("done"), "e.words": e.ended("elsewhere")}
        found = summary.write(tmp_path / "out", jobs, known)
        assert [r.status for r in found] == ["done", "failed", "elsewhere", "waiting", "done"]
        rows = rows_of((tmp_path / "out" / "summary.csv").read_text())
        assert [row["status"] for row in rows] == [r.status for r in found]
        assert len(json.loads((tmp_path / "out" / "summary.json").read_text())["jobs"]) == 5

    def test_writers_take_turns(self, batch_of, tmp_path, monkeypatch):
        jobs = batch_of({"a.words": "x"}).jobs
        summary_claim = tmp_path / "out" / "batch.run" / "summary.claim"
        summary_claim.parent.mkdir(parents=True)
        monkeypatch.setattr(summary, "_TURN", 0.0)
        with held(summary_claim, tmp_path), pytest.raises(BusyError):
            summary.write(tmp_path / "out", jobs, {})
        summary.write(tmp_path / "out", jobs, {})
