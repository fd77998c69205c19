"""What stands of a batch's jobs in its output folder, for every process that works on it.

The truth about a job is its run folder. Beside it, ``OUT/batch.run/<output>.json`` keeps what a run folder
cannot tell: how jobs ended that never got one (unreadable input, a worker that was killed), or whose folder
was not to be kept. A claim, held while a job is performed, keeps two processes from the same job.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult
from sdf_siren.engine.locks import held
from sdf_siren.errors import UsageError
from sdf_siren.files import write_text

FOLDER = "batch.run"


@dataclass(frozen=True)
class Record:
    """What a job's status file holds.

    Attributes:
        fingerprint: of what was asked for, see :attr:`Job.fingerprint`.
        sha256: of the input; empty where it could not be read.
        result: how it ended; None while it is at work, or was when its process was killed.
    """

    fingerprint: str
    sha256: str = ""
    result: JobResult | None = None

    def to_json(self) -> str:
        """As the text of the file."""
        result = None if self.result is None else self.result.to_json()
        document = {"fingerprint": self.fingerprint, "sha256": self.sha256, "result": result}
        return json.dumps(document, indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Back from the text.

        Raises:
            ValueError: not a record of this version.
        """
        document = json.loads(text)
        if not isinstance(document, dict) or document.keys() != {"fingerprint", "sha256", "result"}:
            raise ValueError("not a record of this version")
        result = document["result"]
        return cls(
            str(document["fingerprint"]),
            str(document["sha256"]),
            None if result is None else JobResult.from_json(result),
        )


def status_file(job: Job, suffix: str = ".json") -> Path:
    """Where the record of a job is; with another suffix, what else is kept of it."""
    name = job.output.relative_to(job.folder)
    return job.folder / FOLDER / name.parent / (name.name + suffix)


def read(job: Job) -> Record | None:
    """The record of a job; a damaged one counts as none."""
    try:
        return Record.from_json(status_file(job).read_text("utf-8"))
    except (OSError, ValueError):
        return None


def save(job: Job, record: Record) -> None:
    """Write the record of a job, and nothing else of it."""
    path = status_file(job)
    _prepare(path.parent)
    write_text(path, record.to_json())


def record_end(job: Job, result: JobResult) -> None:
    """Record how a job ended whose own process could not do so any more."""
    before = read(job)
    save(job, Record(job.fingerprint, before.sha256 if before is not None else "", result))


@contextmanager
def claim(job: Job) -> Iterator[None]:
    """Keep every other process from performing the job meanwhile; ends with this process, whatever ends it.

    Raises:
        BusyError: another process is at it.
        UsageError: the output folder cannot be written.
    """
    path = status_file(job, ".claim")
    _prepare(path.parent)
    with held(path, job.output):
        yield


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot be written ({error.strerror}); choose another output with -o"
        ) from None
