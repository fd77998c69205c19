"""Reading in another process: what it gives, and every way in which it can end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdf_siren.errors import InputError, MissingLibraryError
from sdf_siren.io import isolation
from sdf_siren.io.isolation import isolated, require
from sdf_siren.io.raw_points import RawPoints

HEAD = """
import os, sys, time
import numpy as np
from sdf_siren.errors import InputError
from sdf_siren.io.raw_points import RawPoints, remark

def decode(path):
"""


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> list[RawPoints]:
    (folder / "reader_for_a_test.py").write_text(HEAD + body)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return list(isolated("reader_for_a_test", folder / "a.file"))


def test_pieces_arrive_as_they_were_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
    print("a library that talks")
    points = np.arange(6.0).reshape(2, 3)
    yield RawPoints(points, points.astype(np.float32), points.astype(np.uint16), ("a",))
    sensors = np.broadcast_to([1.0, 2.0, 3.0], (2, 3))
    yield RawPoints(points + 1, sensors=sensors, intensity=np.ones(2, np.float32))
    yield remark(path.name)
"""
    first, second, last = run(tmp_path, monkeypatch, body)
    points = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(first.points, points)
    assert first.normals is not None
    assert first.colours is not None
    assert (first.normals.dtype, first.colours.dtype) == (np.float32, np.uint16)
    np.testing.assert_array_equal(first.colours, points)
    assert first.sensors is None
    assert first.notes == ("a",)
    np.testing.assert_array_equal(second.sensors, [[1, 2, 3], [1, 2, 3]])
    np.testing.assert_array_equal(second.intensity, [1, 1])
    assert len(last) == 0
    assert last.notes == ("a.file",)


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("    raise InputError('a.file: it is damaged')\n    yield", r"^a\.file: it is damaged$"),
        (
            "    raise ValueError('two\\nlines')\n    yield",
            r"a\.file: cannot be read \(ValueError: two lines\)",
        ),
        ("    yield RawPoints(np.ones((2, 3)))\n    os.abort()", r"broke down on it \(signal 6\)"),
        ("    yield RawPoints(np.ones((2, 3)))\n    os._exit(3)", r"broke down on it \(exit code 3\)"),
        ("    os.write(3, b'junk')\n    os._exit(0)\n    yield", "broke down on it"),
        ("    raise KeyboardInterrupt\n    yield", "cannot be read"),
    ],
)
def test_every_end_but_the_good_one_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, match: str
) -> None:
    with pytest.raises(InputError, match=match) as caught:
        run(tmp_path, monkeypatch, body)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not Path("/proc").exists(), reason="memory is bounded on Linux only")
def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = f"    np.ones({isolation.MEMORY} // 8)\n    yield"
    with pytest.raises(InputError, match="MemoryError"):
        run(tmp_path, monkeypatch, body)


def test_a_reader_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "PATIENCE", 1.0)
    with pytest.raises(InputError, match="broke down"):
        run(tmp_path, monkeypatch, "    time.sleep(1000)\n    yield")


def test_a_caller_that_stops_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = """
    (path.parent / "pid").write_text(str(os.getpid()))
    yield remark("first")
    time.sleep(1000)
"""
    (tmp_path / "reader_for_a_test.py").write_text(HEAD + body)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pieces = isolated("reader_for_a_test", tmp_path / "a.file")
    next(iter(pieces))
    pieces.close()  # type: ignore[attr-defined]
    assert not Path(f"/proc/{(tmp_path / 'pid').read_text()}").exists()


def test_a_missing_library_says_what_to_install() -> None:
    require("json", "las")
    with pytest.raises(MissingLibraryError, match=r'pip install "sdf-siren\[las\]"'):
        require("no_such_library", "las")
