"""Locks between processes."""

from __future__ import annotations

import os

import pytest

from sdf_siren.engine import locks
from sdf_siren.engine.locks import held
from sdf_siren.errors import BusyError, UsageError


def test_held_by_one_at_a_time_and_gone_in_the_end(tmp_path):
    path = tmp_path / "made" / "x.claim"
    for _ in range(2):
        with held(path, tmp_path):
            assert path.read_text() == f"{os.getpid()}\n"
            with pytest.raises(BusyError, match=rf"another reconstruct \(process {os.getpid()}\)"):
                held(path, tmp_path).__enter__()
            assert path.exists(), "the loser must not remove the winner's lock"
        assert not path.exists()


def test_a_file_left_behind_is_no_lock(tmp_path):
    (tmp_path / "x.claim").write_text("1\n")
    with held(tmp_path / "x.claim", tmp_path):
        pass


@pytest.mark.parametrize("target", ["precious.txt", "missing/x.txt"])
def test_a_link_is_not_followed(tmp_path, target):
    precious = tmp_path / "precious.txt"
    precious.write_text("precious")
    (tmp_path / "x.claim").symlink_to(target)
    with pytest.raises(UsageError, match=r"x\.claim: expected a lock file, found a link; remove it"):
        held(tmp_path / "x.claim", tmp_path).__enter__()
    assert precious.read_text() == "precious"
    assert not (tmp_path / "missing").exists()


def test_a_file_that_its_holder_removes_between_opening_and_locking(tmp_path, monkeypatch):
    path, tries = tmp_path / "x.claim", []
    path.write_text("1\n")
    lock = locks._try_lock

    def late(handle):
        if not tries:
            path.unlink()
        tries.append(handle)
        return lock(handle)

    monkeypatch.setattr(locks, "_try_lock", late)
    with held(path, tmp_path):
        assert path.read_text() == f"{os.getpid()}\n", "a lock on a file without a name keeps nobody out"
    assert len(tries) == 2


def test_a_look_takes_nothing(tmp_path):
    path = tmp_path / "x.claim"
    locks.refuse_held(path, tmp_path)
    assert not path.exists()
    path.write_text("1\n")
    locks.refuse_held(path, tmp_path)
    assert path.read_text() == "1\n"
    with held(path, tmp_path), pytest.raises(BusyError, match=rf"process {os.getpid()}"):
        locks.refuse_held(path, tmp_path)


def test_the_message_names_what_is_locked(tmp_path):
    path = tmp_path / "none" / "above" / "x.claim"
    with pytest.raises(UsageError, match=r"mesh\.ply: cannot be written"), held(path, tmp_path / "mesh.ply"):
        pass
