"""NPY and NPZ scans: shapes and types, and archives that lie about their size."""

from __future__ import annotations

import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sdf_siren.errors import InputError
from sdf_siren.io import read_points

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(20, 3))
NORMALS = RNG.normal(size=(20, 3)).astype(np.float32)
COLOURS = RNG.integers(0, 256, (20, 3), dtype=np.uint8)


def refused(path: Path, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read_points(path)
    assert "\n" not in str(caught.value)


def array_header(shape: str, kind: str = "'<f8'") -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<f2", "<i4", "<u2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_of_any_number_type_and_order(tmp_path: Path, dtype: str, order: str) -> None:
    values = np.asarray(np.abs(POINTS) * 1000, dtype=dtype, order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "a.npy", values)
    cloud = read_points(tmp_path / "a.npy")
    np.testing.assert_array_equal(cloud.points, values.astype(np.float64))
    assert cloud.normals is None


def test_six_columns_are_points_and_normals(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.hstack([POINTS, NORMALS]))
    np.savez(tmp_path / "a.npz", points=np.hstack([POINTS, NORMALS]))
    for name in ("a.npy", "a.npz"):
        cloud = read_points(tmp_path / name)
        np.testing.assert_array_equal(cloud.points, POINTS)
        np.testing.assert_array_equal(cloud.normals, NORMALS)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_archives(tmp_path: Path, save: object) -> None:
    save(tmp_path / "a.npz", points=POINTS, normals=NORMALS, colors=COLOURS, other=np.zeros(3))  # type: ignore[operator]
    cloud = read_points(tmp_path / "a.npz")
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)


def test_the_array_on_disk_is_not_modified(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", POINTS)
    read_points(tmp_path / "a.npy").points[:] = 0
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), POINTS)


def test_arrays_written_by_python_2_are_read_without_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(array_header("(20L, 3L)") + POINTS.tobytes())
    np.testing.assert_array_equal(read_points(tmp_path / "a.npy").points, POINTS)


@pytest.mark.parametrize("shape", [(20,), (20, 2), (20, 4), (0, 3), (2, 3, 3)])
def test_other_shapes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", np.zeros(shape))
    refused(tmp_path / "a.npy", r"expected an array of shape \(n, 3\) or \(n, 6\)")


@pytest.mark.parametrize("dtype", ["<U5", "?", "<c16", "<M8[s]", [("x", "<f8")]])
def test_other_types_are_refused(tmp_path: Path, dtype: object) -> None:
    np.save(tmp_path / "a.npy", np.zeros((5, 3), dtype=dtype))  # type: ignore[call-overload]
    refused(tmp_path / "a.npy", "expected an array of numbers")


class Trap:
    """Unpickling this would be noticed."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    trap = np.empty((5, 3), dtype=object)
    trap[:] = Trap()
    np.save(tmp_path / "a.npy", trap, allow_pickle=True)
    refused(tmp_path / "a.npy", "expected an array of numbers, found the type object")
    np.savez(tmp_path / "b.npz", allow_pickle=True, points=trap)
    refused(tmp_path / "b.npz", "expected an array of numbers, found the type object")
    (tmp_path / "c.npy").write_bytes(pickle.dumps(Trap()))
    refused(tmp_path / "c.npy", "not a NumPy array file")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (array_header("(4000000000, 3)") + bytes(480), "declares 96000000000 bytes, found 480"),
        (array_header("(10, 3)") + bytes(239), "declares 240 bytes, found 239"),
        (array_header("(-4, 3)") + bytes(480), "shape|not a NumPy"),
        (array_header("(10, 3)", "'<f8'*10**9"), "not a NumPy array file"),
        (array_header("__import__('os').getpid()"), "not a NumPy array file"),
        (array_header("(" * 3000), "not a NumPy array file"),
        (array_header("(10, 3)")[:20], "not a NumPy array file"),
        (b"\x93NUMPY\x09\x00", "not a NumPy array file"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff{", "not a NumPy array file"),
        (b"<html>", "not a NumPy array file"),
        (b"", "empty"),
    ],
)
def test_broken_arrays_are_refused_in_one_line(tmp_path: Path, content: bytes, match: str) -> None:
    (tmp_path / "a.npy").write_bytes(content)
    refused(tmp_path / "a.npy", match)


def test_broken_archives_are_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, points=POINTS, normals=NORMALS)
    whole = path.read_bytes()
    for length in range(0, len(whole), 41):
        path.write_bytes(whole[:length])
        refused(path, "a.npz")
    damaged = bytearray(whole)
    damaged[120] ^= 0xFF
    path.write_bytes(damaged)
    refused(path, "a.npz")


def test_a_zip_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("points.npy", "w") as file:
        file.write(array_header("(1000000, 3)"))
        for _ in range(24):
            file.write(bytes(1_000_000))
    assert path.stat().st_size < 100_000
    refused(path, "refused 'points.npy', which would grow from")


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"xyz": POINTS}, "expected an array 'points' in the archive, found 'xyz'"),
        ({"a\nb": POINTS}, r"found 'a\\nb'"),
        ({"points": POINTS, "normals": NORMALS[:-1]}, "expected 20 rows of normals, found 19"),
        ({"points": POINTS, "colors": COLOURS[:5]}, "expected 20 rows of colors, found 5"),
        ({"points": POINTS, "normals": np.zeros((20, 6))}, r"expected normals of shape \(n, 3\)"),
        ({"points": POINTS[:, 0]}, r"expected an array of shape \(n, 3\)"),
    ],
)
def test_archives_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, np.ndarray], match: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    refused(tmp_path / "a.npz", match)


def test_what_to_do_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"no array, but long enough")
    refused(tmp_path / "a.npy", "write it with numpy.save$")
    np.savez(tmp_path / "a.npz", xyz=np.zeros((9, 3)))
    refused(tmp_path / "a.npz", r"found 'xyz'; save it with numpy\.savez\(path, points=\.\.\.\)$")
    np.savez(tmp_path / "b.npz", points=np.zeros((9, 3)), normals=np.zeros((8, 3)))
    refused(tmp_path / "b.npz", "expected 9 rows of normals, found 8; save one for each point$")
    (tmp_path / "c.npy").touch()
    refused(tmp_path / "c.npy", "the file is empty; export it again$")
    refused(tmp_path / "none.npy", "no such file; check the path$")
