"""Which files a batch reads."""

from __future__ import annotations

import os

import pytest

from sdf_siren.batch.discovery import discover, means_many
from sdf_siren.errors import InputError, UsageError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """``tree("in/a.ply", "in/sub/", ...)`` makes files and folders below the current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                path.mkdir(exist_ok=True)
            else:
                path.write_text("x")

    return make


def find(*words, output="out", **options):
    found = discover(words, {".ply", ".xyz", ".csv"}, output, **options)
    for source in found.sources:
        assert source.path.is_absolute()
    return [source.name for source in found.sources], list(found.notes)


class TestFolder:
    def test_sorted_by_suffix_and_the_rest_counted(self, tree):
        tree("in/b.ply", "in/a.PLY", "in/c.xyz", "in/notes.md", "in/.hidden.ply", "in/noext")
        assert find("in") == (["a.PLY", "b.ply", "c.xyz"], ["2 files of another format were left out"])

    def test_whatever_they_hold(self, tree, tmp_path):
        tree("in/a.ply")
        (tmp_path / "in" / "empty.ply").touch()
        assert find("in")[0] == ["a.ply", "empty.ply"]

    def test_folders_inside_only_when_asked(self, tree):
        tree("in/a.ply", "in/sub/deep/b.ply", "in/other/c.ply")
        assert find("in") == (["a.ply"], ["2 folders inside were not entered; --recursive enters them"])
        assert find("in", recursive=True) == (["a.ply", "other/c.ply", "sub/deep/b.ply"], [])

    def test_order_is_by_folders_then_names(self, tree):
        tree("in/a-b/x.ply", "in/a/x.ply", "in/a.ply")
        assert find("in", recursive=True)[0] == ["a/x.ply", "a-b/x.ply", "a.ply"]

    def test_never_its_own_outputs(self, tree):
        tree("in/a.ply", "in/out/a.ply", "in/out/a.ply.run/manifest.json", "in/out/b.ply", "in/out/sub/c.ply")
        names, notes = find("in", output="in/out", recursive=True)
        assert names == ["a.ply"]
        assert notes == ["1 output folder was left out"]

    def test_outputs_among_the_inputs(self, tree):
        tree(
            "in/a.xyz", "in/a.ply", "in/a.ply.run/manifest.json", "in/a.ply.run/preview.ply", "in/summary.csv"
        )
        names, notes = find("in", output="in", recursive=True)
        assert names == ["a.xyz"]
        assert notes == ["2 outputs of this program were left out", "1 run folder was left out"]
        # Elsewhere a file of that name is a scan like any other.
        assert find("in", output="out")[0] == ["a.xyz", "summary.csv"]

    def test_outputs_under_another_name_of_the_folder(self, tree, tmp_path):
        tree("in/a.ply", "in/out/b.ply")
        (tmp_path / "alias").symlink_to("in/out")
        assert find("in", output="alias", recursive=True)[0] == ["a.ply"]

    def test_links(self, tree, tmp_path):
        tree("in/sub/a.ply", "elsewhere/b.ply")
        (tmp_path / "in" / "loop").symlink_to("..")
        (tmp_path / "in" / "self").symlink_to(".")
        (tmp_path / "in" / "sub" / "linked.ply").symlink_to(tmp_path / "elsewhere" / "b.ply")
        names, notes = find("in", recursive=True)
        assert names == ["sub/a.ply", "sub/linked.ply"]
        assert notes == ["2 linked folders were not entered; name them to read them"]

    def test_a_linked_folder_that_is_named(self, tree, tmp_path):
        tree("real/a.ply")
        (tmp_path / "alias").symlink_to("real")
        assert find("alias")[0] == ["a.ply"]

    def test_dangling_links_are_jobs_that_fail(self, tree, tmp_path):
        tree("in/a.ply")
        (tmp_path / "in" / "gone.ply").symlink_to("nowhere.ply")
        assert find("in")[0] == ["a.ply", "gone.ply"]

    def test_nothing_to_read(self, tree):
        tree("in/a.md", "in/sub/b.ply")
        with pytest.raises(UsageError, match=r"in: expected files to read, found none \(1 file of another"):
            find("in")
        tree("empty/")
        with pytest.raises(UsageError, match="they hold no files"):
            find("empty")

    def test_names_that_are_not_text(self, tree, tmp_path):
        tree("in/")
        (tmp_path / "in" / os.fsdecode(b"caf\xe9.ply")).write_text("x")
        assert find("in")[0] == [os.fsdecode(b"caf\xe9.ply")]


class TestSeveral:
    def test_names_from_the_deepest_common_folder(self, tree):
        tree("data/x/a.ply", "data/y/a.ply", "data/y/b.md", "data/z/c.ply")
        assert find("data/x/a.ply", "data/y/b.md")[0] == ["x/a.ply", "y/b.md"]
        assert find("data/x", "data/z")[0] == ["x/a.ply", "z/c.ply"]
        assert find("data/x/a.ply", "data/x/a.ply", "data/x")[0] == ["a.ply"]

    def test_paths_do_not_leave_the_output_folder(self, tree):
        tree("a.ply", "sub/b.ply")
        assert find("sub/../a.ply", "sub/./b.ply")[0] == ["a.ply", "sub/b.ply"]

    @pytest.mark.parametrize("word", ["none.ply", "none/"])
    def test_missing(self, tree, word):
        tree("a.ply")
        with pytest.raises(InputError, match="no such file or folder"):
            find("a.ply", word)


class TestPattern:
    def test_names_from_before_the_first_wildcard(self, tree):
        tree("data/x1/a.ply", "data/x2/a.ply", "data/y/a.ply", "data/x1/deep/b.ply")
        assert find("data/x*/*.ply")[0] == ["x1/a.ply", "x2/a.ply"]
        assert find("data/**/*.ply")[0] == ["x1/a.ply", "x1/deep/b.ply", "x2/a.ply", "y/a.ply"]
        assert find("data/x[1]/a.ply")[0] == ["x1/a.ply"]

    @pytest.mark.parametrize("here", ["[2024]", "a*", "what?"])
    def test_in_a_folder_whose_own_name_looks_like_one(self, tree, tmp_path, monkeypatch, here):
        tree(f"{here}/x1/a.ply", f"{here}/x2/a.ply")
        monkeypatch.chdir(tmp_path / here)
        assert find("x*/*.ply")[0] == ["x1/a.ply", "x2/a.ply"]
        assert find("x1/*.ply")[0] == ["a.ply"]

    def test_that_leads_out_again(self, tree, tmp_path, monkeypatch):
        tree("data/x/b.ply", "a.ply")
        monkeypatch.chdir(tmp_path / "data")
        assert find("*/../../a.ply")[0] == ["a.ply"]

    def test_no_match(self, tree):
        tree("a.ply")
        with pytest.raises(InputError, match="matches nothing"):
            find("*.xyz")

    def test_a_file_of_such_a_name(self, tree):
        tree("scan[1].ply", "scan1.ply")
        assert find("scan[1].ply", "scan1.ply")[0] == ["scan1.ply", "scan[1].ply"]
        assert not means_many(["scan[1].ply"])


def test_what_is_many(tree):
    tree("a.ply", "in/")
    assert not means_many(["a.ply"])
    assert not means_many(["missing.ply"])
    assert means_many(["in"])
    assert means_many(["*.ply"])
    assert means_many(["a.ply", "missing.ply"])
