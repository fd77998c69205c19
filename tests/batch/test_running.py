"""A batch and its summary while it runs; an executor without processes."""

from __future__ import annotations

import csv
import os

import pytest

from sdf_siren.batch import running
from sdf_siren.batch.executor import Report
from sdf_siren.batch.perform import perform
from sdf_siren.errors import Interrupted, UsageError

TEXTS = {"a.words": "x", "b.words": "", "c.words": "x"}


class Here:
    """Performs jobs in this process; Ctrl-C comes before the job named ``stop``."""

    def __init__(self, stop=""):
        self.stop = stop

    def run(self, jobs, listen):
        for job in jobs:
            if job.name == self.stop:
                raise KeyboardInterrupt
            listen(Report("started", job))
            listen(Report("ended", job, result=perform(job)))


def table(tmp_path):
    rows = csv.DictReader((tmp_path / "out" / "summary.csv").read_text().splitlines())
    return {row["name"][0]: row["status"] for row in rows}


def test_results_and_summary(batch_of, tmp_path):
    results = running.run(batch_of(TEXTS), Here())
    assert [(r.name, r.status) for r in results] == [
        ("a.words", "done"),
        ("b.words", "failed"),
        ("c.words", "done"),
    ]
    assert table(tmp_path) == {"a": "done", "b": "failed", "c": "done"}


def test_the_summary_follows(batch_of, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "_BETWEEN_SUMMARIES", 0.0)
    seen = []
    running.run(
        batch_of(TEXTS), Here(), lambda report: seen.append("".join(s[0] for s in table(tmp_path).values()))
    )
    assert seen == ["www", "dww", "dww", "dfw", "dfw", "dfd"]


def test_ctrl_c(batch_of, tmp_path):
    message = "interrupted; 1 of 3 are done; repeat the command with --resume to continue"
    with pytest.raises(Interrupted, match=message):
        running.run(batch_of(TEXTS), Here(stop="c.words"))
    assert table(tmp_path) == {"a": "done", "b": "failed", "c": "waiting"}
    results = running.run(batch_of(resume=True), Here())
    assert [r.status for r in results] == ["skipped", "failed", "done"]


def test_shards_complete_each_other(batch_of, tmp_path):
    batches = [batch_of(TEXTS, shard=(part, 2)) for part in (1, 2)]
    running.run(batches[0], Here())
    assert table(tmp_path) == {"a": "done", "b": "waiting", "c": "done"}
    results = running.run(batches[1], Here())
    assert [r.status for r in results] == ["done", "failed", "done"]
    assert table(tmp_path) == {"a": "done", "b": "failed", "c": "done"}
    whole = running.run(batch_of(resume=True), Here())
    assert [r.status for r in whole] == ["skipped", "failed", "skipped"]


def test_a_folder_that_cannot_be_made(batch_of, tmp_path):
    batch = batch_of(TEXTS)
    (tmp_path / "out").write_text("x")
    with pytest.raises(UsageError, match="choose another folder"):
        running.run(batch, Here())


class TestWorkers:
    @pytest.fixture(autouse=True)
    def machine(self, monkeypatch):
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(16)), raising=False)
        monkeypatch.setattr(running, "bytes_free", lambda: 100_000_000_000)

    def test_a_job_for_every_processor(self):
        assert running.workers_for(None, 100) == (16, 1)
        assert running.workers_for(None, 100, threads=4) == (4, 4)

    def test_as_asked(self):
        assert running.workers_for(3, 100) == (3, 5)
        assert running.workers_for(40, 100) == (40, 1)
        assert running.workers_for(3, 100, threads=7) == (3, 7)

    def test_few_jobs_share_the_processors(self):
        assert running.workers_for(None, 2) == (2, 8)
        assert running.workers_for(None, 0) == (1, 16)

    def test_little_memory(self, monkeypatch):
        monkeypatch.setattr(running, "bytes_free", lambda: 4_000_000_000)
        assert running.workers_for(None, 100) == (2, 8)
        monkeypatch.setattr(running, "bytes_free", lambda: 0)
        assert running.workers_for(None, 100) == (1, 16)

    def test_unknown_memory(self, monkeypatch):
        monkeypatch.setattr(running, "bytes_free", lambda: None)
        assert running.workers_for(None, 100) == (16, 1)
