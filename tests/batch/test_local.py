"""Worker processes: kept warm, held to limits, and none can harm another."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import threading
import time

import pytest

from sdf_siren.batch import status
from sdf_siren.batch.executor import Limits
from sdf_siren.batch.local import LocalExecutor


@pytest.fixture
def perform(words, batch_of):
    """``perform(texts, workers=1, limits=None, listen=..., **manner)``: results and reports of a batch."""

    def run(texts, workers=1, limits=None, listen=lambda report: None, **manner):
        reports = []

        def hear(report):
            reports.append(report)
            listen(report)

        batch = batch_of(texts, **manner)
        LocalExecutor(workers, 1, limits, "words:perform").run(batch.jobs, hear)
        return {r.job.name.removesuffix(".words"): r.result for r in reports if r.kind == "ended"}, reports

    return run


def texts(**given):
    return {f"{name}.words": text for name, text in given.items()}


def test_each_ends_once_and_its_events_are_heard(perform, tmp_path):
    results, reports = perform(texts(a="hello", b="", c="chatter 1", d="diverge 2"), workers=2)
    assert {name: result.status for name, result in results.items()} == {
        "a": "done",
        "b": "failed",
        "c": "done",
        "d": "failed",
    }
    assert sum(report.kind == "ended" for report in reports) == 4
    heard = [report.event for report in reports if report.event is not None and report.job.name == "a.words"]
    lines = (tmp_path / "out" / "a.out.run" / "events.jsonl").read_text().splitlines()
    assert [event.kind for event in heard] == [json.loads(line)["kind"] for line in lines]
    assert json.loads((tmp_path / "out" / "a.out.run" / "manifest.json").read_text())["threads"] == 1


def in_step_2(report):
    event = report.event
    return event is not None and event.kind == "progress" and event.data["done"] == 2


class TestDeath:
    def test_crashes_cost_one_job_and_are_tried_once_more_at_the_end(self, perform, words, tmp_path):
        results, reports = perform(texts(a="abort 2", b="once exit 2", c="hello", d="hello"))
        order = [(r.kind, r.job.name[0]) for r in reports if r.kind in ("started", "retry", "ended")]
        assert order == [
            *[("started", "a"), ("retry", "a"), ("started", "b"), ("retry", "b")],
            *[("started", "c"), ("ended", "c"), ("started", "d"), ("ended", "d")],
            *[("started", "a"), ("ended", "a"), ("started", "b"), ("ended", "b")],
        ]
        assert {n: (r.status, r.attempts) for n, r in results.items()} == {
            "a": ("failed", 2),
            "b": ("done", 2),
            "c": ("done", 1),
            "d": ("done", 1),
        }
        reason = "the worker crashed (signal 6, SIGABRT): terminate called without an active exception"
        assert (results["a"].kind, results["a"].reason) == ("crash", reason)
        assert words.taken(tmp_path / "in" / "b.words") == [0, 1, 2, 3], "from the checkpoint"
        log = (tmp_path / "out" / "batch.run" / "a.out.log").read_text()
        assert log.startswith("terminate called")
        assert "in run" in log, "where it was in Python"

    def test_it_is_recorded(self, perform, batch_of):
        results, _ = perform(texts(a="abort 2"))
        assert status.read(batch_of(resume=True).jobs[0]).result == results["a"]

    def test_killed_from_outside_is_tried_alone(self, perform):
        results, reports = perform(texts(a="once kill 2", b="hello", c="hello"), workers=2)
        assert (results["a"].status, results["a"].attempts) == ("done", 2)
        order = [(r.kind, r.job.name[0]) for r in reports if r.kind in ("started", "retry", "ended")]
        assert order[-2:] == [("started", "a"), ("ended", "a")]

    def test_an_allocation_that_failed_gets_a_fresh_worker(self, perform):
        results, _ = perform(texts(a="full 1", b="once full 1"))
        assert (results["a"].kind, results["a"].attempts) == ("memory", 2)
        assert (results["b"].status, results["b"].attempts) == ("done", 2)


class TestLimits:
    def test_timeout_keeps_the_checkpoint_and_is_not_repeated(self, perform, words, tmp_path, batch_of):
        results, _ = perform(texts(a="once hang 2", b="hello"), limits=Limits(timeout=2.0))
        assert (results["a"].kind, results["a"].attempts) == ("timeout", 1)
        assert results["a"].reason == "took more than the limit of 2 s"
        assert results["b"].status == "done"
        record = status.read(batch_of(resume=True).jobs[0])
        assert record.result == dataclasses.replace(results["a"], peak_memory=record.result.peak_memory)
        again, _ = perform({}, resume=True)
        assert again["a"].status == "done"
        assert words.taken(tmp_path / "in" / "a.words") == [0, 1, 2, 3]

    def test_memory(self, perform, batch_of):
        limits = Limits(memory=400_000_000)
        results, _ = perform(texts(a="hog 1", b="hello", c="hog 1"), limits=limits)
        assert results["a"].kind == results["c"].kind == "memory"
        assert results["a"].reason.endswith("GB, more than the limit of 0.4 GB")
        assert results["a"].peak_memory > 400_000_000
        assert results["b"].status == "done"
        # The worker of the first had done nothing before, so a repetition would end alike.
        assert (results["a"].attempts, results["c"].attempts) == (1, 2)
        assert status.read(batch_of(resume=True).jobs[0]).result == results["a"]


class TestStopping:
    def test_ctrl_c_keeps_checkpoints(self, perform, tmp_path):
        ended = []

        def listen(report):
            if report.kind == "ended":
                ended.append(report.result)
            if in_step_2(report):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            perform(texts(a="hang 2", b="hello"), listen=listen)
        assert [(result.name, result.status) for result in ended] == [("a.words", "interrupted")]
        manifest = json.loads((tmp_path / "out" / "a.out.run" / "manifest.json").read_text())
        assert manifest["status"] == "interrupted"
        assert (tmp_path / "out" / "a.out.run" / "fit.checkpoint").read_text() == "2"

    def test_a_second_ctrl_c_does_not_wait(self, perform):
        start = time.monotonic()
        timers = [threading.Timer(after, signal.raise_signal, [signal.SIGINT]) for after in (0.1, 0.6)]

        def listen(report):
            if in_step_2(report):
                for timer in timers:
                    timer.start()

        try:
            with pytest.raises(KeyboardInterrupt):
                perform(texts(a="stubborn 2"), listen=listen)
        finally:
            for timer in timers:
                timer.join()
        assert time.monotonic() - start < 8, "the grace alone is longer"

    def test_an_error_of_the_listener_ends_the_workers(self, perform):
        import psutil

        def listen(report):
            if report.event is not None:
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            perform(texts(a="hang 2"), listen=listen)
        assert not psutil.Process().children()


class TestPlaces:
    def test_one_worker_serves_many_jobs(self, perform, monkeypatch):
        from sdf_siren.batch import local

        made = []

        class Counted(local.Worker):
            def __init__(self, *arguments):
                made.append(arguments)
                super().__init__(*arguments)

        monkeypatch.setattr(local, "Worker", Counted)
        perform(texts(a="hello", b="hello", c="hello", d="abort 1"))
        assert len(made) == 2, "one for all, and a fresh one after the crash"

    def test_no_more_workers_than_jobs(self, perform):
        results, _ = perform(texts(a="hello"), workers=50)
        assert results["a"].status == "done"

    def test_nothing_to_do(self, words):
        LocalExecutor(2, 1, function="words:perform").run([], lambda report: None)


def test_threads_reach_the_libraries(batch_of, words, monkeypatch, tmp_path):
    (tmp_path / "probe.py").write_text(
        "import os\n"
        "def perform(job, observer):\n"
        "    return job.ended('done', measures={'threads': os.environ['OMP_NUM_THREADS']})\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    ended = []
    batch = batch_of({"a.words": "x"})
    LocalExecutor(1, 3, function="probe:perform").run(batch.jobs, lambda r: ended.append(r.result))
    assert ended[-1].measures == {"threads": "3"}
