"""What workers do with a job in the tests of clusters, instead of a fit."""

from __future__ import annotations

import os
import signal
import time

from sdf_siren.batch import status
from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult
from sdf_siren.batch.status import Record
from sdf_siren.engine.run import ignore
from sdf_siren.engine.stage import Observer
from sdf_siren.errors import BusyError


def write_name(job: Job, observer: Observer = ignore) -> JobResult:
    """Write the output; what the input says decides what happens besides."""
    try:
        return _claimed(job)
    except BusyError:
        return job.ended("elsewhere")


def _claimed(job: Job) -> JobResult:
    word = job.input.read_text()
    with status.claim(job):
        status.save(job, Record(job.fingerprint))
        tries = job.output.with_suffix(".tries")
        with tries.open("a") as file:
            file.write(f"{job.attempt} {os.getpid()} {os.getppid()}\n")
        if word == "lose the supervisor" and job.attempt == 1:
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(60)
        if word == "abort":
            os.abort()
        if word == "wait":
            time.sleep(60)
        if word == "refuse":
            result = job.ended("failed", "input", "expected something else")
        else:
            job.output.write_text(f"{word} {job.threads}")
            result = job.ended("done", measures={"word": word})
        status.save(job, Record(job.fingerprint, "", result))
        return result
