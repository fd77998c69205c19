"""Running a batch: an executor performs its jobs, and the summary follows."""

from __future__ import annotations

import os
import time

from sdf_siren.batch import summary
from sdf_siren.batch.executor import Executor, Listener, Report
from sdf_siren.batch.outcome import JobResult
from sdf_siren.batch.plan import Batch
from sdf_siren.batch.status import FOLDER
from sdf_siren.errors import Interrupted, UsageError
from sdf_siren.memory import bytes_free

THREADS_PER_JOB = 1
"""On two processors, two jobs of one thread each did 7.6 draft scans a minute, one of two threads 5.2
(benchmarks/results/batch-20261127-1254.md): a run has parts that use one thread only."""

BYTES_PER_JOB = 1_500_000_000
"""Libraries and a fit with meshing of a scan of some 100,000 points take about half of it."""

_BETWEEN_SUMMARIES = 2.0
"""Seconds; writing one means looking at all jobs."""


def run(batch: Batch, executor: Executor, listen: Listener = lambda report: None) -> list[JobResult]:
    """Perform the jobs of this shard and keep the summary of the whole batch current; then write its index.

    Returns:
        How the jobs of the whole batch stand, other processes' too, in their order.

    Raises:
        Interrupted: by Ctrl-C; what was at work can be continued, and the summary is written.
        UsageError: the output folder cannot be written.
    """
    keeper = _Keeper(batch, listen)
    try:
        executor.run(batch.mine, keeper)
    except KeyboardInterrupt:
        results = keeper.close()
        done = sum(result.good for result in results)
        raise Interrupted(
            f"interrupted; {done} of {len(results)} are done; repeat the command with --resume to continue"
        ) from None
    return keeper.close()


class _Keeper:
    """A listener that writes the summary when jobs end."""

    def __init__(self, batch: Batch, listen: Listener) -> None:
        self._batch, self._listen = batch, listen
        self._known: dict[str, JobResult] = {}
        try:
            (batch.folder / FOLDER).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"{batch.folder}: cannot be written ({error.strerror}); choose another folder with -o"
            ) from None
        self.write()

    def __call__(self, report: Report) -> None:
        if report.kind == "ended" and report.result is not None:
            self._known[report.job.name] = report.result
            if time.monotonic() - self._written > _BETWEEN_SUMMARIES:
                self.write()
        self._listen(report)

    def close(self) -> list[JobResult]:
        """The last summary, and the page to look at."""
        from sdf_siren.report import write_index

        results = self.write()
        write_index(self._batch.folder, results)
        return results

    def write(self) -> list[JobResult]:
        results = summary.write(self._batch.folder, self._batch.jobs, self._known)
        self._written = time.monotonic()
        return results


def workers_for(asked: int | None, jobs: int, threads: int | None = None) -> tuple[int, int]:
    """How many jobs at a time, and the CPU threads of each.

    Args:
        asked: jobs at a time; None chooses: by the processors that this process may use, and so that each job
            finds 1.5 GB of the memory that is free now.
        jobs: in all.
        threads: of each job; None shares the processors out.

    Raises:
        UsageError: a number is below 1.
    """
    for name, number in (("jobs", asked), ("threads", threads)):
        if number is not None and number < 1:
            raise UsageError(f"{name}: expected a whole number of at least 1, found {number}")
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if asked is None:
        by_processors = processors // (threads or THREADS_PER_JOB)
        free = bytes_free()
        by_memory = by_processors if free is None else free // BYTES_PER_JOB
        asked = max(1, min(by_processors, by_memory))
    workers = max(1, min(asked, jobs))
    return workers, threads or max(1, processors // workers)
