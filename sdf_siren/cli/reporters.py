"""Progress for people: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, TextIO

from sdf_siren.engine.run import ignore
from sdf_siren.engine.stage import Event, Observer

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS_BETWEEN_LINES = 5.0


class PlainReporter(AbstractContextManager["PlainReporter"]):
    """One line at the end of each stage, for each note, and about every five seconds.

    Args:
        stream: where to write.
        verbose: whether to show the figures of the moment, and what is skipped.
        clock: seconds; replaced in tests.
    """

    def __init__(self, stream: TextIO, verbose: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream, self._verbose, self._clock = stream, verbose, clock
        self._said = clock()
        self._first: tuple[float, int] | None = None

    def __exit__(self, *_: object) -> None:
        """Nothing is held open."""

    def __call__(self, event: Event) -> None:
        match event.kind:
            case "stage_started":
                self._first = None
                if self._verbose:
                    self._say(f"{event.stage}: started")
            case "progress":
                self._progress(event)
            case "note" | "stage_done" | "measures" | "stage_skipped":
                line = line_of(event, self._verbose)
                if line:
                    self._say(line)

    def _progress(self, event: Event) -> None:
        now, done, total = self._clock(), event.data["done"], event.data["total"]
        if self._first is None:
            self._first = (now, done)
        if now - self._said < SECONDS_BETWEEN_LINES or done >= total:
            return
        since, before = self._first
        left = f", {(now - since) * (total - done) / (done - before):.0f} s left" if done > before else ""
        self._say(
            f"{event.stage}: {100 * done // total} % ({done} of {total}){left}{figures(event, self._verbose)}"
        )

    def _say(self, line: str) -> None:
        self._said = self._clock()
        self._stream.write(line + "\n")
        self._stream.flush()


class BarReporter(AbstractContextManager["BarReporter"]):
    """A bar with the time left for the stage at work, and a line for what is past."""

    def __init__(self, verbose: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        self._verbose = verbose
        self._bar: Progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._task: TaskID | None = None
        self._moving = False

    def __enter__(self) -> BarReporter:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        if event.kind == "stage_started":
            self._task = self._bar.add_task(event.stage, total=None, figures="")
            self._moving = False
        elif event.kind == "progress" and self._task is not None:
            done, total = event.data["done"], event.data["total"]
            if not self._moving:  # a resumed fit starts in the middle; its speed counts from there
                self._bar.reset(self._task, total=total, completed=done)
                self._moving = True
            shown = figures(event, self._verbose)
            self._bar.update(self._task, total=total, completed=done, figures=shown)
        else:
            if event.kind == "stage_done" and self._task is not None:
                self._bar.remove_task(self._task)
                self._task = None
            line = line_of(event, self._verbose)
            if line:
                self._bar.console.print(line, markup=False, highlight=False)


def line_of(event: Event, verbose: bool) -> str:
    """What to say about an event that is past, or an empty string."""
    prefix = f"{event.stage}: " if event.stage else ""
    match event.kind:
        case "note":
            return prefix + str(event.data["text"])
        case "stage_done":
            return f"{prefix}{event.data['seconds']:.1f} s"
        case "measures" if verbose:
            return prefix + ", ".join(f"{name} {value}" for name, value in event.data.items())
        case "stage_skipped" if verbose:
            return f"{prefix}skipped, {event.data['reason']}"
        case _:
            return ""


def figures(event: Event, verbose: bool) -> str:
    """The figures of the moment, where they are wanted."""
    return "".join(f"  {name} {value:.3g}" for name, value in event.data["values"].items()) if verbose else ""


def reporter(*, quiet: bool, verbose: bool) -> AbstractContextManager[Observer]:
    """The observer for this terminal, or none, as a context that holds the screen."""
    if quiet:
        return nullcontext(ignore)
    return BarReporter(verbose) if sys.stderr.isatty() else PlainReporter(sys.stderr, verbose)
