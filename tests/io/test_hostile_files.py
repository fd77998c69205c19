"""A corpus of malformed files for every reader that runs in this process: a cloud or an InputError, always.

Files are made from one good file per format by truncation, by other words in place of its numbers, by other
beginnings, by lines without end and by flipped bytes. LAS and E57 have corpora of their own.
"""

from __future__ import annotations

import io
import re
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import plyfile
import pytest
import trimesh
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdf_siren.errors import InputError
from sdf_siren.io import read_points

RNG = np.random.default_rng(0)
POINTS = np.rint(RNG.normal(size=(12, 3)) * 1000) / 1000
BALL = trimesh.creation.icosphere(subdivisions=0)

MEMORY = 24e6
"""Bytes: far below what the wild counts declare, far above what a piece of a small file takes."""


def text(rows: np.ndarray = POINTS, word: str = "") -> str:
    return "".join(word + " ".join(f"{v:g}" for v in row) + "\n" for row in rows)


def ply(as_text: bool) -> bytes:
    names = ("x", "y", "z", "nx", "ny", "nz")
    rows = np.array([(*p, *p) for p in POINTS], dtype=[(name, "<f4") for name in names])
    faces = np.array([([0, 1, 2],)], dtype=[("vertex_indices", "i4", (3,))])
    elements = [plyfile.PlyElement.describe(rows, "vertex"), plyfile.PlyElement.describe(faces, "face")]
    file = io.BytesIO()
    plyfile.PlyData(elements, text=as_text, byte_order="<").write(file)
    return file.getvalue()


def pcd(encoding: str) -> bytes:
    head = (
        "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z rgb\nSIZE 4 4 4 4\nTYPE F F F U\nCOUNT 1 1 1 1\n"
        f"WIDTH 4\nHEIGHT 3\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 12\nDATA {encoding}\n"
    ).encode()
    rows = np.hstack([POINTS, 7 * np.ones((12, 1))])
    if encoding == "ascii":
        return head + text(rows).encode()
    data = rows.astype("<f4")
    if encoding == "binary":
        return head + data.tobytes()
    columns = data.T.tobytes()
    stream = b"".join(b"\x1f" + columns[i : i + 32] for i in range(0, len(columns), 32))
    return head + struct.pack("<II", len(stream), len(columns)) + stream


def arrays(kind: str) -> bytes:
    file = io.BytesIO()
    if kind == "npy":
        np.save(file, POINTS)
    else:
        np.savez_compressed(file, points=POINTS, normals=POINTS)
    return file.getvalue()


GRID = "4\n3\n0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n5 6 7 1\n"
GOOD = {
    "text.ply": ply(True),
    "binary.ply": ply(False),
    "text.pcd": pcd("ascii"),
    "binary.pcd": pcd("binary"),
    "compressed.pcd": pcd("binary_compressed"),
    "a.xyz": text().encode(),
    "a.txt": ("# x y z nx ny nz\n" + text(np.hstack([POINTS, POINTS]))).encode(),
    "a.csv": ("name,x,y,z,red,green,blue\n" + text(np.hstack([POINTS, 0 * POINTS + 9]), "p "))
    .replace(" ", ",")
    .encode(),
    "a.pwn": ("12\n" + text() + text()).encode(),
    "a.pts": ("6\n" + text(POINTS[:6]) + "6\n" + text(POINTS[6:])).encode(),
    "a.ptx": (2 * (GRID + text(np.hstack([POINTS, POINTS[:, :1]])))).encode(),
    "a.npy": arrays("npy"),
    "a.npz": arrays("npz"),
    "points.obj": (text(POINTS, "v ") + text(POINTS, "vn ")).encode(),
    "points.off": ("NOFF\n12 0 0\n" + text(np.hstack([POINTS, POINTS]))).encode(),
    "points.glb": trimesh.Scene([trimesh.PointCloud(POINTS)]).export(file_type="glb"),
    "mesh.ply": BALL.export(file_type="ply"),
    "mesh.obj": BALL.export(file_type="obj").encode(),
    "mesh.off": BALL.export(file_type="off").encode(),
    "mesh.stl": BALL.export(file_type="stl"),
    "mesh.glb": BALL.export(file_type="glb"),
}
BINARY = {
    "binary.ply",
    "binary.pcd",
    "compressed.pcd",
    "a.npy",
    "a.npz",
    "points.glb",
    "mesh.stl",
    "mesh.glb",
}
FORMATS = pytest.mark.parametrize("name", GOOD)
WORDS = (
    b"",
    b"-1",
    b"0",
    b"4000000000",
    b"9" * 18,
    b"9" * 400,
    b"1e400",
    b"nan",
    b"-inf",
    b"0x7f",
    b"text",
    b"1 2",
)
STARTS = (
    b"<!DOCTYPE html>\n<html>\n",
    b"\x89PNG\r\n\x1a\n",
    b"PK\x03\x04",
    bytes(64),
    b"\xff" * 64,
    b"\n" * 200,
    b"#\n",
)
FLOATS = (np.nan, -np.inf, np.finfo(np.float32).max)


