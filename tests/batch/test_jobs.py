"""Jobs: names of outputs, shards, and the way through JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.batch.discovery import Source
from sdf_siren.batch.jobs import Job, make_jobs, name_outputs, parse_shard, shard_of
from sdf_siren.errors import UsageError


def job(name="a.ply", **changes):
    values = {
        "input": Path("/in") / name,
        "output": Path("/out/a.ply"),
        "folder": Path("/out"),
        "pipeline": "x",
    }
    return Job(name, **(values | changes))


class TestNames:
    def test_the_tree_stays(self):
        names, notes = name_outputs(["a.ply", "sub/b.tar.xyz", "sub/c"], ".obj")
        assert list(names.values()) == ["a.obj", "sub/b.tar.obj", "sub/c.obj"]
        assert notes == ()

    def test_clashes_keep_the_suffix_of_the_input(self):
        names, notes = name_outputs(["a.ply", "a.xyz", "b.ply", "sub/a.ply"], ".ply")
        assert list(names.values()) == ["a.ply.ply", "a.xyz.ply", "b.ply", "sub/a.ply"]
        assert notes == ("2 outputs would clash, so the input's suffix stays, as in a.ply.ply",)

    def test_case_does_not_count(self):
        assert list(name_outputs(["A.ply", "a.xyz"], ".ply")[0].values()) == ["A.ply.ply", "a.xyz.ply"]

    def test_a_clash_with_the_way_out_of_a_clash(self):
        names, _ = name_outputs(["a.ply", "a.ply.xyz", "a.xyz"], ".ply")
        assert sorted(names.values()) == ["a.ply.ply", "a.ply.xyz.ply", "a.xyz.ply"]

    def test_a_clash_with_a_folder(self):
        names, notes = name_outputs(["a.ply/b.xyz", "a.xyz"], ".ply")
        assert list(names.values()) == ["a.ply/b.ply", "a.xyz.ply"]
        assert notes[0].startswith("1 output would clash")

    def test_a_clash_with_what_another_writes_besides(self):
        def written(output):
            return output, output.with_name(f"{output.stem}_more.ply")

        names, notes = name_outputs(["a.ply", "a_more.ply", "b.ply", "sub/a_more.ply"], ".ply", written)
        assert list(names.values()) == ["a.ply.ply", "a_more.ply.ply", "b.ply", "sub/a_more.ply"]
        assert notes[0].startswith("2 outputs would clash")

    @given(
        st.lists(
            st.from_regex(r"([ab]/)?[aA]{1,2}(\.ply|\.xyz){1,3}", fullmatch=True), unique=True, max_size=12
        )
    )
    def test_never_two_alike(self, names):
        outputs = list(name_outputs(names, ".ply")[0].values())
        assert len(set(outputs)) == len(names)
        assert all(output.endswith(".ply") for output in outputs)


def alone(output):
    return (output,)


class TestMaking:
    def test_what_is_written_besides_is_an_input(self, tmp_path):
        sources = [Source(tmp_path / name, name) for name in ("a.xyz", "b.ply")]
        with pytest.raises(UsageError, match=r"b\.ply: the output of a\.xyz is one of the inputs"):
            make_jobs(sources, tmp_path, ".obj", lambda output: (output, tmp_path / "b.ply"), pipeline="")

    def test_an_output_that_is_an_input(self, tmp_path):
        sources = [Source(tmp_path / name, name) for name in ("a.xyz", "b.ply")]
        with pytest.raises(UsageError, match=r"b\.ply: the output of b\.ply is one of the inputs"):
            make_jobs(sources, tmp_path, ".ply", alone, pipeline="")
        jobs, _ = make_jobs(sources, tmp_path, ".obj", alone, pipeline="")
        assert [job.output for job in jobs] == [tmp_path / "a.obj", tmp_path / "b.obj"]

    def test_an_input_under_another_name(self, tmp_path):
        (tmp_path / "b.ply").touch()
        (tmp_path / "alias").symlink_to(tmp_path)
        with pytest.raises(UsageError, match="is one of the inputs"):
            make_jobs([Source(tmp_path / "b.ply", "b.ply")], tmp_path / "alias", ".ply", alone, pipeline="")


def test_through_json():
    given = job(os.fsdecode(b"caf\xe9.ply"), threads=3, libraries=("torch",), attempt=2, resume=True)
    assert Job.from_json(json.loads(json.dumps(given.to_json()))) == given


def test_the_next_attempt_goes_on():
    again = job(force=True).again
    assert (again.attempt, again.resume, again.force) == (2, True, False)


def test_the_fingerprint_is_of_what_is_asked(monkeypatch):
    assert job().fingerprint == job("b.ply", attempt=2, force=True, threads=9).fingerprint
    assert job().fingerprint != job(pipeline="y").fingerprint
    before = job().fingerprint
    monkeypatch.setattr("sdf_siren.__version__", "99")
    assert job().fingerprint != before


class TestShards:
    @given(st.integers(0, 30), st.integers(1, 12))
    def test_together_they_are_all(self, count, parts):
        jobs = [job(f"{i}.ply") for i in range(count)]
        shards = [shard_of(jobs, part, parts) for part in range(1, parts + 1)]
        assert sorted(j.name for shard in shards for j in shard) == sorted(j.name for j in jobs)
        assert max(map(len, shards)) - min(map(len, shards)) <= 1

    def test_text(self):
        assert parse_shard("2/5") == (2, 5)

    @pytest.mark.parametrize("text", ["", "2", "0/3", "4/3", "1/0", "-1/3", "a/b", "1/3/5", "1.0/2"])
    def test_other_text(self, text):
        with pytest.raises(UsageError, match="--shard: expected i/n"):
            parse_shard(text)
