"""PCD: the three encodings read the same, every kind of colour, and headers that lie."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.io import read_points
from sdf_siren.io.pcd_header import HEADER_LIMIT

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(40, 3)).astype(np.float32)
NORMALS = RNG.normal(size=(40, 3)).astype(np.float32)
COLOURS = RNG.integers(0, 256, (40, 3), dtype=np.uint8)
XYZ = [("x", "f4"), ("y", "f4"), ("z", "f4")]
PACKED = (COLOURS.astype(np.uint32) << [16, 8, 0]).sum(axis=1, dtype=np.uint32)


def table(fields: list[tuple[str, str]], count: int = 40) -> np.ndarray:
    rows = np.zeros(count, dtype=[(name, f"<{kind}") for name, kind in fields])
    for name, column in zip("xyz", POINTS.T, strict=True):
        rows[name] = column
    return rows


def header(rows: np.ndarray, encoding: str, **lines: object) -> bytes:
    assert rows.dtype.names is not None
    kinds = [rows.dtype[name] for name in rows.dtype.names]
    values = {
        "VERSION": 0.7,
        "FIELDS": " ".join(rows.dtype.names),
        "SIZE": " ".join(str(kind.base.itemsize) for kind in kinds),
        "TYPE": " ".join({"f": "F", "i": "I", "u": "U"}[kind.base.kind] for kind in kinds),
        "COUNT": " ".join(str(int(np.prod(kind.shape))) for kind in kinds),
        "WIDTH": len(rows),
        "HEIGHT": 1,
        "VIEWPOINT": "0 0 0 1 0 0 0",
        "POINTS": len(rows),
        "DATA": encoding,
    } | lines
    text = "".join(f"{key} {value}\n" for key, value in values.items() if value is not None)
    return f"# .PCD v0.7 - Point Cloud Data file format\n{text}".encode()


def literals(data: bytes) -> bytes:
    """An LZF stream that compresses nothing."""
    pieces = [data[i : i + 32] for i in range(0, len(data), 32)]
    return b"".join(bytes([len(piece) - 1]) + piece for piece in pieces)


def body(rows: np.ndarray, encoding: str) -> bytes:
    if encoding == "ascii":
        lines = (" ".join(str(v) for v in np.hstack([np.ravel(v) for v in row])) for row in rows.tolist())
        return "".join(line + "\n" for line in lines).encode()
    if encoding == "binary":
        return rows.tobytes()
    assert rows.dtype.names is not None
    data = b"".join(rows[name].tobytes() for name in rows.dtype.names)
    stream = literals(data)
    return struct.pack("<II", len(stream), len(data)) + stream


def read(folder: Path, rows: np.ndarray, encoding: str, **lines: object) -> PointCloud:
    (folder / "a.pcd").write_bytes(header(rows, encoding, **lines) + body(rows, encoding))
    return read_points(folder / "a.pcd")


def refused(folder: Path, content: bytes, match: str) -> None:
    (folder / "a.pcd").write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        read_points(folder / "a.pcd")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < len(str(folder)) + 250


ENCODINGS = pytest.mark.parametrize("encoding", ["ascii", "binary", "binary_compressed"])


@ENCODINGS
def test_every_encoding_reads_the_same(tmp_path: Path, encoding: str) -> None:
    fields = [("curvature", "f8"), *XYZ, ("_", "u1"), ("rgb", "u4"), ("intensity", "u2")]
    rows = table([*fields, *((f"normal_{axis}", "f4") for axis in "xyz")])
    rows["rgb"], rows["intensity"] = PACKED, np.arange(40)
    for axis, column in zip("xyz", NORMALS.T, strict=True):
        rows[f"normal_{axis}"] = column
    cloud = read(tmp_path, rows, encoding)
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    np.testing.assert_array_equal(cloud.intensity, np.arange(40))
    assert cloud.sensors is None
    assert cloud.notes == ()


@ENCODINGS
def test_points_alone_in_double_precision(tmp_path: Path, encoding: str) -> None:
    rows = table([("x", "f8"), ("y", "f8"), ("z", "f8")])
    rows["x"] += 500000.123
    cloud = read(tmp_path, rows, encoding, COUNT=None, VERSION=None, VIEWPOINT=None, HEIGHT=None, POINTS=None)
    np.testing.assert_array_equal(cloud.points[:, 0], rows["x"])
    assert cloud.normals is None
    assert cloud.colours is None
    assert cloud.intensity is None


@ENCODINGS
@pytest.mark.parametrize("alpha", [0, 255])
@pytest.mark.parametrize(("name", "kind"), [("rgb", "f4"), ("rgb", "u4"), ("rgba", "u4"), ("rgba", "i4")])
def test_packed_colours(tmp_path: Path, encoding: str, alpha: int, name: str, kind: str) -> None:
    rows = table([*XYZ, (name, kind)])
    rows[name] = (PACKED | np.uint32(alpha << 24)).view(f"<{kind}")
    colours = read(tmp_path, rows, encoding).colours
    assert colours is not None
    # Half of the opaque colours are NaN as float32, and then a text has lost them.
    lost = np.isnan(rows[name]) if encoding == "ascii" and kind == "f4" else np.zeros(40, dtype=bool)
    assert (~lost).sum() > 10
    np.testing.assert_array_equal(colours[~lost], COLOURS[~lost])


def test_packed_colours_of_floating_type_written_as_integers(tmp_path: Path) -> None:
    """As PCL writes them into texts, because opaque colours are NaN as float32."""
    rows = table([*XYZ, ("rgb", "u4")])
    rows["rgb"] = PACKED | np.uint32(0xFF000000)
    np.testing.assert_array_equal(read(tmp_path, rows, "ascii", TYPE="F F F F").colours, COLOURS)


@ENCODINGS
@pytest.mark.parametrize("names", ["rgb", ("red", "green", "blue")])
def test_colours_in_three_fields(tmp_path: Path, encoding: str, names: tuple[str, ...]) -> None:
    rows = table([*XYZ, *((name, "u1") for name in names)])
    for name, column in zip(names, COLOURS.T % 2, strict=True):
        rows[name] = column
    # Of integer type, so that 1 is nearly black.
    np.testing.assert_array_equal(read(tmp_path, rows, encoding).colours, COLOURS % 2)


@ENCODINGS
def test_fields_of_several_elements_are_stepped_over(tmp_path: Path, encoding: str) -> None:
    rows = np.zeros(40, dtype=[("a", "<f4", (5,)), *((n, f"<{k}") for n, k in XYZ), ("b", "<i2", (3,))])
    rows["a"], rows["b"] = 7, 9
    for name, column in zip("xyz", POINTS.T, strict=True):
        rows[name] = column
    np.testing.assert_array_equal(read(tmp_path, rows, encoding).points, POINTS)


def test_padding_may_be_left_out_of_compressed_data(tmp_path: Path) -> None:
    rows = table(XYZ)
    padded = table([*XYZ, ("_", "f4")])
    (tmp_path / "a.pcd").write_bytes(header(padded, "binary_compressed") + body(rows, "binary_compressed"))
    np.testing.assert_array_equal(read_points(tmp_path / "a.pcd").points, POINTS)


@ENCODINGS
def test_an_organised_file_has_holes_and_a_sensor(tmp_path: Path, encoding: str) -> None:
    rows = table(XYZ)
    for name in "xyz":
        rows[name][::4] = np.nan
    cloud = read(tmp_path, rows, encoding, WIDTH=8, HEIGHT=5, VIEWPOINT="0 0 0 0 1 0 0")
    np.testing.assert_array_equal(cloud.points, np.delete(POINTS, range(0, 40, 4), axis=0))
    np.testing.assert_array_equal(cloud.sensors, np.zeros((30, 3)))
    assert cloud.notes == ("10 of 40 rows without finite coordinates were dropped",)


def test_a_viewpoint_of_zero_says_nothing_unless_the_file_is_organised(tmp_path: Path) -> None:
    cloud = read(tmp_path, table(XYZ), "binary", VIEWPOINT="1 -2 3.5 1 0 0 0")
    np.testing.assert_array_equal(cloud.sensors, np.tile([1, -2, 3.5], (40, 1)))
    assert read(tmp_path, table(XYZ), "binary").sensors is None


def test_other_spellings_of_the_header(tmp_path: Path) -> None:
    rows = table(XYZ)
    text = header(rows, "binary").replace(b"FIELDS", b"COLUMNS").replace(b"\n", b"\r\n")
    (tmp_path / "a.pcd").write_bytes(text + body(rows, "binary"))
    np.testing.assert_array_equal(read_points(tmp_path / "a.pcd").points, POINTS)


# Headers that lie.

ROWS = table(XYZ)


@pytest.mark.parametrize(
    ("lines", "match"),
    [
        ({"FIELDS": "x y w"}, "fields x, y and z, found x y w"),
        ({"FIELDS": "x y"}, "as many SIZE, TYPE and COUNT as FIELDS, found 3, 3, 3 and 2"),
        ({"FIELDS": None}, "no FIELDS"),
        ({"SIZE": None}, "no SIZE"),
        ({"TYPE": None}, "no TYPE"),
        ({"SIZE": "4 4 3"}, "a known type, found 'z' with 1 elements of type 'F' and size 3"),
        ({"TYPE": "F F Q"}, "a known type"),
        ({"COUNT": "1 1 0"}, "a known type, found 'z' with 0 elements"),
        ({"COUNT": "1 1 4000000000"}, "points of more than"),
        ({"COUNT": "1 1 -1"}, "whole number behind COUNT, found '-1'"),
        ({"SIZE": "4 4 four"}, "whole number behind SIZE, found 'four'"),
        ({"WIDTH": None, "POINTS": None}, "neither WIDTH nor POINTS"),
        ({"WIDTH": 41}, "WIDTH x HEIGHT = 41 points, found POINTS 40"),
        ({"WIDTH": "1e3"}, "whole number behind WIDTH"),
        ({"WIDTH": 0, "POINTS": 0}, "0 of them"),
        ({"WIDTH": "9" * 18, "POINTS": "9" * 18}, "only|its data has"),
        ({"WIDTH": "9" * 19, "POINTS": "9" * 19}, "whole number behind"),
        ({"WIDTH": 4_000_000_000, "POINTS": None}, r"declares 4000000000 points"),
        ({"VIEWPOINT": "0 0 0"}, "VIEWPOINT of seven numbers, found '0 0 0'"),
        ({"VIEWPOINT": "0 0 up 1 0 0 0"}, "VIEWPOINT of seven numbers"),
        ({"VIEWPOINT": "0 0 nan 1 0 0 0"}, "VIEWPOINT of seven numbers"),
        ({"DATA": "zipped"}, "DATA ascii, binary or binary_compressed, found 'zipped'"),
        ({"SURPRISE": 1, "DATA": None}, "found 'SURPRISE 1'"),
        ({"DATA": None}, "a PCD header"),
    ],
)
@ENCODINGS
def test_headers_that_lie(tmp_path: Path, encoding: str, lines: dict[str, object], match: str) -> None:
    refused(tmp_path, header(ROWS, encoding, **lines) + body(ROWS, encoding), match)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"289814.15 4320978.61 170.76\n" * 10, "found '289814.15 4320978.61 170.76'; the header is missing"),
        (b"# x\n" * HEADER_LIMIT, "ends in DATA within"),
        (b"FIELDS x\nVERSION " + b"7" * (2 * HEADER_LIMIT), "ends in DATA within"),
        (b"FIELDS x y z\n", "ends in DATA within"),
        (b"\x00\xff" * 500, "PCD header"),
    ],
)
def test_files_without_a_header(tmp_path: Path, content: bytes, match: str) -> None:
    refused(tmp_path, content, match)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (header(ROWS, "ascii") + b"1 2 3.0\n" * 39, "expected 40 points, found 39; it is truncated"),
        (header(ROWS, "ascii") + b"1 2 3.0\n" * 20 + b"1 2000\n" * 20, "row of numbers"),
        (header(ROWS, "ascii") + b"1 2 three\n" * 40, "row of numbers"),
        (header(ROWS, "ascii") + b"1 " * 9000, "a line of more than|declares|row of numbers"),
        (header(ROWS, "binary") + body(ROWS, "binary")[:-1], "at least 480 bytes, but only 479 remain"),
        (header(ROWS, "binary_compressed"), "compressed bytes, found 0"),
        (header(ROWS, "binary_compressed") + b"\x09\0\0\0", "compressed bytes, found 0"),
        (
            header(ROWS, "binary_compressed") + struct.pack("<II", 9, 480) + bytes(8),
            "9 compressed bytes, found 8",
        ),
        (
            header(ROWS, "binary_compressed") + struct.pack("<II", 9, 479) + bytes(9),
            "but its data has 479 bytes",
        ),
        (
            header(ROWS, "binary_compressed") + struct.pack("<II", 9, 480) + bytes(9),
            "damaged .*beyond|instead",
        ),
        (
            header(ROWS, "binary_compressed", WIDTH=300_000_000, POINTS=None)
            + struct.pack("<II", 9, 3_600_000_000)
            + bytes(9),
            "9 bytes cannot hold 3600000000",
        ),
    ],
)
def test_data_that_lies(tmp_path: Path, content: bytes, match: str) -> None:
    refused(tmp_path, content, match)
