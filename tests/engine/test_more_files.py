"""Files that stages read and write besides the run's own."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from sdf_siren.engine.pipeline import parse
from sdf_siren.engine.run import Run
from sdf_siren.engine.stage import Artifacts, Context
from sdf_siren.errors import InputError, UsageError


@pytest.fixture
def asked(request_for, catalogue, pipeline_text, tmp_path):
    """A request whose first stage reads ``more.txt`` too and whose last one writes ``out_more.txt`` too."""

    @dataclass(frozen=True)
    class ReadMore(catalogue["read.text"]):
        def reads(self, context: Context) -> tuple[Path, ...]:
            return (tmp_path / "more.txt",)

    @dataclass(frozen=True)
    class WriteMore(catalogue["write.text"]):
        def writes(self, context: Context) -> tuple[Path, ...]:
            return (context.output.with_name(f"out_{context.options['fit.word']['quality']}.txt"),)

        def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
            self.writes(context)[0].write_text("more")
            return super().run(artifacts, context)

    (tmp_path / "more.txt").write_text("more words")
    pipeline = parse(pipeline_text, {**catalogue, "read.text": ReadMore, "write.text": WriteMore})
    return lambda **changes: replace(request_for(), pipeline=pipeline, **changes)


def test_they_are_recorded_and_written(asked, tmp_path):
    Run(asked()).execute()
    assert (tmp_path / "out_good.txt").read_text() == "more"
    manifest = json.loads((tmp_path / "out.txt.run" / "manifest.json").read_text())
    (other,) = manifest["input"]["others"]
    assert other["path"] == str(tmp_path / "more.txt")
    assert other["bytes"] == 10
    assert Run(asked(resume=True)).execute().already_done


def test_nothing_beside_is_replaced_unasked(asked, tmp_path):
    (tmp_path / "out_good.txt").write_text("precious")
    with pytest.raises(UsageError, match=r"out_good\.txt: exists already"):
        Run(asked()).execute()
    assert (tmp_path / "out_good.txt").read_text() == "precious"
    assert not (tmp_path / "out.txt").exists()
    Run(asked(force=True)).execute()
    assert (tmp_path / "out_good.txt").read_text() == "more"


def test_nothing_beside_that_appears_during_the_run_is_replaced(asked, tmp_path, fit_stage, monkeypatch):
    monkeypatch.setattr(
        fit_stage, "hook", staticmethod(lambda _: (tmp_path / "out_good.txt").write_text("my"))
    )
    with pytest.raises(UsageError, match=r"out_good\.txt: exists already"):
        Run(asked()).execute()
    assert (tmp_path / "out_good.txt").read_text() == "my"
    assert not (tmp_path / "out.txt").exists()


def test_finished_but_one_beside_is_gone(asked, tmp_path, fit_stage):
    Run(asked()).execute()
    (tmp_path / "out_good.txt").unlink()
    assert not Run(asked(resume=True)).execute().already_done
    assert (tmp_path / "out_good.txt").read_text() == "more"
    assert fit_stage.taken == [0, 1, 2, 3]


def test_no_input_is_written(asked, tmp_path):
    with pytest.raises(UsageError, match="the output is the input itself"):
        Run(asked(output=tmp_path / "more.txt", force=True)).execute()
    (tmp_path / "out_good.txt").write_text("words")
    with pytest.raises(UsageError, match="the output is the input itself"):
        Run(asked(input=tmp_path / "out_good.txt", force=True)).execute()
    assert (tmp_path / "more.txt").read_text() == "more words"


def test_a_missing_one_is_told_before_the_work(asked, tmp_path, fit_stage):
    (tmp_path / "more.txt").unlink()
    with pytest.raises(InputError, match=r"more\.txt: cannot be read"):
        Run(asked()).execute()
    assert fit_stage.taken == []


def test_other_content_is_another_run(asked, tmp_path):
    Run(asked()).execute()
    (tmp_path / "more.txt").write_text("other words")
    with pytest.raises(UsageError, match="the files read besides had other content"):
        Run(asked(resume=True)).execute()


def test_killed_while_writing_goes_on(asked, tmp_path, monkeypatch, catalogue):
    def fail(self, artifacts, context):
        raise OSError("full")

    monkeypatch.setattr(catalogue["write.text"], "run", fail)
    with pytest.raises(OSError, match="full"):
        Run(asked()).execute()
    assert (tmp_path / "out_good.txt").exists()
    monkeypatch.undo()
    Run(asked(resume=True)).execute()
    assert (tmp_path / "out.txt").exists()
