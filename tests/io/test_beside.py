"""Array files lie beside their problem file, and are found in it."""

from __future__ import annotations

import json

import pytest

from sdf_siren.errors import InputError
from sdf_siren.io.beside import array_files, array_path


def test_below_the_folder(tmp_path):
    assert array_path("arrays/a.NPY", tmp_path, "here", (".npy",)) == tmp_path / "arrays" / "a.NPY"


@pytest.mark.parametrize("name", ["../a.npy", "/tmp/a.npy", "arrays/../../a.npy"])
def test_nowhere_else(tmp_path, name):
    with pytest.raises(InputError, match=r"^here: expected a file in the folder of the problem file"):
        array_path(name, tmp_path, "here", (".npy",))


@pytest.mark.parametrize("name", ["a\0.npy", "a" * 5000 + ".npy"])
def test_names_that_no_file_has(tmp_path, name):
    with pytest.raises(InputError, match=r"^here: expected the name of a file, found 'a") as caught:
        array_path(name, tmp_path, "here", (".npy",))
    assert len(str(caught.value)) < 200
    path = tmp_path / "problem.toml"
    path.write_text(f"source_array = {json.dumps(name)}")
    assert array_files(path) == ()


def test_not_through_a_link(tmp_path):
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.npy").symlink_to(tmp_path / "a.npy")
    with pytest.raises(InputError, match="in the folder of the problem file"):
        array_path("a.npy", inside, "here", (".npy",))


def test_other_suffixes(tmp_path):
    with pytest.raises(InputError, match=r"^here: expected \.npy or \.csv as suffix, found 'a\.txt'"):
        array_path("a.txt", tmp_path, "here", (".npy", ".csv"))


def test_what_a_problem_file_names(tmp_path):
    for name in ("a.npy", "b.npy", "c.npz"):
        (tmp_path / name).touch()
    path = tmp_path / "problem.toml"
    path.write_text(
        'source_array = "a.npy"\ntitle = "c.npz"\n[measurements]\nfile = "c.npz"\n'
        '[[conditions]]\nvalue_array = "b.npy"\n[[conditions]]\nvalue_array = "missing.npy"\n'
    )
    assert array_files(path) == tuple(tmp_path / name for name in ("a.npy", "c.npz", "b.npy"))


def test_what_is_no_problem_file_names_none(tmp_path):
    (tmp_path / "problem.toml").write_text("= 3")
    assert array_files(tmp_path / "problem.toml") == ()
    assert array_files(tmp_path / "missing.toml") == ()
