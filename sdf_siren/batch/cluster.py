"""Jobs on a Ray cluster: this machine's own, started for the batch, or one that is there.

Every job is one task of Ray. The process that Ray gives it supervises a worker as
:class:`~sdf_siren.batch.local.LocalExecutor` does here: with the same limits, the same second attempts and
the same records in the output folder, which all machines see under the same path. What Ray adds is where
tasks run, and the news that a whole process or machine was lost; such a job is submitted once more and goes
on from its checkpoint.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from types import ModuleType
from typing import Any

import sdf_siren
from sdf_siren.batch import status
from sdf_siren.batch.executor import Limits, Listener, Report, each, side_by_side
from sdf_siren.batch.jobs import Job
from sdf_siren.batch.local import LocalExecutor
from sdf_siren.batch.outcome import JobResult, shown
from sdf_siren.batch.worker import GRACE, PERFORM
from sdf_siren.errors import MissingLibraryError, UsageError

TICK = 0.5
"""Seconds between looks at what has ended."""

LOOK_FOR_STARTS = 3.0
"""Seconds between looks into the output folder for jobs that have begun."""

STORE = 80_000_000
"""Bytes of shared memory for what tasks hand over, which is a few kilobytes each; Ray takes no less."""

_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is reported to anybody
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
_PRIVATE = {
    # Ray's switch for systems where it takes this machine's loopback address; on Linux it has to be thrown,
    # or a cluster that nobody else should use listens on all interfaces.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_AUTH_MODE": "token",
}


class RayExecutor:
    """Performs jobs as tasks of Ray.

    Args:
        address: of a cluster, as ``ray.init`` takes it (``auto``, ``host:port``, ``ray://host:port``); None
            starts one on this machine, that listens on its loopback interface only and ends with the batch.
        threads: CPU threads of each job; Ray is told that it needs so many CPUs.
        gpus: that each job needs; a fraction lets several share one.
        limits: of every attempt.
        function: ``module:name`` of what workers do with a job.
        cpus: of a cluster that is started here; None for all.
    """

    def __init__(
        self,
        address: str | None,
        threads: int,
        gpus: float = 0.0,
        limits: Limits | None = None,
        function: str = PERFORM,
        cpus: int | None = None,
    ) -> None:
        self.address, self.threads, self.gpus = address, threads, gpus
        self.limits, self.cpus, self._function = limits or Limits(), cpus, function

    @property
    def manner(self) -> str:
        """As :attr:`sdf_siren.batch.executor.Executor.manner`."""
        if self.address is not None:
            return f"on the Ray cluster at {self.address}, {each(self.threads)}"
        if self.cpus is None:
            return f"on a Ray cluster of this machine, {each(self.threads)}"
        return f"on a Ray cluster of this machine, {side_by_side(self.cpus // self.threads, self.threads)}"

    def run(self, jobs: Sequence[Job], listen: Listener) -> None:
        """As :meth:`sdf_siren.batch.executor.Executor.run`; events of the runs are not passed on.

        Raises:
            MissingLibraryError: Ray is not installed.
            UsageError: there is no such cluster, or it can never give a job what it needs.
        """
        with _cluster(self.address, self.cpus) as ray:
            self._refuse_impossible(ray)
            needs = {"num_cpus": self.threads, "num_gpus": self.gpus, "max_retries": 0}
            if self.limits.memory is not None:
                needs["memory"] = int(self.limits.memory)
            _Flight(ray, ray.remote(**needs)(attempt), self, listen).through(jobs)

    def arguments(self, job: Job) -> tuple[Any, ...]:
        """Of :func:`attempt`."""
        return job.to_json(), self.threads, asdict(self.limits), self._function, sdf_siren.__version__

    def _refuse_impossible(self, ray: ModuleType) -> None:
        largest = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        for name, need in (("CPU", self.threads), ("GPU", self.gpus)):
            most = max((resources.get(name, 0.0) for resources in largest), default=0.0)
            if need > most:
                raise UsageError(
                    f"every job needs {need:g} {name}s, but no machine of the Ray cluster has more than "
                    f"{most:g}; lower {'--threads' if name == 'CPU' else '--gpus-per-job'}"
                )


class _Flight:
    """The tasks of one batch."""

    def __init__(self, ray: ModuleType, task: Any, executor: RayExecutor, listen: Listener) -> None:
        self._ray, self._task, self._executor, self._listen = ray, task, executor, listen
        self._pending: dict[Any, Job] = {}
        self._not_begun: dict[Any, Job] = {}

    def through(self, jobs: Sequence[Job]) -> None:
        """Perform all of them."""
        try:
            for job in jobs:
                self._submit(job)
            looked = time.monotonic()
            while self._pending:
                ended, _ = self._ray.wait(list(self._pending), timeout=TICK)
                if time.monotonic() - looked > LOOK_FOR_STARTS:
                    self._find_starts()
                    looked = time.monotonic()
                for task in ended:
                    self._ended(task)
        except KeyboardInterrupt:
            self._stop()
            raise

    def _submit(self, job: Job) -> None:
        task = self._task.remote(*self._executor.arguments(job))
        self._pending[task] = self._not_begun[task] = job

    def _find_starts(self) -> None:
        for task, job in list(self._not_begun.items()):
            record = status.read(job)
            if record is not None and record.result is None:
                self._started(task)

    def _started(self, task: Any) -> None:
        job = self._not_begun.pop(task, None)
        if job is not None:
            self._listen(Report("started", job))

    def _ended(self, task: Any) -> None:
        self._started(task)
        job = self._pending.pop(task)
        try:
            result = JobResult.from_json(self._ray.get(task))
        except self._ray.exceptions.RayError as error:
            result = self._lost(job, error)
            if result.kind == "killed" and job.attempt == 1:
                self._listen(Report("retry", job, result=result))
                self._submit(job.again)
                return
            status.record_end(job, result)
        self._listen(Report("ended", job, result=result))

    def _lost(self, job: Job, error: Exception) -> JobResult:
        """The result of a job whose task told none."""
        errors = self._ray.exceptions
        if isinstance(error, errors.WorkerCrashedError | errors.NodeDiedError | errors.OutOfMemoryError):
            return job.ended(
                "failed", "killed", "the process that Ray gave the job, or its machine, was lost"
            )
        cause = getattr(error, "cause", None) or error
        return job.ended("failed", "internal", f"{type(cause).__name__}: {shown(str(cause))[:200]}")

    def _stop(self) -> None:
        """Have jobs at work interrupted, and report them; a second Ctrl-C does not wait for them."""
        for task in self._pending:
            self._ray.cancel(task)
        with suppress(KeyboardInterrupt):
            self._find_starts()
            self._ray.wait(list(self._pending), num_returns=len(self._pending), timeout=GRACE)
        for job in [job for task, job in self._pending.items() if task not in self._not_begun]:
            record = status.read(job)
            found = record.result if record is not None else None
            self._listen(Report("ended", job, result=found or job.ended("interrupted")))


def attempt(
    document: dict[str, Any], threads: int, limits: dict[str, Any], function: str, version: str
) -> dict[str, Any]:
    """An attempt at a job, in a process of Ray: what a task is.

    Args:
        document: the job.
        threads, limits, function: of the executor that supervises it.
        version: of this program where the batch was started.

    Returns:
        The result.
    """
    job = Job.from_json(document)
    if version != sdf_siren.__version__:
        reason = f"sdf-siren is {version} where the batch was started and {sdf_siren.__version__} here"
        return job.ended("failed", "usage", f"{reason}; install the same").to_json()
    executor = _supervisor(threads, Limits(**limits), function)
    # The worker of an attempt whose supervisor was lost needs a moment to notice and to let go of the job.
    patience = time.monotonic() + (GRACE + 5 if job.attempt > 1 else 0)
    while (result := _supervised(executor, job)).status == "elsewhere" and time.monotonic() < patience:
        time.sleep(1)
    return result.to_json()


def _supervised(executor: LocalExecutor, job: Job) -> JobResult:
    ends: list[JobResult] = []

    def listen(report: Report) -> None:
        if report.kind == "ended" and report.result is not None:
            ends.append(report.result)

    executor.run([job], listen)
    return ends[0]


_SUPERVISORS: dict[tuple[Any, ...], LocalExecutor] = {}


def _supervisor(threads: int, limits: Limits, function: str) -> LocalExecutor:
    """The one of this process, whose worker stays warm from task to task while Ray gives it the same GPUs."""
    key = (threads, limits, function, os.environ.get("CUDA_VISIBLE_DEVICES"))
    if key not in _SUPERVISORS:
        for old in _SUPERVISORS.values():
            old.close()
        _SUPERVISORS.clear()
        _SUPERVISORS[key] = LocalExecutor(1, threads, limits, function)
    return _SUPERVISORS[key]


@contextmanager
def _cluster(address: str | None, cpus: int | None) -> Iterator[ModuleType]:
    """Ray, connected."""
    for name, value in {**_QUIET, **({} if address else _PRIVATE)}.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise MissingLibraryError(
            '--executor ray needs Ray; pip install "sdf-siren[ray]" installs it'
        ) from None
    manner: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        manner |= {"num_cpus": cpus, "include_dashboard": False, "object_store_memory": STORE}
    try:
        ray.init(address=address or "local", **manner)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        text = shown(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
        where = f"the Ray cluster at {address}" if address else "a Ray cluster on this machine"
        raise UsageError(f"{where} cannot be used: {text[:200]}") from None
    try:
        yield ray
    finally:
        ray.shutdown()
