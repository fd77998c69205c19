"""What performs the jobs of a batch: the interface that every kind of it has."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult
from sdf_siren.engine.stage import Event
from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class Limits:
    """What an attempt at a job may take; None is no limit.

    Attributes:
        timeout: seconds on the wall.
        memory: bytes resident, of the worker and of all processes that it started.

    Raises:
        UsageError: a limit is not a number above zero.
    """

    timeout: float | None = None
    memory: float | None = None

    def __post_init__(self) -> None:
        given = {"timeout: expected seconds": self.timeout, "memory limit: expected bytes": self.memory}
        for words, limit in given.items():
            if limit is not None and not 0 < limit < math.inf:
                raise UsageError(f"{words} above zero, found {limit}")


@dataclass(frozen=True)
class Report:
    """Something that happened to a job.

    Attributes:
        kind: ``started`` (an attempt), ``event`` (of its run), ``retry`` (an attempt failed, another one will
            follow; ``result`` tells of it) or ``ended``.
        job: as it was attempted.
        event: for ``event``.
        result: for ``retry`` and ``ended``.
    """

    kind: Literal["started", "event", "retry", "ended"]
    job: Job
    event: Event | None = None
    result: JobResult | None = None


Listener = Callable[[Report], None]
"""Called in the thread that called :meth:`Executor.run`, one report after the other."""


class Executor(Protocol):
    """Performs jobs in other processes, so that none can harm another or the caller."""

    @property
    def manner(self) -> str:
        """How it does so, in a few words: ``2 at a time, 1 thread each``."""
        ...

    def run(self, jobs: Sequence[Job], listen: Listener) -> None:
        """Perform all jobs by :func:`sdf_siren.batch.perform.perform`, in about their order.

        ``ended`` is reported once for every job. Of a job whose process died, it is this method that writes
        the record, by :func:`sdf_siren.batch.status.record_end`.

        Raises:
            KeyboardInterrupt: passed on once the workers have stopped, checkpoints are written and the jobs
                at work were reported as ``interrupted``; those not begun are not reported.
        """
        ...


def side_by_side(jobs: int, threads: int) -> str:
    """``2 at a time, 1 thread each``."""
    return f"{jobs} at a time, {each(threads)}"


def each(threads: int) -> str:
    """``1 thread each``."""
    return f"{threads} thread{'s' * (threads != 1)} each"
