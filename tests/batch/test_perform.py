"""One job: done, found done, continued, done anew, failed, or left to others."""

from __future__ import annotations

import dataclasses
import json

import pytest

from sdf_siren.batch import status
from sdf_siren.batch.perform import perform
from sdf_siren.engine.folder import RunFolder, folder_of


@pytest.fixture
def job_of(batch_of):
    """``job_of(text, **manner)``: the one job of a batch; without a text the file stays as it is."""

    def build(text=None, **manner):
        return batch_of(None if text is None else {"a.words": text}, **manner).jobs[0]

    return build


def record(job):
    return status.read(job).result


def stop_in(monkeypatch, words, step, error=KeyboardInterrupt):
    def trouble(_, now, context):
        if now == step:
            raise error

    monkeypatch.setattr(words, "_trouble", trouble)


def test_done(job_of, words, tmp_path):
    events = []
    job = job_of("hello", libraries=("click",))
    result = perform(job, events.append)
    assert (result.status, result.kind, result.reason, result.attempts) == ("done", "", "", 1)
    assert result.measures == {"length": 9}
    assert result.peak_memory > 1_000_000
    assert (tmp_path / "out" / "a.out").read_text() == "hello 4 0"
    assert [event.kind for event in events][-1] == "run_done"
    assert record(job) == result
    manifest = json.loads((folder_of(job.output) / "manifest.json").read_text())
    assert set(manifest["versions"]) == {"python", "click"}


class TestResume:
    def test_unchanged(self, job_of, words):
        first = perform(job_of("hello"))
        again = perform(job_of(resume=True))
        assert again == dataclasses.replace(first, status="skipped")
        assert words.taken(job_of(resume=True).input) == [0, 1, 2, 3]
        assert record(job_of(resume=True)) == first, "the record keeps how it was done"

    def test_unchanged_without_a_run_folder(self, job_of, words):
        first = perform(job_of("hello", keep_folder=False))
        job = job_of(resume=True, keep_folder=False)
        assert not folder_of(job.output).exists()
        assert perform(job) == dataclasses.replace(first, status="skipped")
        assert words.taken(job.input) == [0, 1, 2, 3]

    @pytest.mark.parametrize("keep", [True, False])
    def test_another_input(self, job_of, words, keep):
        perform(job_of("hello", keep_folder=keep))
        assert perform(job_of("other", resume=True, keep_folder=keep)).status == "done"
        assert job_of(resume=True).output.read_text() == "other 4 0"

    @pytest.mark.parametrize("keep", [True, False])
    def test_another_pipeline(self, job_of, words, keep):
        perform(job_of("hello", keep_folder=keep))
        job = job_of(pipeline=words.PIPELINE.replace('fit.words"', 'fit.words"\nsteps = 2'), resume=True)
        assert perform(dataclasses.replace(job, keep_folder=keep)).status == "done"
        assert job.output.read_text() == "hello 2 0"

    @pytest.mark.parametrize("keep", [True, False])
    def test_another_version(self, job_of, words, monkeypatch, keep):
        perform(job_of("hello", keep_folder=keep))
        monkeypatch.setattr("sdf_siren.__version__", "99")
        job = job_of(resume=True, keep_folder=keep)
        assert perform(job).status == "done"
        assert words.taken(job.input) == 2 * [0, 1, 2, 3]

    @pytest.mark.parametrize("keep", [True, False])
    def test_a_missing_output(self, job_of, words, keep):
        job = job_of("hello", resume=True, keep_folder=keep)
        perform(job)
        job.output.unlink()
        assert perform(job).status == "done"
        assert job.output.exists()

    def test_from_the_checkpoint(self, job_of, words, monkeypatch):
        with pytest.MonkeyPatch.context() as patch:
            stop_in(patch, words, 2)
            stopped = perform(job_of("hello"))
        assert (stopped.status, stopped.kind) == ("interrupted", "")
        assert "in fit.words" in stopped.reason
        assert record(job_of(resume=True)) == stopped
        assert perform(job_of(resume=True)).status == "done"
        assert words.taken(job_of(resume=True).input) == [0, 1, 2, 3]

    def test_what_the_moment_decided_holds(self, job_of, words):
        pipeline = words.PIPELINE.replace('fit.words"', 'fit.words"\nseconds = 1.0')
        with pytest.MonkeyPatch.context() as patch:
            stop_in(patch, words, 2)
            perform(job_of("hello", pipeline=pipeline))
        job = job_of(pipeline=pipeline, resume=True)
        assert perform(job).status == "done"
        assert job.output.read_text() == "hello 5 0", "five steps, as decided before any was taken"
        assert perform(job).status == "skipped"

    def test_a_run_of_another_command(self, job_of):
        job = job_of("hello", resume=True)
        perform(job)
        status.status_file(job).unlink()
        result = perform(job)
        assert result.status == "skipped"
        assert result.measures == {"length": 9}
        assert record(job).status == "done"

    def test_a_damaged_run(self, job_of, words):
        job = job_of("hello", resume=True)
        perform(job)
        (folder_of(job.output) / "manifest.json").write_text("{")
        assert perform(job).status == "done"

    def test_an_output_of_nobody_stays(self, job_of):
        job = job_of("hello", resume=True)
        job.output.parent.mkdir()
        job.output.write_text("precious")
        result = perform(job)
        assert (result.status, result.kind) == ("failed", "usage")
        assert "exists already" in result.reason
        assert job.output.read_text() == "precious"

    @pytest.mark.parametrize("change", ["pipeline", "manifest", "version"])
    def test_an_output_of_nobody_stays_when_the_run_there_is_another_one(
        self, job_of, words, monkeypatch, change
    ):
        with pytest.MonkeyPatch.context() as patch:
            stop_in(patch, words, 2)
            perform(job_of("hello"))
        job = job_of(resume=True)
        if change == "pipeline":
            pipeline = words.PIPELINE.replace('fit.words"', 'fit.words"\nsteps = 2')
            job = job_of(pipeline=pipeline, resume=True)
        elif change == "manifest":
            (folder_of(job.output) / "manifest.json").write_text("{")
        else:
            monkeypatch.setattr("sdf_siren.__version__", "99")
        job.output.write_text("precious")
        result = perform(job)
        assert (result.status, result.kind) == ("failed", "usage")
        assert "exists already" in result.reason
        assert job.output.read_text() == "precious"
        job.output.unlink()
        assert perform(job).status == "done"

    def test_an_output_that_an_interrupted_run_has_made_is_replaced(self, job_of, words, monkeypatch):
        def stop(self, artifacts, context):
            context.output.write_text("ours")
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(words.WriteWords, "run", stop)
            perform(job_of("hello"))
        job = job_of("other", resume=True)
        assert perform(job).status == "done"
        assert job.output.read_text() == "other 4 0"

    def test_a_failed_job_is_tried_anew(self, job_of):
        assert perform(job_of("", resume=True)).status == "failed"
        assert perform(job_of("hello", resume=True)).status == "done"


