"""The lock of a run folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sdf_siren.engine.folder import RunFolder, folder_of
from sdf_siren.errors import UsageError


def test_name():
    assert folder_of(Path("a/mesh.tar.ply")) == Path("a/mesh.tar.ply.run")


def test_released_and_removed_when_empty(tmp_path):
    folder = RunFolder(tmp_path / "x.run")
    for _ in range(2):
        with folder.lock():
            assert (folder.path / "lock").read_text() == f"{os.getpid()}\n"
        assert not folder.path.exists()


def test_kept_when_not_empty(tmp_path):
    folder = RunFolder(tmp_path / "x.run")
    with folder.lock():
        (folder.path / "manifest.json").write_text("{}")
    assert os.listdir(folder.path) == ["manifest.json"]


def test_released_on_error(tmp_path):
    folder = RunFolder(tmp_path / "x.run")
    with pytest.raises(ZeroDivisionError), folder.lock():
        raise ZeroDivisionError
    with folder.lock():
        pass


def test_stale_lock_of_a_living_process_id(tmp_path):
    """A process id that is in use again does not keep the folder locked."""
    folder = RunFolder(tmp_path / "x.run")
    folder.path.mkdir()
    (folder.path / "lock").write_text("1\n")
    with folder.lock():
        pass


def test_killed_process_leaves_no_lock(tmp_path):
    code = """
import sys, time
from pathlib import Path
from sdf_siren.engine.folder import RunFolder
with RunFolder(Path(sys.argv[1])).lock():
    print("locked", flush=True)
    time.sleep(600)
"""
    folder = RunFolder(tmp_path / "x.run")
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as process:
        try:
            assert process.stdout.readline() == "locked\n"
            with pytest.raises(UsageError, match=rf"process {process.pid}\) is writing here"), folder.lock():
                pass
        finally:
            process.send_signal(signal.SIGKILL)
    with folder.lock():
        pass


def test_unwritable(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"), RunFolder(tmp_path / "none" / "x.run").lock():
        pass
