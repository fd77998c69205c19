"""What is said about a batch."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from sdf_siren.batch.executor import Report
from sdf_siren.batch.jobs import Job
from sdf_siren.cli.batch_display import LiveBatch, Pace, PlainBatch, closing_lines, duration, told
from sdf_siren.engine.stage import Event


def job(name):
    return Job(name, Path(f"/in/{name}"), Path(f"/out/{name}"), Path("/out"), "")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def done(name, status="done", kind="", reason="", **figures):
    return Report("ended", job(name), result=job(name).ended(status, kind, reason, **figures))


class TestPace:
    def test_from_what_jobs_took(self, clock):
        pace = Pace(10, clock)
        assert pace.left() is None
        pace(Report("started", job("a")))
        pace(Report("started", job("b")))
        clock.now = 10.0
        pace(done("a"))
        pace(Report("started", job("c")))
        # Seven wait, b is over its time, c has just begun: 80 s of work for two.
        assert pace.left() == pytest.approx(40.0)
        clock.now = 14.0
        assert pace.left() == pytest.approx(38.0)

    def test_as_many_at_a_time_as_were_seen(self, clock):
        pace = Pace(4, clock)
        pace(Report("started", job("a")))
        clock.now = 10.0
        pace(done("a"))
        assert pace.left() == pytest.approx(30.0)
        for name in "bc":
            pace(Report("started", job(name)))
        assert pace.left() == pytest.approx(15.0)

    def test_refusals_and_skips_say_nothing(self, clock):
        pace = Pace(3, clock)
        pace(Report("started", job("a")))
        pace(done("a", "failed", "input"))
        pace(Report("started", job("b")))
        pace(done("b", "skipped"))
        assert pace.left() is None
        assert pace.ended == 2

    def test_a_retry_is_not_an_end(self, clock):
        pace = Pace(2, clock)
        pace(Report("started", job("a")))
        clock.now = 4.0
        pace(Report("retry", job("a"), result=job("a").ended("failed", "crash")))
        assert pace.ended == 0
        assert pace.left() == pytest.approx(8.0)

    def test_nothing_at_the_end(self, clock):
        pace = Pace(1, clock)
        pace(Report("started", job("a")))
        pace(done("a"))
        assert pace.words() == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5000, "83 min"), (36000, "10.0 h")]
)
def test_durations(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (done("a", seconds=24.12, measures={"components": 1, "watertight": True}), "done a 24.1 s, 1 part"),
        (done("a", measures={"components": 3, "watertight": False}), "done a 0.0 s, 3 parts, open"),
        (done("a", measures={"psnr": 31.25}), "done a 0.0 s, 31.2 dB"),
        (done("a", measures={"psnr": None}), "done a 0.0 s"),
        (done("a", "skipped"), "skipped a, done before"),
        (done("a", "failed", "input", "the file is empty"), "failed a: the file is empty"),
        (done("a\x1b[2J", "failed", "fit", "x\ny"), "failed a\\x1b[2J: x\\ny"),
        (done("a", "interrupted", reason="long"), "interrupted a"),
    ],
)
def test_lines(result, line):
    assert told(result.result) == line


REPORTS = [
    Report("started", job("a")),
    Report("event", job("a"), Event("stage_started", "fit.sdf", {"writes_output": False})),
    Report(
        "event", job("a"), Event("progress", "fit.sdf", {"task": "fit", "done": 1, "total": 2, "values": {}})
    ),
    Report("event", job("a"), Event("note", "read.points", {"text": "dropped 2 rows"})),
    Report("retry", job("a"), result=job("a").ended("failed", "crash", "boom")),
    Report("started", job("a")),
    done("a", seconds=3.0),
]


class TestPlain:
    def told(self, clock, **manner):
        stream = io.StringIO()
        with PlainBatch(Pace(2, clock), stream, **manner) as display:
            for report in REPORTS:
                display(report)
        return stream.getvalue().splitlines()

    def test_lines(self, clock):
        lines = self.told(clock, verbose=False)
        assert lines == ["a: boom; it will be tried again", "[1/2, 0 s left] done a 3.0 s"]

    def test_the_time_left_is_no_part_of_a_reason(self, clock):
        stream = io.StringIO()
        with PlainBatch(Pace(2, clock), stream, verbose=False) as display:
            display(Report("started", job("a")))
            display(done("a", "failed", "fit", "the loss is NaN; lower the rate"))
        assert stream.getvalue() == "[1/2, 0 s left] failed a: the loss is NaN; lower the rate\n"

    def test_verbose(self, clock):
        assert self.told(clock, verbose=True)[0] == "a: read.points: dropped 2 rows"


def test_live(clock, capsys):
    with LiveBatch(Pace(2, clock), verbose=False) as display:
        display.say(["2 jobs"])
        for report in REPORTS:
            display(report)
        assert [task.description for task in display._bars.tasks] == ["all"], "ended jobs have no bar"
        assert display._bars.tasks[0].completed == 1
    said = capsys.readouterr().err
    for line in ("2 jobs", "a: boom; it will be tried again", "[1/2, 0 s left] done a 3.0 s"):
        assert line in said


def test_closing():
    results = [
        report.result for report in (done("a"), done("b", "skipped"), done("c", "failed", "fit", "why"))
    ]
    assert closing_lines(results, Path("out")) == [
        "out: 3 jobs: 1 done, 1 done before, 1 failed; summary.csv has the figures",
        "failed c: why",
    ]
