"""A batch before it runs."""

from __future__ import annotations

import pytest

from sdf_siren.batch.kinds import kind_of
from sdf_siren.batch.perform import perform
from sdf_siren.batch.plan import lines_of
from sdf_siren.errors import UsageError

TEXTS = {"b.words": "x", "a.words": "x", "c.words": "x"}


def test_jobs_and_shards(batch_of, tmp_path):
    batch = batch_of(TEXTS, shard=(2, 2), format="ALT")
    assert [job.name for job in batch.jobs] == ["a.words", "b.words", "c.words"]
    assert [job.name for job in batch.mine] == ["b.words"]
    assert lines_of(batch.mine) == [f"b.words -> {tmp_path / 'out' / 'b.alt'}"]
    assert not (tmp_path / "out").exists(), "planning writes nothing"


def test_an_unknown_format(batch_of):
    with pytest.raises(UsageError, match="--format: expected one of out alt, found 'odt'"):
        batch_of(TEXTS, format="odt")


def test_existing_outputs_are_refused_before_anything_starts(batch_of, tmp_path):
    perform(batch_of(TEXTS).jobs[1])
    with pytest.raises(UsageError, match=r"holds 1 of the outputs already, such as b\.out; use --resume"):
        batch_of()
    (tmp_path / "out" / "b.out").unlink()  # its run is still there
    with pytest.raises(UsageError, match="holds 1 of the outputs"):
        batch_of()
    assert len(batch_of(resume=True).jobs) == len(batch_of(force=True).jobs) == 3
    assert batch_of(shard=(1, 2)).mine, "the other shard's output does not concern this one"


def test_what_is_written_besides_the_outputs_counts_too(batch_of, words, monkeypatch, tmp_path):
    monkeypatch.setattr(
        words.WriteWords,
        "writes",
        lambda self, context: (context.output.with_name(f"{context.output.stem}_more.out"),),
    )
    jobs = batch_of({"a.words": "x", "a_more.words": "x", "c.words": "x"}).jobs
    assert [job.output.name for job in jobs] == ["a.words.out", "a_more.words.out", "c.out"]
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "c_more.out").write_text("precious")
    with pytest.raises(UsageError, match=r"holds 1 of the outputs already, such as c_more\.out"):
        batch_of()


def test_outputs_that_failed_do_not_stand_in_the_way(batch_of):
    perform(batch_of({"a.words": ""}).jobs[0])
    batch_of()


def test_contradiction(batch_of):
    with pytest.raises(UsageError, match="use one of them"):
        batch_of(TEXTS, resume=True, force=True)


def test_a_file_in_place_of_the_folder(batch_of, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(UsageError, match="expected a folder for the outputs, found a file"):
        batch_of(TEXTS)


def test_kinds_know_what_readers_and_writers_know():
    scan, image = kind_of("scan"), kind_of("image")
    assert {".ply", ".xyz", ".laz", ".e57", ".obj"} <= set(scan.suffixes)
    assert scan.suffix_for(None) == ".ply"
    assert scan.suffix_for(".GLB") == ".glb"
    assert image.suffix_for(None) == ".png"
    assert ".jpg" in image.suffixes
