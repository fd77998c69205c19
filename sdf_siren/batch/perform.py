"""One job from beginning to end, in the process that calls; what every executor does in its workers."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import sdf_siren
from sdf_siren import stages
from sdf_siren.batch import memory, status
from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult, Kind
from sdf_siren.batch.status import Record
from sdf_siren.engine.folder import RunFolder, folder_of
from sdf_siren.engine.manifest import fingerprint
from sdf_siren.engine.pipeline import parse
from sdf_siren.engine.run import Outcome, Run, ignore
from sdf_siren.engine.stage import Observer
from sdf_siren.engine.standing import Request
from sdf_siren.errors import (
    AnotherRunError,
    BusyError,
    InputError,
    Interrupted,
    SdfSirenError,
    UsageError,
    is_out_of_memory,
    reason_of,
)


def perform(job: Job, observer: Observer = ignore) -> JobResult:
    """Perform a job, and record in the output folder how it ended.

    Whatever a job raises becomes a result. With ``job.resume``, a job that is done and unchanged (input, what
    was asked for, version of the program) is skipped, one that was interrupted goes on from its checkpoint,
    and one of which anything has changed is done anew.

    Args:
        job: what to do.
        observer: receives the events of the run.

    Raises:
        KeyboardInterrupt: this process is asked to end, and was not in the middle of the run.
    """
    try:
        with status.claim(job):
            return _Attempt(job, observer).result()
    except BusyError as error:
        return job.ended("elsewhere", reason=_reason(job, error))
    except SdfSirenError as error:  # the output folder cannot be written
        return job.ended("failed", "usage", _reason(job, error))


class _Attempt:
    """A claimed job."""

    def __init__(self, job: Job, observer: Observer) -> None:
        self._job, self._observer = job, observer
        self._folder = RunFolder(folder_of(job.output))
        self._before = status.read(job)
        self._start = time.monotonic()
        memory.forget_peak()

    def result(self) -> JobResult:
        """Do it, or find it done."""
        job, sha256 = self._job, ""
        try:
            sha256 = str(fingerprint(job.input)["sha256"])
            done = self._done_without_folder(sha256)
            if done is not None:
                return dataclasses.replace(done, status="skipped", attempts=job.attempt)
            status.save(job, Record(job.fingerprint, sha256))
            job.output.parent.mkdir(parents=True, exist_ok=True)
            outcome = self._carry_out()
            ended = self._ended("done", measures=dict(outcome.measures))
            if outcome.already_done:
                ended = self._found(outcome, ended)
            status.save(job, Record(job.fingerprint, sha256, ended))
            return dataclasses.replace(ended, status="skipped") if outcome.already_done else ended
        except BusyError:
            raise
        except Exception as error:
            kind = _kind(error)
            ended = self._ended("failed" if kind else "interrupted", kind=kind, reason=_reason(job, error))
            status.save(job, Record(job.fingerprint, sha256, ended))
            return ended

    def _ended(self, how: Any, **figures: Any) -> JobResult:
        seconds = round(time.monotonic() - self._start, 3)
        return self._job.ended(how, seconds=seconds, peak_memory=memory.peak(), **figures)

    def _found(self, outcome: Outcome, now: JobResult) -> JobResult:
        """How a run ended that is done already: as recorded, or as its run folder tells."""
        before = self._before.result if self._before is not None else None
        if before is not None and before.good:
            return before
        return dataclasses.replace(now, seconds=round(sum(outcome.seconds.values()), 3), peak_memory=0)

    def _done_without_folder(self, sha256: str) -> JobResult | None:
        """The earlier result, if nothing has changed and its run folder was not to be kept."""
        before, job = self._before, self._job
        if not job.resume or before is None or before.result is None or self._folder.path.exists():
            return None
        asked_and_read = (before.fingerprint, before.sha256) == (job.fingerprint, sha256)
        if not (before.result.good and asked_and_read):
            return None
        outputs = Run(self._request()).files.outputs
        return before.result if all(output.exists() for output in outputs) else None

    def _carry_out(self) -> Outcome:
        request = self._request()
        if not self._job.resume:
            return Run(request, self._observer).execute()
        try:
            found = self._folder.read()
            if found is not None and found[0].program != sdf_siren.__version__:
                raise AnotherRunError(f"{self._folder.path}: holds a run of version {found[0].program}")
            resumed = dataclasses.replace(request, resume=found is not None)
            return Run(resumed, self._observer).execute()
        except AnotherRunError:
            anew = dataclasses.replace(request, anew=True, force=self._may_replace())
            return Run(anew, self._observer).execute()

    def _may_replace(self) -> bool:
        """Whether an output that is there was made by this program, or was to be replaced by ``--force``."""
        before = self._before
        if before is not None and before.result is not None and before.result.good:
            return True
        try:
            found = self._folder.read()
        except AnotherRunError:
            return False
        return found is not None and found[0].may_replace

    def _request(self) -> Request:
        job, before = self._job, self._before
        # An output without a run folder is this batch's own if the record says so, and may be replaced then.
        own = job.resume and before is not None and before.result is not None and before.result.good
        return Request(
            pipeline=parse(job.pipeline, stages.CATALOGUE),
            input=job.input,
            output=job.output,
            folder=self._folder,
            keep_folder=job.keep_folder,
            force=job.force or (own and not self._folder.path.exists()),
            device=job.device,
            threads=job.threads,
            libraries=job.libraries,
        )


def _kind(error: BaseException) -> Kind:
    """Why a job failed; nothing if it did not, but was stopped."""
    match error:
        case Interrupted():
            return ""
        case InputError():
            return "input"
        case UsageError():
            return "usage"
        case SdfSirenError():
            return "fit"
        case _ if is_out_of_memory(error):
            return "memory"
        case _:
            return "internal"


def _reason(job: Job, error: BaseException) -> str:
    """One line; the input is named beside it anyway."""
    return reason_of(error).removeprefix(f"{job.input}: ")
