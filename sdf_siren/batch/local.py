"""Jobs side by side on this machine, each in a supervised process."""

from __future__ import annotations

import dataclasses
import math
import queue
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sdf_siren.batch import status
from sdf_siren.batch.executor import Limits, Listener, Report, side_by_side
from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult, Kind, death_of
from sdf_siren.batch.process import Message, Worker
from sdf_siren.batch.worker import GRACE, PERFORM
from sdf_siren.engine.stage import Event
from sdf_siren.files import write_text

TICK = 0.1
"""Seconds between looks at time and memory."""


@dataclass
class _Place:
    """Where a worker works; the worker may be replaced.

    Attributes:
        index: among the places.
        worker: None until the first job, and after a death.
        served: jobs that the worker has done.
        job: at work.
        since: when the job began.
        peak: memory seen since then.
        verdict: why the supervisor ends the worker, and the reason in words.
        deadline: when a worker that was asked to stop is killed.
    """

    index: int
    worker: Worker | None = None
    served: int = 0
    job: Job | None = None
    since: float = 0.0
    peak: int = 0
    verdict: tuple[Kind, str] | None = None
    deadline: float = math.inf


class LocalExecutor:
    """Performs jobs in worker processes that are kept warm.

    A worker that dies, takes too long or too much memory costs its job only. That job is tried once more,
    after all others, where it can help: after a crash; after SIGKILL from elsewhere or an allocation that
    failed, which mostly mean a machine short of memory, with no other job beside it; over the memory limit
    if its worker had done other jobs before, whose leavings count. A refusal or a timeout would only repeat.

    Args:
        workers: jobs at a time.
        threads: CPU threads of each. Results do not depend on it.
        limits: of every attempt.
        function: ``module:name`` of what workers do with a job.
        warm: whether idle workers are kept from one run to the next, until :meth:`close`.
    """

    def __init__(
        self,
        workers: int,
        threads: int,
        limits: Limits | None = None,
        function: str = PERFORM,
        warm: bool = False,
    ) -> None:
        self.workers, self.threads, self.limits = workers, threads, limits or Limits()
        self._function, self._warm = function, warm
        self._places = [_Place(index) for index in range(workers)]
        self._messages: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._looked = 0.0

    @property
    def manner(self) -> str:
        """As :attr:`sdf_siren.batch.executor.Executor.manner`."""
        return side_by_side(self.workers, self.threads)

    def run(self, jobs: Sequence[Job], listen: Listener) -> None:
        """As :meth:`sdf_siren.batch.executor.Executor.run`."""
        self._listen, self._stopping = listen, False
        self._waiting = deque(dataclasses.replace(job, threads=self.threads) for job in jobs)
        self._alone: deque[Job] = deque()
        self._stopping = False
        with self._workers_ended():
            try:
                while self._assign():
                    self._hear()
                    self._watch()
            except KeyboardInterrupt:
                self._stop_all()
                raise

    def close(self) -> None:
        """End all workers."""
        workers = [place.worker for place in self._places if place.worker is not None]
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.end()
        for place in self._places:
            place.worker = place.job = None

    @contextmanager
    def _workers_ended(self) -> Iterator[None]:
        try:
            yield
        finally:
            if not self._warm or any(place.job for place in self._places):
                self.close()

    def _assign(self) -> bool:
        """Give jobs to idle places; false when all is done."""
        for place in self._places:
            if place.job is None and self._waiting:
                self._begin(place, self._waiting.popleft())
        if self._alone and not any(place.job for place in self._places):
            self._begin(self._places[0], self._alone.popleft())
        return any(place.job for place in self._places)

    def _begin(self, place: _Place, job: Job) -> None:
        if place.worker is not None and not place.worker.alive:
            self._dismiss(place)  # it died when it was idle, which no job is to blame for
        if place.worker is None:
            place.worker = Worker(self._function, place.index, self.threads, self._messages)
            place.served = 0
        place.job, place.since, place.peak = job, time.monotonic(), 0
        place.verdict, place.deadline = None, math.inf
        place.worker.perform(job)
        self._listen(Report("started", job))

    def _hear(self) -> None:
        """Wait a moment for something that a worker says."""
        try:
            worker, content = self._messages.get(timeout=TICK)
        except queue.Empty:
            return
        place = next((place for place in self._places if place.worker is worker), None)
        if place is None or place.job is None:
            return  # a worker that was replaced, or ended when it was idle
        if content is None:
            self._died(place, place.job)
        elif "event" in content:
            self._listen(Report("event", place.job, event=Event(**content["event"])))
        else:
            self._answered(place, place.job, JobResult.from_json(content["result"]))

    def _watch(self) -> None:
        """Hold the limits against every job at work."""
        now = time.monotonic()
        if now - self._looked < TICK:
            return
        self._looked = now
        timeout, most = self.limits.timeout, self.limits.memory
        for place in self._places:
            if place.worker is None or place.job is None:
                continue
            if most is not None:
                place.peak = max(place.peak, place.worker.gauge.held())
                if place.peak > most and place.verdict is None:
                    reason = f"held {place.peak / 1e9:.2f} GB, more than the limit of {most / 1e9:.3g} GB"
                    place.verdict = ("memory", reason)
                    place.worker.kill()  # at once: it may be about to take all
            if timeout is not None and now - place.since > timeout and place.verdict is None:
                place.verdict = ("timeout", f"took more than the limit of {timeout:.6g} s")
                place.deadline = now + GRACE
                place.worker.stop()
            if now > place.deadline:
                place.worker.kill()

    def _answered(self, place: _Place, job: Job, result: JobResult) -> None:
        """A worker told how its job ended."""
        place.served += 1
        if place.verdict is not None and not result.good:
            kind, reason = place.verdict
            result = dataclasses.replace(result, status="failed", kind=kind, reason=reason)
            status.record_end(job, result)
        if place.verdict is not None or result.kind == "memory":
            self._dismiss(place)  # it was told to end, or what it holds is in doubt
        peak = max(result.peak_memory, place.peak)
        self._conclude(place, job, dataclasses.replace(result, peak_memory=peak))

    def _died(self, place: _Place, job: Job) -> None:
        """A worker ended without telling how its job did."""
        assert place.worker is not None
        code, words = place.worker.exit_code(), place.worker.last_words()
        seconds = round(time.monotonic() - place.since, 3)
        figures: dict[str, Any] = {"seconds": seconds, "peak_memory": place.peak}
        if self._stopping:
            result = job.ended("interrupted", **figures)
        elif place.verdict is not None:
            result = job.ended("failed", *place.verdict, **figures)
        else:
            result = job.ended("failed", *death_of(code, words), **figures)
            if words:
                write_text(status.status_file(job, ".log"), words)
        status.record_end(job, result)
        self._dismiss(place)
        self._conclude(place, job, result)

    def _dismiss(self, place: _Place) -> None:
        """The next job at this place gets a fresh worker."""
        assert place.worker is not None
        place.worker.end()
        place.worker = None

    def _conclude(self, place: _Place, job: Job, result: JobResult) -> None:
        """Try the job again, or report its end."""
        place.job = None
        over_limit = result.kind == "memory" and place.verdict is not None
        short_of_memory = result.kind in ("killed", "memory") and not over_limit
        can_help = short_of_memory or result.kind == "crash" or (over_limit and place.served > 0)
        if can_help and job.attempt == 1 and not self._stopping:
            (self._alone if short_of_memory else self._waiting).append(job.again)
            self._listen(Report("retry", job, result=result))
        else:
            self._listen(Report("ended", job, result=result))

    def _stop_all(self) -> None:
        """Have all jobs at work interrupted; a second Ctrl-C does not wait for them."""
        self._stopping = True
        for place in self._places:
            if place.worker is not None and place.job is not None:
                place.worker.stop()
                place.deadline = time.monotonic() + GRACE
        try:
            while any(place.job for place in self._places):
                self._hear()
                self._watch()
        except KeyboardInterrupt:
            for place in self._places:
                if place.worker is not None and place.job is not None:
                    place.worker.kill()
                    self._died(place, place.job)
