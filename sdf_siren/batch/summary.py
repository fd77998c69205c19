"""The summary of a batch: ``summary.json`` and ``summary.csv``, written every few seconds and at the end."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import sdf_siren
from sdf_siren.batch import status
from sdf_siren.batch.discovery import SUMMARIES
from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult, shown
from sdf_siren.engine.locks import held
from sdf_siren.errors import BusyError
from sdf_siren.files import write_text

JSON, CSV = SUMMARIES

MEASURES = (
    "points",
    "faces",
    "components",
    "watertight",
    "residual_median",
    "residual_p95",
    "points_missed",
    "parameters",
    "psnr",
    "ssim",
)
"""Measures with a column of their own, the same for every batch; the others are in the JSON file."""

COLUMNS = (
    "name", "status", "kind", "reason", "seconds", "attempts", "peak_memory", "input", "output", *MEASURES,
)  # fmt: skip

_TURN, _TURNS = 0.05, 200
"""Seconds between attempts to get a turn, and how many; a turn takes milliseconds."""


def results_of(jobs: Sequence[Job], known: dict[str, JobResult]) -> list[JobResult]:
    """How all jobs stand: as this process knows, or else as their records tell.

    Args:
        jobs: of the batch, all shards.
        known: by name, what this process saw end.
    """
    return [_standing(job, known.get(job.name)) for job in jobs]


def _standing(job: Job, known: JobResult | None) -> JobResult:
    if known is not None and known.status != "elsewhere":
        return known
    recorded = _recorded(job)
    return recorded if known is None or recorded.good else known


def _recorded(job: Job) -> JobResult:
    record = status.read(job)
    if record is None or record.fingerprint != job.fingerprint:
        return job.ended("waiting", attempts=0)
    if record.result is None:
        return job.ended("elsewhere", reason="begun by another process")
    return record.result


def write(folder: Path, jobs: Sequence[Job], known: dict[str, JobResult]) -> list[JobResult]:
    """Write both files and return what they say.

    Processes that share the folder take turns, and each looks at the records of the others' jobs: the last
    one to write has seen them all.

    Raises:
        UsageError: the folder cannot be written.
    """
    for patience in range(_TURNS, -1, -1):
        try:
            with held(folder / status.FOLDER / "summary.claim", folder):
                results = results_of(jobs, known)
                write_text(folder / JSON, to_json(results))
                write_text(folder / CSV, to_csv(results))
                return results
        except BusyError:
            if not patience:
                raise
            time.sleep(_TURN)
    raise AssertionError("not reached")


def to_json(results: Sequence[JobResult]) -> str:
    """All that is known, one object a job."""
    document = {
        "program": sdf_siren.__version__,
        "counts": dict(sorted(Counter(result.status for result in results).items())),
        "jobs": [result.to_json() for result in results],
    }
    return json.dumps(document, indent=1) + "\n"


def to_csv(results: Iterable[JobResult]) -> str:
    """One line a job, :data:`COLUMNS`; texts that a spreadsheet would take for a formula start with '."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        fields = dataclasses.asdict(result)
        writer.writerow([_cell(fields.get(name, result.measures.get(name))) for name in COLUMNS])
    return text.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    text = shown(str(value))  # no line breaks and tabs either, which the readers of CSV disagree about
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text
