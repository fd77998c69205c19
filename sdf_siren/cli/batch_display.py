"""What a batch says: a line for every job that ends, and on a terminal what is at work."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sdf_siren.batch.executor import Report
from sdf_siren.batch.outcome import JobResult, Status, shown
from sdf_siren.cli.reporters import line_of

if TYPE_CHECKING:
    from rich.progress import TaskID


class Pace:
    """The time left for a batch, from how long its jobs took so far.

    Args:
        jobs: in all.
        clock: seconds; replaced in tests.
    """

    def __init__(self, jobs: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.jobs, self.ended = jobs, 0
        self._clock, self._at_a_time = clock, 1  # as many as were seen; nobody knows what a cluster will give
        self._begun: dict[str, float] = {}
        self._took: list[float] = []

    def __call__(self, report: Report) -> None:
        """Take notice of a report."""
        if report.kind == "started":
            self._begun[report.job.name] = self._clock()
            self._at_a_time = max(self._at_a_time, len(self._begun))
        elif report.kind in ("ended", "retry"):
            since = self._begun.pop(report.job.name, self._clock())
            if report.result is not None and _worked(report.result):
                self._took.append(self._clock() - since)
            self.ended += report.kind == "ended"

    def left(self) -> float | None:
        """Seconds; None as long as nobody knows, and at the end."""
        if not self._took or self.ended >= self.jobs:
            return None
        mean = sum(self._took) / len(self._took)
        waiting = self.jobs - self.ended - len(self._begun)
        at_work = sum(max(0.0, mean - (self._clock() - since)) for since in self._begun.values())
        return (waiting * mean + at_work) / min(self._at_a_time, max(1, self.jobs - self.ended))

    def words(self) -> str:
        """``12 min left``, or nothing."""
        left = self.left()
        return "" if left is None else f"{duration(left)} left"


def _worked(result: JobResult) -> bool:
    """Whether a job took its time: those that are refused or found done say nothing about the others."""
    return result.status == "done" or (result.status == "failed" and result.kind not in ("input", "usage"))


def duration(seconds: float) -> str:
    """As exact as a guess can be."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


class PlainBatch(AbstractContextManager["PlainBatch"]):
    """A listener that writes lines.

    Args:
        pace: of the batch.
        stream: where to write; None says nothing.
        verbose: whether to say what the runs note.
    """

    def __init__(self, pace: Pace, stream: TextIO | None, verbose: bool) -> None:
        self._pace, self._stream, self._verbose = pace, stream, verbose

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def __call__(self, report: Report) -> None:
        self._pace(report)
        line = line_about(report, self._pace, self._verbose)
        if line:
            self.say([line])

    def say(self, lines: Iterable[str]) -> None:
        """Write lines."""
        if self._stream is not None:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()


class LiveBatch(AbstractContextManager["LiveBatch"]):
    """A listener that shows a bar for the batch and one for every job at work, below the lines."""

    def __init__(self, pace: Pace, verbose: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._pace, self._verbose = pace, verbose
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[words]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> LiveBatch:
        self._bars.start()
        self._whole = self._bars.add_task("all", total=self._pace.jobs, words="")
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def __call__(self, report: Report) -> None:
        self._pace(report)
        name = report.job.name
        if report.kind == "started":
            self._tasks[name] = self._bars.add_task(f"  {shown(name)}", total=None, words="")
        elif report.event is not None and name in self._tasks:
            data = report.event.data
            if report.event.kind == "progress":
                self._bars.update(self._tasks[name], total=data["total"], completed=data["done"])
            elif report.event.kind == "stage_started":
                self._bars.reset(self._tasks[name], total=None, words=report.event.stage)
        elif name in self._tasks:
            self._bars.remove_task(self._tasks.pop(name))
        line = line_about(report, self._pace, self._verbose)
        if line:
            self.say([line])
        words = f"{self._pace.ended} of {self._pace.jobs}  {self._pace.words()}"
        self._bars.update(self._whole, completed=self._pace.ended, words=words)

    def say(self, lines: Iterable[str]) -> None:
        """Write lines above the bars."""
        for line in lines:
            self._bars.console.print(line, markup=False, highlight=False)


def batch_display(jobs: int, *, quiet: bool, verbose: bool) -> PlainBatch | LiveBatch:
    """The listener for this terminal, as a context that holds the screen."""
    pace = Pace(jobs)
    if not quiet and sys.stderr.isatty():
        return LiveBatch(pace, verbose)
    return PlainBatch(pace, None if quiet else sys.stderr, verbose)


def line_about(report: Report, pace: Pace, verbose: bool) -> str:
    """What to say about a report, or nothing."""
    name, result = shown(report.job.name), report.result
    if report.event is not None:
        line = line_of(report.event, verbose=False) if verbose and report.event.kind == "note" else ""
        return f"{name}: {shown(line)}" if line else ""
    if result is None:
        return ""
    if report.kind == "retry":
        return f"{name}: {shown(result.reason)}; it will be tried again"
    left = pace.words()
    return f"[{pace.ended}/{pace.jobs}{f', {left}' if left else ''}] {told(result)}"


def told(result: JobResult) -> str:
    """``done skull.ply 24.1 s, 1 part``."""
    name = shown(result.name)
    if result.status == "done":
        return f"done {name} {result.seconds:.1f} s{_figures(result)}"
    if result.status == "skipped":
        return f"skipped {name}, done before"
    if result.status == "interrupted":
        return f"interrupted {name}"
    return f"{result.status} {name}{f': {shown(result.reason)}' if result.reason else ''}"


def _figures(result: JobResult) -> str:
    """What a glance wants to know of a mesh or an image."""
    measures, words = result.measures, []
    if "components" in measures:
        words.append(f"{measures['components']} part{'s' * (measures['components'] != 1)}")
    if measures.get("watertight") is False:
        words.append("open")
    if measures.get("psnr") is not None:
        words.append(f"{measures['psnr']:.1f} dB")
    return "".join(f", {word}" for word in words)


def setup_line(mine: int, jobs: int, manner: str) -> str:
    """How the batch is performed; ``manner`` is the executor's."""
    part = f"{mine} of {jobs} jobs" if mine != jobs else f"{jobs} job{'s' * (jobs != 1)}"
    return f"{part}, {manner}"


def closing_lines(results: Sequence[JobResult], folder: Path) -> list[str]:
    """What became of the batch, and why jobs failed."""
    words: dict[Status, str] = {
        "done": "done",
        "skipped": "done before",
        "failed": "failed",
        "elsewhere": "left to another process",
    }
    counts = Counter(result.status for result in results)
    told_counts = ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status])
    failed = [told(result) for result in results if result.status == "failed"]
    return [f"{folder}: {len(results)} jobs: {told_counts}; summary.csv has the figures", *failed]