def test_force_replaces(job_of):
    perform(job_of("hello"))
    assert perform(job_of("other", force=True)).status == "done"
    assert job_of(force=True).output.read_text() == "other 4 0"


def test_a_forced_job_that_crashed_does_not_find_the_old_run_done(job_of, words):
    """The crash came while the input was read: the old run still lies there, and was another one."""
    perform(job_of("hello"))
    pipeline = words.PIPELINE.replace('fit.words"', 'fit.words"\nsteps = 2')
    job = job_of(force=True, pipeline=pipeline)
    status.save(job, status.Record(job.fingerprint, ""))
    assert perform(job.again).status == "done"
    assert job.output.read_text() == "hello 2 0"


class TestFailure:
    @pytest.mark.parametrize(
        ("text", "kind", "reason"),
        [
            ("", "input", "the file is empty"),
            ("diverge 1", "fit", "the loss is NaN"),
            ("full 1", "memory", "out of memory"),
        ],
    )
    def test_kinds(self, job_of, text, kind, reason):
        result = perform(job_of(text))
        assert (result.status, result.kind, result.reason) == ("failed", kind, reason)
        assert record(job_of(resume=True)) == result

    def test_a_programming_error(self, job_of, words, monkeypatch):
        stop_in(monkeypatch, words, 1, ZeroDivisionError("a\nb"))
        result = perform(job_of("hello"))
        assert (result.kind, result.reason) == ("internal", "internal error: ZeroDivisionError: a b")

    def test_a_missing_input(self, job_of):
        job = job_of("hello")
        job.input.unlink()
        result = perform(job)
        reason = "cannot be read (No such file or directory); check the path"
        assert (result.kind, result.reason) == ("input", reason)

    def test_a_folder_that_cannot_be_written(self, job_of, tmp_path):
        job = job_of("hello")
        (tmp_path / "out").write_text("a file")
        result = perform(job)
        assert (result.status, result.kind) == ("failed", "usage")
        assert "cannot be written" in result.reason


class TestElsewhere:
    def test_claimed(self, job_of, words):
        job = job_of("hello")
        with status.claim(job):
            result = perform(job)
        assert (result.status, result.kind) == ("elsewhere", "")
        assert "another reconstruct" in result.reason
        assert words.taken(job.input) == []

    def test_a_single_run_of_the_same_output(self, job_of, words):
        job = job_of("hello")
        job.output.parent.mkdir()
        with RunFolder(folder_of(job.output)).lock():
            result = perform(job)
        assert result.status == "elsewhere"
        assert words.taken(job.input) == []
