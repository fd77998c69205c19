"""Progress on a terminal and off it."""

from __future__ import annotations

import io
import sys

import pytest

from sdf_siren.cli.reporters import BarReporter, PlainReporter, reporter
from sdf_siren.engine.stage import Event


def progress(done, total=100):
    return Event(
        "progress", "fit.sdf", {"task": "fit", "done": done, "total": total, "values": {"surface": 0.25}}
    )


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


class TestPlain:
    def run(self, verbose=False, first=0):
        clock, stream = Clock(), io.StringIO()
        with PlainReporter(stream, verbose, clock) as observer:
            observer(Event("stage_started", "fit.sdf", {"writes_output": False}))
            for second in range(first, 101):
                clock.now = float(second - first)
                observer(progress(second))
            observer(Event("stage_done", "fit.sdf", {"seconds": 100.04}))
        return stream.getvalue().splitlines()

    def test_about_every_five_seconds(self):
        lines = self.run()
        assert lines[0] == "fit.sdf: 5 % (5 of 100), 95 s left"
        assert lines[1] == "fit.sdf: 10 % (10 of 100), 90 s left"
        assert lines[-1] == "fit.sdf: 100.0 s"
        assert len(lines) == 20

    def test_time_left_of_a_resumed_fit(self):
        assert self.run(first=50)[0] == "fit.sdf: 55 % (55 of 100), 45 s left"

    def test_verbose(self):
        assert self.run(verbose=True)[:2] == [
            "fit.sdf: started",
            "fit.sdf: 5 % (5 of 100), 95 s left  surface 0.25",
        ]

    def test_notes(self):
        stream = io.StringIO()
        observer = PlainReporter(stream, False, Clock())
        observer(Event("note", "read.points", {"text": "dropped 3"}))
        observer(Event("note", "", {"text": "starting anew"}))
        observer(Event("measures", "measure.fit", {"faces": 3}))
        assert stream.getvalue() == "read.points: dropped 3\nstarting anew\n"


@pytest.mark.parametrize("verbose", [False, True])
def test_bar(capsys, monkeypatch, verbose):
    monkeypatch.setenv("TERM", "xterm")
    with BarReporter(verbose) as observer:
        observer(Event("run_started"))
        for name in ("read.points", "fit.sdf"):
            observer(Event("stage_started", name, {"writes_output": False}))
            for done in (50, 100):
                observer(progress(done))
            observer(Event("note", name, {"text": "[red]not markup"}))
            observer(Event("stage_done", name, {"seconds": 1.25}))
    out, err = capsys.readouterr()
    assert out == ""
    assert "fit.sdf: 1.2 s" in err
    assert "fit.sdf: [red]not markup" in err


def test_choice(monkeypatch):
    with reporter(quiet=True, verbose=False) as observer:
        observer(progress(3))
    assert isinstance(reporter(quiet=False, verbose=False), PlainReporter)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(reporter(quiet=False, verbose=False), BarReporter)
