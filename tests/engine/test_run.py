"""Runs: recorded, resumable, and careful with what was there before."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace

import pytest

from sdf_siren.engine.folder import RunFolder
from sdf_siren.engine.pipeline import Override, parse
from sdf_siren.engine.run import Run
from sdf_siren.errors import AnotherRunError, BusyError, DivergenceError, InputError, Interrupted, UsageError
from sdf_siren.files import atomic_path


def stop_at(step, error=KeyboardInterrupt):
    def hook(now):
        if now == step:
            raise error

    return staticmethod(hook)


@pytest.fixture
def tree(tmp_path):
    """The names in the folder of the run and their contents, as a function."""

    def read():
        return {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}

    return read


def kill_at(monkeypatch, stage, step):
    """As kill -9: no handler of the run gets to write anything more."""

    class Killed(BaseException):
        pass

    monkeypatch.setattr(stage, "hook", stop_at(step, Killed))
    monkeypatch.setattr("sdf_siren.engine.run.Run._emit", _emit_unless_over)
    monkeypatch.setattr("sdf_siren.engine.folder.RunFolder.clear", lambda self: None)
    return Killed


def half(path):
    """What a process killed while it wrote ``path`` leaves."""
    path.parent.mkdir(exist_ok=True)
    with pytest.raises(ZeroDivisionError), atomic_path(path) as temporary:
        raise ZeroDivisionError
    temporary.touch()
    return temporary


def _emit_unless_over(self, event):
    if event.kind not in ("run_failed", "run_interrupted"):
        self._journal(event)


class TestNew:
    def test_output_and_folder(self, request_for, tmp_path):
        events = []
        outcome = Run(request_for(libraries=("click", "no-such-library")), events.append).execute()
        folder = tmp_path / "out.txt.run"
        assert (tmp_path / "out.txt").read_text() == "hello 4 7"
        assert outcome.output == tmp_path / "out.txt"
        assert outcome.folder == folder
        assert outcome.measures == {"length": 9}
        assert list(outcome.seconds) == ["read.text", "fit.word", "write.text", "write.picture"]
        names = {"pipeline.toml", "manifest.json", "events.jsonl", "fit.checkpoint", "preview.png"}
        assert set(os.listdir(folder)) == names
        lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        assert [line["kind"] for line in lines] == [event.kind for event in events]
        assert [line["done"] for line in lines if line["kind"] == "progress"] == [1, 2, 3, 4]
        assert lines[-1]["kind"] == "run_done"

    def test_manifest(self, request_for, tmp_path):
        Run(request_for(device="cpu", threads=2, libraries=("click", "no-such-library"))).execute()
        manifest = json.loads((tmp_path / "out.txt.run" / "manifest.json").read_text())
        assert manifest["status"] == "done"
        assert manifest["input"]["bytes"] == 5
        # sha256 of "hello", from the standard's own tools
        assert manifest["input"]["sha256"].startswith("2cf24dba5fb0a30e26e83b2ac5b9e29e")
        assert (manifest["seed"], manifest["device"], manifest["threads"]) == (7, "cpu", 2)
        assert set(manifest["versions"]) == {"python", "click"}
        assert manifest["measures"] == {"length": 9}

    def test_its_pipeline_file_gives_the_same_again(self, request_for, tmp_path, catalogue):
        pipeline = request_for().pipeline.with_options([Override("fit.word", "steps", 6, "")], seed=99)
        Run(request_for(pipeline=pipeline)).execute()
        again = parse((tmp_path / "out.txt.run" / "pipeline.toml").read_text(), catalogue)
        output = tmp_path / "again.txt"
        Run(request_for(pipeline=again, output=output, folder=None)).execute()
        assert output.read_bytes() == (tmp_path / "out.txt").read_bytes() == b"hello 6 99"

    def test_without_folder(self, request_for, tree):
        outcome = Run(request_for(folder=None)).execute()
        assert outcome.folder is None
        assert set(tree()) == {"in.txt", "out.txt"}

    def test_folder_only_until_success(self, request_for, tree, tmp_path):
        outcome = Run(request_for(keep_folder=False)).execute()
        assert outcome.folder is None
        assert set(tree()) == {"in.txt", "out.txt"}
        assert not (tmp_path / "out.txt.run").exists()

    def test_figures_that_json_cannot_say(self, request_for, tmp_path, monkeypatch, catalogue):
        def run(self, artifacts, context):
            import numpy as np

            context.record({"a": np.float32(0.5), "b": float("nan"), "c": np.bool_(True), "d": (1, 2)})
            return {}

        monkeypatch.setattr(catalogue["write.picture"], "run", run)
        outcome = Run(request_for()).execute()
        assert outcome.measures == {"length": 9, "a": 0.5, "b": None, "c": True, "d": [1, 2]}


class TestNothingIsOverwritten:
    def test_existing_output(self, request_for, tree, tmp_path):
        (tmp_path / "out.txt").write_text("precious")
        before = tree()
        with pytest.raises(UsageError, match="exists already; use --force"):
            Run(request_for()).execute()
        assert tree() == before

    def test_finished_run(self, request_for, tree):
        Run(request_for()).execute()
        before = tree()
        with pytest.raises(UsageError, match="holds a finished run; use --force"):
            Run(request_for()).execute()
        assert tree() == before

    def test_unfinished_run(self, request_for, tree, fit_stage, monkeypatch):
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_for()).execute()
        before = tree()
        with pytest.raises(UsageError, match="holds an unfinished run; use --resume"):
            Run(request_for()).execute()
        assert tree() == before

    def test_force_replaces(self, request_for, tree, catalogue, fit_stage):
        Run(request_for()).execute()
        pipeline = request_for().pipeline.with_options([Override("fit.word", "steps", 2, "")])
        Run(request_for(pipeline=pipeline, force=True)).execute()
        assert fit_stage.taken == [0, 1, 2, 3, 0, 1]
        assert tree()["out.txt"] == b"hello 2 7"
        assert tree()["out.txt.run/events.jsonl"].count(b"run_done") == 1

    def test_force_keeps_the_old_run_until_the_input_is_good(self, request_for, tree, tmp_path):
        Run(request_for()).execute()
        (tmp_path / "in.txt").write_text("<html>")
        before = tree()
        with pytest.raises(InputError, match="found HTML"):
            Run(request_for(force=True)).execute()
        assert tree() == before

    @pytest.mark.parametrize("force", [False, True])
    def test_a_folder_that_is_no_run(self, request_for, tree, tmp_path, force):
        (tmp_path / "out.txt.run").mkdir()
        (tmp_path / "out.txt.run" / "thesis.doc").write_text("x")
        before = tree()
        with pytest.raises(UsageError, match=r"expected a run folder, found other files \(thesis.doc\)"):
            Run(request_for(force=force)).execute()
        assert tree() == before

    @pytest.mark.parametrize("force", [False, True])
    def test_a_file_in_place_of_the_folder(self, request_for, tree, tmp_path, force):
        (tmp_path / "out.txt.run").write_text("x")
        before = tree()
        with pytest.raises(UsageError, match="expected a run folder, found a file"):
            Run(request_for(force=force)).execute()
        assert tree() == before

    def test_a_file_that_appears_during_the_run(self, request_for, tmp_path, fit_stage, monkeypatch):
        monkeypatch.setattr(
            fit_stage, "hook", staticmethod(lambda _: (tmp_path / "out.txt").write_text("my"))
        )
        for resume in (False, True):
            with pytest.raises(UsageError, match="exists already; use --force to replace it, move it away"):
                Run(request_for(resume=resume)).execute()
            assert (tmp_path / "out.txt").read_text() == "my"
            assert RunFolder(tmp_path / "out.txt.run").has_checkpoint()
        (tmp_path / "out.txt").unlink()
        Run(request_for(resume=True)).execute()
        assert fit_stage.taken == [0, 1, 2, 3]
        assert (tmp_path / "out.txt").read_text() == "hello 4 7"

    @pytest.mark.parametrize("folder", [True, False])
    def test_a_file_that_appears_while_the_output_is_written(
        self, request_for, tmp_path, catalogue, monkeypatch, folder
    ):
        def run(self, artifacts, context):
            with atomic_path(context.output) as temporary:
                temporary.write_text("ours")
                context.output.write_text("my")
            return {}

        monkeypatch.setattr(catalogue["write.text"], "run", run)
        with pytest.raises(UsageError, match="exists already"):
            Run(request_for(**({} if folder else {"folder": None}))).execute()
        if folder:
            with pytest.raises(UsageError, match="exists already"):
                Run(request_for(resume=True)).execute()
        assert (tmp_path / "out.txt").read_text() == "my"
        assert (tmp_path / "out.txt.run").exists() == folder

    def test_force_replaces_what_appears_during_the_run(self, request_for, tmp_path, fit_stage, monkeypatch):
        monkeypatch.setattr(
            fit_stage, "hook", staticmethod(lambda _: (tmp_path / "out.txt").write_text("my"))
        )
        Run(request_for(force=True)).execute()
        assert (tmp_path / "out.txt").read_text() == "hello 4 7"

    def test_a_run_anew_replaces_no_output(self, request_for, tmp_path):
        Run(request_for()).execute()
        with pytest.raises(UsageError, match="exists already"):
            Run(request_for(anew=True)).execute()
        (tmp_path / "out.txt").unlink()
        assert not Run(request_for(anew=True)).execute().already_done

    def test_strangers_in_a_run_folder_stay(self, request_for, tmp_path):
        Run(request_for()).execute()
        (tmp_path / "out.txt.run" / "notes.md").write_text("mine")
        Run(request_for(force=True, keep_folder=False)).execute()
        assert os.listdir(tmp_path / "out.txt.run") == ["notes.md"]

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"status": "done"}', "\x00"])
    def test_damaged_manifest(self, request_for, tree, tmp_path, text):
        Run(request_for()).execute()
        (tmp_path / "out.txt.run" / "manifest.json").write_text(text)
        before = tree()
        for resume in (False, True):
            with pytest.raises(UsageError, match=r"manifest\.json: expected the manifest .*; use --force"):
                Run(request_for(resume=resume)).execute()
        assert tree() == before
        Run(request_for(force=True)).execute()

    @pytest.mark.parametrize(
        ("where", "value"),
        [
            (("input", "others"), [5]),
            (("input", "others"), {}),
            (("input", "sha256"), 5),
            (("seconds", "fit.word"), "x"),
            (("threads",), "x"),
            (("started",), None),
            (("versions",), []),
        ],
    )
    def test_a_manifest_of_other_types(self, request_for, tmp_path, where, value):
        Run(request_for()).execute()
        path = tmp_path / "out.txt.run" / "manifest.json"
        document = json.loads(path.read_text())
        table = document
        for key in where[:-1]:
            table = table[key]
        table[where[-1]] = value
        path.write_text(json.dumps(document))
        with pytest.raises(AnotherRunError, match=rf"expected the manifest of a run, .*\({where[0]}: "):
            Run(request_for(resume=True)).execute()

    def test_damaged_pipeline(self, request_for, tmp_path):
        Run(request_for()).execute()
        (tmp_path / "out.txt.run" / "pipeline.toml").write_text("= 3")
        with pytest.raises(UsageError, match=r"pipeline\.toml: expected the pipeline .*; use --force"):
            Run(request_for(resume=True)).execute()


class TestPaths:
    @pytest.mark.parametrize("force", [False, True])
    def test_output_is_input(self, request_for, tmp_path, tree, force):
        before = tree()
        for alias in ("same", "symlink", "hard", "dotted"):
            path = tmp_path / f"{alias}.txt"
            if alias == "same":
                path = tmp_path / "in.txt"
            elif alias == "symlink":
                path.symlink_to("in.txt")
            elif alias == "hard":
                os.link(tmp_path / "in.txt", path)
            else:
                (tmp_path / "sub").mkdir()
                path = tmp_path / "sub" / ".." / "in.txt"
            with pytest.raises(UsageError, match="the output is the input itself"):
                Run(request_for(output=path, force=force)).execute()
        assert tree()["in.txt"] == before["in.txt"]

    @pytest.mark.parametrize(
        ("name", "message"), [("missing/out.txt", "does not exist"), (".", "found a folder|the output is")]
    )
    def test_impossible_output(self, request_for, tmp_path, name, message, tree):
        before = tree()
        with pytest.raises(UsageError, match=message):
            Run(request_for(output=tmp_path / name)).execute()
        assert tree() == before

    def test_unwritable_folder(self, request_for, tree, monkeypatch):
        monkeypatch.setattr(os, "access", lambda path, mode: False)
        before = tree()
        with pytest.raises(UsageError, match="cannot write into"):
            Run(request_for()).execute()
        assert tree() == before

    @pytest.mark.parametrize("kind", ["missing", "folder", "pipe"])
    def test_input(self, request_for, tmp_path, kind, tree):
        path = tmp_path / "other"
        if kind == "folder":
            path.mkdir()
        elif kind == "pipe":
            os.mkfifo(path)
        before = tree()
        with pytest.raises(InputError, match=r"other: (expected a file|cannot be read)"):
            Run(request_for(input=path)).execute()
        assert tree() == before


class TestFailure:
    def test_unusable_input_writes_nothing(self, request_for, tmp_path, tree):
        (tmp_path / "in.txt").write_text("<html>")
        with pytest.raises(InputError):
            Run(request_for()).execute()
        assert set(tree()) == {"in.txt"}

    def test_before_any_checkpoint_leaves_nothing(self, request_for, tmp_path, fit_stage, monkeypatch):
        monkeypatch.setattr(fit_stage, "hook", stop_at(0, InputError("no closed surface")))
        with pytest.raises(InputError):
            Run(request_for()).execute()
        assert os.listdir(tmp_path) == ["in.txt"]

    def test_with_a_checkpoint_keeps_it(self, request_for, tmp_path, fit_stage, monkeypatch):
        monkeypatch.setattr(fit_stage, "hook", stop_at(2, DivergenceError("the loss is NaN")))
        with pytest.raises(DivergenceError):
            Run(request_for(keep_folder=False)).execute()
        manifest = json.loads((tmp_path / "out.txt.run" / "manifest.json").read_text())
        assert (manifest["status"], manifest["error"]) == ("failed", "the loss is NaN")
        assert not (tmp_path / "out.txt").exists()

    def test_programming_error_is_recorded_and_passed_on(self, request_for, tmp_path, fit_stage, monkeypatch):
        monkeypatch.setattr(fit_stage, "hook", stop_at(2, ZeroDivisionError("x")))
        with pytest.raises(ZeroDivisionError):
            Run(request_for()).execute()
        manifest = json.loads((tmp_path / "out.txt.run" / "manifest.json").read_text())
        assert manifest["error"] == "ZeroDivisionError('x')"


class TestResume:
    def uninterrupted(self, request_for, tmp_path):
        Run(request_for(output=tmp_path / "whole.txt", folder=None)).execute()
        return (tmp_path / "whole.txt").read_bytes()

    @pytest.mark.parametrize("keep", [True, False])
    def test_after_ctrl_c(self, request_for, tmp_path, fit_stage, monkeypatch, keep):
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted, match=r"in fit.word; repeat the command with --resume") as caught:
            Run(request_for(keep_folder=keep)).execute()
        assert caught.value.exit_code == 130
        monkeypatch.setattr(fit_stage, "hook", staticmethod(lambda step: None))
        outcome = Run(request_for(resume=True, keep_folder=keep)).execute()
        assert fit_stage.taken == [0, 1, 2, 3]
        assert (tmp_path / "out.txt").read_bytes() == self.uninterrupted(request_for, tmp_path)
        assert not outcome.already_done
        assert (tmp_path / "out.txt.run").exists() == keep

    @pytest.mark.parametrize("step", [0, 1, 3])
    def test_after_kill(self, request_for, tmp_path, fit_stage, step):
        with pytest.MonkeyPatch.context() as patch, pytest.raises(kill_at(patch, fit_stage, step)):
            Run(request_for()).execute()
        manifest = json.loads((tmp_path / "out.txt.run" / "manifest.json").read_text())
        assert manifest["status"] == "running"
        with (tmp_path / "out.txt.run" / "events.jsonl").open("a") as file:
            file.write('{"kind": "prog')  # half a line, as a killed process leaves it
        Run(request_for(resume=True)).execute()
        assert fit_stage.taken == [0, 1, 2, 3]
        assert (tmp_path / "out.txt").read_bytes() == self.uninterrupted(request_for, tmp_path)
        manifest = json.loads((tmp_path / "out.txt.run" / "manifest.json").read_text())
        assert (manifest["status"], manifest["resumed"]) == ("done", 1)
        lines = (tmp_path / "out.txt.run" / "events.jsonl").read_text().splitlines()
        torn = [line for line in lines if line == '{"kind": "prog']
        assert len(torn) == 1
        assert all(json.loads(line) for line in lines if line not in torn)

    def test_killed_before_the_manifest(self, request_for, tmp_path, tree):
        temporary = half(tmp_path / "out.txt.run" / "manifest.json").name
        for name in ("lock", "pipeline.toml", temporary, "fit.checkpoint"):
            (tmp_path / "out.txt.run" / name).write_text("3")
        Run(request_for()).execute()
        assert tree()["out.txt"] == b"hello 4 7"
        assert f"out.txt.run/{temporary}" not in tree()

    def test_killed_while_writing(self, request_for, tmp_path, fit_stage, monkeypatch):
        """Half files go with the next run, but only those of this output and of the run folder."""
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_for()).execute()
        monkeypatch.setattr(fit_stage, "hook", staticmethod(lambda step: None))
        folder = tmp_path / "out.txt.run"
        mine, strange = folder / ".my.partition.txt", half(tmp_path / "other.txt")
        mine.touch()
        left = [half(tmp_path / "out.txt"), half(folder / "manifest.json")]
        Run(request_for(resume=True)).execute()
        assert [path.exists() for path in (*left, mine, strange)] == [False, False, True, True]
        left = [half(tmp_path / "out.txt"), half(folder / "manifest.json")]
        Run(request_for(force=True)).execute()
        assert [path.exists() for path in (*left, mine, strange)] == [False, False, True, True]

    def test_killed_after_writing_the_output(self, request_for, tmp_path, catalogue, fit_stage):
        def die(self, artifacts, context):
            raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(catalogue["write.picture"], "run", die)
            with pytest.raises(Interrupted):
                Run(request_for()).execute()
        assert (tmp_path / "out.txt").exists()
        Run(request_for(resume=True)).execute()
        assert fit_stage.taken == [0, 1, 2, 3]

    def test_an_output_made_by_others_meanwhile_stays(self, request_for, tmp_path, fit_stage, monkeypatch):
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_for()).execute()
        (tmp_path / "out.txt").write_text("precious")
        with pytest.raises(UsageError, match="exists already"):
            Run(request_for(resume=True)).execute()
        assert (tmp_path / "out.txt").read_text() == "precious"

    def test_force_given_at_the_start_holds_on_resume(self, request_for, tmp_path, fit_stage, monkeypatch):
        (tmp_path / "out.txt").write_text("old")
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_for(force=True)).execute()
        monkeypatch.setattr(fit_stage, "hook", staticmethod(lambda step: None))
        Run(request_for(resume=True)).execute()
        assert (tmp_path / "out.txt").read_text() == "hello 4 7"

    def test_finished(self, request_for, tree):
        Run(request_for()).execute()
        before = tree()
        outcome = Run(request_for(resume=True)).execute()
        assert outcome.already_done
        assert outcome.measures == {"length": 9}
        assert tree() == before

    def test_finished_but_the_output_is_gone(self, request_for, tmp_path):
        Run(request_for()).execute()
        (tmp_path / "out.txt").unlink()
        assert not Run(request_for(resume=True)).execute().already_done
        assert (tmp_path / "out.txt").read_text() == "hello 4 7"

    def test_nothing_there(self, request_for):
        events = []
        Run(request_for(resume=True), events.append).execute()
        notes = [event.data["text"] for event in events if event.kind == "note" and not event.stage]
        assert len(notes) == 1
        assert "nothing to resume" in notes[0]

    @pytest.mark.parametrize("finished", [True, False])
    def test_another_run(self, request_for, tmp_path, fit_stage, finished, tree, monkeypatch):
        if not finished:
            monkeypatch.setattr(fit_stage, "hook", stop_at(2))
            with pytest.raises(Interrupted):
                Run(request_for()).execute()
        else:
            Run(request_for()).execute()
        (tmp_path / "in.txt").write_text("other")
        before = tree()
        pipeline = request_for().pipeline.with_options([Override("fit.word", "steps", 9, "")], seed=1)
        (tmp_path / "in.txt").write_text("other")
        with pytest.raises(UsageError) as caught:
            Run(request_for(resume=True, pipeline=pipeline)).execute()
        for part in ("other content", "fit.word.steps was 4, now 9", "seed was 7, now 1"):
            assert part in str(caught.value)
        assert tree() == before

    def test_contradiction(self, request_for):
        with pytest.raises(UsageError, match="use one of them"):
            Run(request_for(resume=True, force=True)).execute()

    def test_interrupted_while_reading(self, request_for, tmp_path, catalogue, monkeypatch):
        def die(self, artifacts, context):
            raise KeyboardInterrupt

        monkeypatch.setattr(catalogue["read.text"], "run", die)
        with pytest.raises(Interrupted, match=r"in read.text; nothing was written"):
            Run(request_for()).execute()
        assert os.listdir(tmp_path) == ["in.txt"]


class TestPlan:
    def test_writes_nothing(self, request_for, tree, fit_stage):
        before = tree()
        plan = dict(Run(request_for()).plan())
        assert plan["read.text"] == ["5 characters", "read hello"]
        assert plan["fit.word"] == []
        assert fit_stage.taken == []
        assert tree() == before

    def test_refuses_what_a_run_would(self, request_for, tmp_path, tree):
        (tmp_path / "out.txt").write_text("precious")
        with pytest.raises(UsageError, match="exists already"):
            Run(request_for()).plan()
        (tmp_path / "in.txt").write_text("<html>")
        with pytest.raises(UsageError):
            Run(request_for()).plan()
        assert set(tree()) == {"in.txt", "out.txt"}

    def test_of_a_resumed_run(self, request_for, fit_stage, monkeypatch, tree):
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_for()).execute()
        before = tree()
        assert dict(Run(request_for(resume=True)).plan())["resume"] == ["continues the interrupted run"]
        assert tree() == before


def test_two_at_once(request_for, tmp_path, fit_stage, monkeypatch, tree):
    """A second process that passed the first look meanwhile is stopped by the lock."""

    def second(step):
        if step == 2:
            lock = RunFolder(tmp_path / "out.txt.run").lock()
            with pytest.raises(UsageError, match=rf"another reconstruct \(process {os.getpid()}\)"), lock:
                pass

    monkeypatch.setattr(fit_stage, "hook", staticmethod(second))
    Run(request_for()).execute()
    assert tree()["out.txt"] == b"hello 4 7"


@pytest.mark.parametrize("changes", [{}, {"resume": True}, {"force": True}, {"folder": None}])
def test_a_second_one_hears_at_once_that_another_is_at_work(request_for, tmp_path, tree, changes):
    Run(request_for()).execute()
    with RunFolder(tmp_path / "out.txt.run").lock():
        before = tree()
        with pytest.raises(
            BusyError, match=rf"another reconstruct \(process {os.getpid()}\) is writing here"
        ):
            Run(request_for(**changes)).plan()
        assert tree() == before


def test_a_run_without_a_folder_holds_the_lock_too(request_for, tmp_path, fit_stage, monkeypatch):
    def second(step):
        with pytest.raises(BusyError):
            Run(request_for(folder=None)).plan()

    monkeypatch.setattr(fit_stage, "hook", staticmethod(second))
    Run(request_for(folder=None)).execute()
    assert sorted(os.listdir(tmp_path)) == ["in.txt", "out.txt"]


def done_while_reading(request, catalogue):
    """Have another process do ``request`` while the next run reads its input."""
    patch = pytest.MonkeyPatch()
    read = catalogue["read.text"].run

    def slow(self, artifacts, context):
        patch.undo()
        with suppress(Interrupted):
            Run(request).execute()
        return read(self, artifacts, context)

    patch.setattr(catalogue["read.text"], "run", slow)


def test_the_same_run_finished_by_another_between_looking_and_locking(request_for, catalogue, fit_stage):
    done_while_reading(request_for(), catalogue)
    with pytest.raises(BusyError, match="has just finished this run"):
        Run(request_for(resume=True)).execute()
    assert fit_stage.taken == [0, 1, 2, 3]


def test_the_same_run_begun_by_another_between_looking_and_locking(request_for, catalogue, monkeypatch):
    """Its stages settled otherwise; a checkpoint of theirs is none for this process."""
    pipeline = request_for().pipeline.with_options([Override("fit.word", "budget", 3, "--budget")])
    fit_stage = catalogue["fit.word"]
    steps = iter([6, 8])
    monkeypatch.setattr(fit_stage, "settled", lambda self, *_: replace(self, budget=None, steps=next(steps)))
    monkeypatch.setattr(fit_stage, "hook", stop_at(2))
    done_while_reading(request_for(pipeline=pipeline), catalogue)
    with pytest.raises(BusyError, match="has begun this run meanwhile; repeat it with --resume"):
        Run(request_for(pipeline=pipeline, resume=True)).execute()
    assert fit_stage.taken == [0, 1]


def test_finished_by_another_between_looking_and_locking(request_for, catalogue, tree):
    done_while_reading(request_for(), catalogue)
    with pytest.raises(UsageError, match="holds a finished run"):
        Run(request_for()).execute()
    assert tree()["out.txt.run/events.jsonl"].count(b"run_done") == 1


class TestSettling:
    """What a stage decides once the input is read is what the folder records."""

    @pytest.fixture
    def request_with_budget(self, request_for):
        request = request_for()
        pipeline = request.pipeline.with_options([Override("fit.word", "budget", 3, "--budget")])
        return request_for(pipeline=pipeline)

    def test_the_decision_is_carried_out_and_recorded(self, request_with_budget, tmp_path):
        Run(request_with_budget).execute()
        assert (tmp_path / "out.txt").read_text() == "hello 6 7"
        recorded = (tmp_path / "out.txt.run" / "pipeline.toml").read_text()
        assert "steps = 6" in recorded
        assert "budget" not in recorded

    def test_a_resumed_run_keeps_what_was_decided(self, request_with_budget, fit_stage, monkeypatch):
        """Asked for in the same words; the answer of another moment would not fit the checkpoint."""
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_with_budget).execute()
        monkeypatch.setattr(fit_stage, "hook", staticmethod(lambda step: None))
        monkeypatch.setattr(fit_stage, "settled", lambda self, *_: pytest.fail("asked again"))
        Run(replace(request_with_budget, resume=True)).execute()
        assert fit_stage.taken == [*range(6)]
        assert Run(replace(request_with_budget, resume=True)).execute().already_done

    def test_what_a_preparing_stage_decided_is_what_it_does_again(
        self, request_for, catalogue, fit_stage, monkeypatch, tmp_path
    ):
        """How many points fit into the memory that was free, say."""
        shout = catalogue["read.text"](upper=True)
        monkeypatch.setattr(catalogue["read.text"], "settled", lambda self, *_: shout)
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        with pytest.raises(Interrupted):
            Run(request_for()).execute()
        monkeypatch.setattr(fit_stage, "hook", staticmethod(lambda step: None))
        monkeypatch.setattr(catalogue["read.text"], "settled", lambda self, *_: pytest.fail("asked again"))
        Run(request_for(resume=True)).execute()
        assert (tmp_path / "out.txt").read_text() == "HELLO 4 7"
        assert "upper = true" in (tmp_path / "out.txt.run" / "pipeline.toml").read_text()

    def test_stages_hear_that_a_run_is_resumed_only_if_it_is(
        self, request_for, catalogue, fit_stage, monkeypatch
    ):
        heard, read = [], catalogue["read.text"].run
        monkeypatch.setattr(
            catalogue["read.text"],
            "run",
            lambda self, artifacts, context: heard.append(context.resume) or read(self, artifacts, context),
        )
        monkeypatch.setattr(fit_stage, "hook", stop_at(2))
        for _ in range(2):  # the first finds nothing to resume
            with pytest.raises(Interrupted):
                Run(request_for(resume=True)).execute()
        assert heard == [False, True]

    def test_the_decision_in_other_words_is_the_same_run(self, request_with_budget, request_for):
        Run(request_with_budget).execute()
        pipeline = request_for().pipeline.with_options([Override("fit.word", "steps", 6, "")])
        assert Run(request_for(pipeline=pipeline, resume=True)).execute().already_done

    def test_other_words_are_another_run(self, request_with_budget, request_for):
        Run(request_with_budget).execute()
        pipeline = request_for().pipeline.with_options([Override("fit.word", "budget", 2, "")])
        with pytest.raises(AnotherRunError, match=r"fit\.word\.budget was unset, now 2"):
            Run(request_for(pipeline=pipeline, resume=True)).execute()

    def test_a_plan_settles_too_and_writes_nothing(self, request_with_budget, tree):
        before = tree()
        run = Run(request_with_budget)
        run.plan()
        assert run.request.pipeline.options()["fit.word"]["steps"] == 6
        assert tree() == before