def tried(path: Path, content: bytes) -> bool:
    """Whether the file was read; anything but a valid cloud or one line of refusal fails the test."""
    path.write_bytes(content)
    try:
        cloud = read_points(path, mesh_as_scan=path.name.startswith("mesh"))
    except InputError as error:
        message = str(error)
        assert message.startswith(str(path))
        assert "\n" not in message
        assert len(message) < len(str(path)) + 260
        return False
    assert len(cloud) >= 4
    return True


def bounded(path: Path, contents: Iterator[bytes]) -> int:
    """How many of the files were refused, of those that were tried within :data:`MEMORY`."""
    refused = 0
    tracemalloc.start()
    for content in contents:
        tracemalloc.reset_peak()
        refused += not tried(path, content)
        assert tracemalloc.get_traced_memory()[1] < MEMORY, content[:300]
    tracemalloc.stop()
    return refused


@pytest.fixture(autouse=True)
def _warm(tmp_path: Path) -> None:
    """Libraries are imported before memory is measured."""
    for name in ("a.ply", "mesh.stl"):
        tried(tmp_path / name, GOOD.get(name, GOOD["text.ply"]))


@FORMATS
def test_the_good_file_is_good(tmp_path: Path, name: str) -> None:
    assert tried(tmp_path / name, GOOD[name])


@FORMATS
def test_truncation(tmp_path: Path, name: str) -> None:
    good = GOOD[name]
    lengths = sorted({*range(min(len(good), 20)), *range(0, len(good), max(1, len(good) // 50))})
    refused = bounded(tmp_path / name, (good[:length] for length in lengths))
    # A list of lines without a count, and vertices nobody refers to, may end anywhere.
    assert refused >= (
        10 if name in {"a.xyz", "a.txt", "a.csv", "points.obj", "mesh.obj"} else 0.8 * len(lengths)
    )


def other_words(good: bytes) -> Iterator[bytes]:
    """Each number of the head, and some of the rest, replaced by every word."""
    numbers = list(re.finditer(rb"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])", good))
    for number in [*numbers[:14], *numbers[14::40]]:
        for word in WORDS:
            yield good[: number.start()] + word + good[number.end() :]


@FORMATS
def test_other_words_in_place_of_numbers(tmp_path: Path, name: str) -> None:
    bounded(tmp_path / name, other_words(GOOD[name]))


@FORMATS
def test_other_beginnings(tmp_path: Path, name: str) -> None:
    good = GOOD[name]
    contents = [start + rest for start in STARTS for rest in (b"", good, good[len(start) :])]
    bounded(tmp_path / name, iter(contents))


@FORMATS
def test_lines_without_end(tmp_path: Path, name: str) -> None:
    good = GOOD[name]
    cuts = [0, good.find(b"\n") + 1, good.rfind(b"\n") + 1, len(good)]
    tails = (
        b"9" * 100_000,
        b"1 " * 50_000,
        b"x" * 100_000,
        b"\n" * 100_000,
        b"\0" * 100_000,
        b'"' * 100_000,
    )
    bounded(tmp_path / name, (good[:cut] + tail for cut in cuts for tail in tails))


HUGE = "1e39"
"""A number that float32 does not hold."""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.obj", f"v 0 0 0 {HUGE} 0 1\nv 1 0 0 0 0 1\nv 0 1 0 0 0 1\nv 0 0 1 0 0 1\n"),
        ("a.off", f"COFF\n4 0 0\n0 0 0 {HUGE} 0 1\n1 0 0 0 0 1\n0 1 0 0 0 1\n0 0 1 0 0 1\n"),
        ("a.csv", f"x,y,z,r,g,b\n0,0,0,{HUGE},0,1\n1,0,0,0,0,1\n0,1,0,0,0,1\n0,0,1,0,0,1\n"),
        ("a.ptx", GRID[:-8].replace("4\n3", "2\n2") + "0 0 0 1\n" + f"0 0 1 1 {HUGE} 0 1\n" * 4),
    ],
)
def test_colours_beyond_float32_are_no_warning(tmp_path: Path, name: str, content: str) -> None:
    tried(tmp_path / name, content.encode())


@pytest.mark.parametrize("name", sorted(BINARY))
def test_wild_binary_numbers(tmp_path: Path, name: str) -> None:
    good = GOOD[name]
    words = [struct.pack("<I", value) for value in (0, 0x7FFFFFFF, 0xFFFFFFFF)]
    words += [struct.pack("<f", value) for value in FLOATS]
    places = sorted({*range(0, min(len(good), 80), 4), *range(0, len(good) - 4, max(4, len(good) // 80 * 4))})
    contents = (good[:at] + word + good[at + 4 :] for at in places for word in words)
    bounded(tmp_path / name, contents)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=25)
@given(data=st.data())
@FORMATS
def test_flipped_bytes(tmp_path: Path, name: str, data: st.DataObject) -> None:
    content = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    tried(tmp_path / name, bytes(content))
