"""Locks between processes."""

from __future__ import annotations

import os

import pytest

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


def test_the_message_names_what_is_locked(tmp_path):
    path = tmp_path / "none" / "above" / "x.claim"
    with pytest.raises(UsageError, match=r"mesh\.ply: cannot be written"), held(path, tmp_path / "mesh.ply"):
        pass
