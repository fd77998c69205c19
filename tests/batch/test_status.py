"""Records and claims in the output folder."""

from __future__ import annotations

import pytest

from sdf_siren.batch import status
from sdf_siren.batch.status import Record
from sdf_siren.errors import BusyError, UsageError


@pytest.fixture
def job(batch_of):
    return batch_of({"sub/a.words": "hello"}, recursive=True).jobs[0]


def test_there_and_back(job, tmp_path):
    assert status.read(job) is None
    record = Record(job.fingerprint, "abc", job.ended("failed", "input", "why"))
    status.save(job, record)
    assert status.status_file(job) == tmp_path / "out" / "batch.run" / "sub" / "a.out.json"
    assert status.read(job) == record
    status.save(job, Record(job.fingerprint))
    assert status.read(job) == Record(job.fingerprint)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"fingerprint": "", "sha256": "", "result": 3}'])
def test_damaged_records_count_as_none(job, text):
    status.save(job, Record(job.fingerprint))
    status.status_file(job).write_text(text)
    assert status.read(job) is None


def test_an_end_told_by_others_keeps_the_hash(job):
    status.save(job, Record(job.fingerprint, "abc"))
    result = job.ended("failed", "crash", "boom")
    status.record_end(job, result)
    assert status.read(job) == Record(job.fingerprint, "abc", result)


def test_one_claim_at_a_time(job):
    for _ in range(2):
        with status.claim(job), pytest.raises(BusyError):
            status.claim(job).__enter__()
    assert not status.status_file(job, ".claim").exists()


def test_a_folder_that_cannot_be_made(job, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        status.save(job, Record(job.fingerprint))
