"""PLY scans and meshes: every encoding reads the same, every damaged file gives one clear line."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import numpy as np
import plyfile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdf_siren.errors import InputError
from sdf_siren.io import read_mesh, read_points
from sdf_siren.io.ply_header import HEADER_LIMIT

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(50, 3))
NORMALS = RNG.normal(size=(50, 3)).astype(np.float32)
COLOURS = RNG.integers(0, 256, (50, 3), dtype=np.uint8)


def vertex_element(real: str = "f8", normals: bool = True, colours: bool = True) -> plyfile.PlyElement:
    kinds = [("quality", "f4"), ("x", real), ("y", real), ("z", real)]
    kinds += [("nx", "f4"), ("ny", "f4"), ("nz", "f4")] * normals
    kinds += [("red", "u1"), ("green", "u1"), ("blue", "u1"), ("label", "i4")] * colours
    rows = np.zeros(len(POINTS), dtype=kinds)
    for k in range(3):
        rows["xyz"[k]] = POINTS[:, k]
        if normals:
            rows[("nx", "ny", "nz")[k]] = NORMALS[:, k]
        if colours:
            rows[("red", "green", "blue")[k]] = COLOURS[:, k]
    return plyfile.PlyElement.describe(rows, "vertex")


def face_element(faces: list[list[int]]) -> plyfile.PlyElement:
    rows = np.empty(len(faces), dtype=[("vertex_indices", "O")])
    rows["vertex_indices"][:] = [np.array(face, dtype="i4") for face in faces]
    return plyfile.PlyElement.describe(rows, "face")


def write(path: Path, *elements: plyfile.PlyElement, text: bool = False, order: str = "<") -> Path:
    """A PLY file by the independent writer."""
    plyfile.PlyData(elements, text=text, byte_order=order).write(str(path))
    return path


def refused(path: Path, match: str | None, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        read_points(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < len(str(path)) + 250


def header(*lines: str, kind: str = "binary_little_endian") -> bytes:
    return "\n".join(["ply", f"format {kind} 1.0", *lines, "end_header\n"]).encode()


XYZ = ("property float x", "property float y", "property float z")


@pytest.mark.parametrize(("text", "order"), [(True, "="), (False, "<"), (False, ">")])
@pytest.mark.parametrize("real", ["f4", "f8"])
def test_every_encoding_reads_the_same(tmp_path: Path, text: bool, order: str, real: str) -> None:
    cloud = read_points(write(tmp_path / "a.ply", vertex_element(real), text=text, order=order))
    np.testing.assert_array_equal(cloud.points, POINTS.astype(real))
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    assert cloud.notes == ()
    assert cloud.source == str(tmp_path / "a.ply")


@pytest.mark.parametrize("text", [True, False])
def test_normals_and_colours_are_optional(tmp_path: Path, text: bool) -> None:
    cloud = read_points(write(tmp_path / "a.ply", vertex_element(normals=False, colours=False), text=text))
    assert cloud.normals is None
    assert cloud.colours is None


@pytest.mark.parametrize("text", [True, False])
def test_elements_around_the_vertices_are_skipped(tmp_path: Path, text: bool) -> None:
    camera = plyfile.PlyElement.describe(np.ones(3, dtype=[("view_px", "f8"), ("id", "u2")]), "camera")
    faces = face_element([[0, 1, 2], [0, 1, 2, 3]])
    path = write(tmp_path / "a.ply", camera, vertex_element(), faces, text=text)
    cloud = read_points(path)
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.notes == ("2 faces of the file were ignored; only its vertices are used",)


@pytest.mark.parametrize("newline", [b"\r\n", b"\r"])
def test_other_line_endings_in_the_header(tmp_path: Path, newline: bytes) -> None:
    path = write(tmp_path / "a.ply", vertex_element())
    head, data = path.read_bytes().split(b"end_header\n", 1)
    path.write_bytes(head.replace(b"\n", newline) + b"end_header" + newline + data)
    np.testing.assert_array_equal(read_points(path).points, POINTS)


@pytest.mark.parametrize("text", [True, False])
def test_floating_colours_go_from_zero_to_one(tmp_path: Path, text: bool) -> None:
    rows = np.zeros(4, dtype=[(n, "f4") for n in ("x", "y", "z", "red", "green", "blue")])
    rows["x"], rows["y"], rows["z"] = np.vstack([np.eye(3), np.zeros(3)]).T
    rows["red"] = [0, 0.5, 1, 0.25]
    cloud = read_points(write(tmp_path / "a.ply", plyfile.PlyElement.describe(rows, "vertex"), text=text))
    assert cloud.colours is not None
    assert cloud.colours[:, 0].tolist() == [0, 128, 255, 64]


def test_integer_colours_of_zero_and_one_stay_dark(tmp_path: Path) -> None:
    lines = [f"property uchar {name}" for name in ("red", "green", "blue")]
    head = header("element vertex 4", *XYZ, *lines, kind="ascii")
    (tmp_path / "a.ply").write_bytes(head + b"0 0 0 1 1 1\n1 0 0 0 0 0\n0 1 0 1 0 0\n0 0 1 0 1 0\n")
    cloud = read_points(tmp_path / "a.ply")
    assert cloud.colours is not None
    assert cloud.colours.max() == 1


def test_the_file_is_not_modified(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ply", vertex_element())
    before = path.read_bytes()
    cloud = read_points(path)
    cloud.points[:] = 0
    assert path.read_bytes() == before


# Hostile and broken files.


@pytest.mark.parametrize("text", [True, False])
def test_every_truncation_is_refused(tmp_path: Path, text: bool) -> None:
    path = write(tmp_path / "whole.ply", vertex_element(), text=text)
    whole = path.read_bytes()
    end = whole.index(b"end_header")
    # Half of the last number in a text is a number again: cut above that.
    for length in [1, 3, 4, 30, end, *range(end + 11, len(whole) - 30, 97)]:
        refused(tmp_path / "cut.ply", None, whole[:length])


def test_a_count_of_four_billion_is_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    data = struct.pack("<300f", *range(300))
    path, many = tmp_path / "a.ply", "4000000000"
    binary = header(f"element vertex {many}", *XYZ)
    refused(path, f"{many} rows .* at least 48000000000 bytes", binary + data)
    text = header(f"element vertex {many}", *XYZ, kind="ascii")
    refused(path, f"{many} rows", text + b"1 2 3\n")
    faces = header("element vertex 4", *XYZ, f"element face {many}", "property list uchar int vertex_indices")
    refused(path, "rows of 'face'", faces + data)
    nothing = header(f"element none {many}", "element vertex 4", *XYZ)
    refused(path, "no properties", nothing + data)


@pytest.mark.parametrize("count", ["-5", "1e3", "0x10", "9" * 40, "4_0", "many"])
def test_a_count_that_is_no_count_is_refused(tmp_path: Path, count: str) -> None:
    content = header(f"element vertex {count}", *XYZ) + bytes(600)
    refused(tmp_path / "a.ply", "whole number as PLY element count", content)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "beginning with 'ply', found '<!DOCTYPE"),
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10, "beginning with 'ply'"),
        (b"plyx\n", "beginning with 'ply'"),
        (b"ply\n" + b"comment " + b"x" * (2 * HEADER_LIMIT) + b"\nend_header\n", "end_header"),
        (b"ply\nend_header\n", "header is not valid"),
        (b"ply\nformat ascii 2.0\nend_header\n", "header is not valid"),
        (b"ply\nformat ascii 1.0\ncomment \xff\xfe\nelement vertex 1\nend_header\n", "header is not valid"),
        (header("element vertex 4", "property quaternion x") + bytes(99), "header is not valid"),
        (header("element vertex 1", *XYZ, "property float x") + bytes(99), "header is not valid"),
        (header("element point 4", *XYZ) + bytes(99), "element 'vertex', found point"),
        (header() + bytes(99), "element 'vertex', found none"),
        (header("element vertex 4", "property float x") + bytes(99), "properties x, y and z, found x"),
        (header("element vertex 0", *XYZ) + bytes(99), "0 vertices"),
        (header("element vertex 3", *XYZ) + struct.pack("<9f", *range(9)), "4 different points, found 3"),
        (header("element vertex 4", *XYZ) + struct.pack("<12f", *[np.nan] * 12), "found none in 4 rows"),
        (header("element vertex 4", *XYZ, kind="ascii") + b"1 2 3\n1 2 x\n1 2 3\n1 2 3\n", "row of vertices"),
        (header("element vertex 4", *XYZ, kind="ascii") + b"1 2 3\n1 2\n1 2 3\n1 2 33\n", "row of vertices"),
        (header("element vertex 4", *XYZ, kind="ascii") + b"\n" * 200, "expected 4 vertices, found 0"),
        (header("element vertex 1", "property list uchar float x", *XYZ[1:]) + bytes(99), "the list 'x'"),
        (
            header("element s 1", "property list uchar int l", "element vertex 4", *XYZ) + bytes(99),
            "found the list 'l'",
        ),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path: Path, content: bytes, match: str) -> None:
    refused(tmp_path / "a.ply", match, content)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(position=st.integers(0, 400), byte=st.integers(0, 255), text=st.booleans())
def test_no_flipped_byte_escapes_as_another_error(
    tmp_path: Path, position: int, byte: int, text: bool
) -> None:
    path = write(tmp_path / "a.ply", vertex_element(), face_element([[0, 1, 2]]), text=text)
    content = bytearray(path.read_bytes())
    content[position] = byte
    path.write_bytes(content)
    for read in (read_points, read_mesh):
        with contextlib.suppress(InputError):
            read(path)


# Meshes.


@pytest.mark.parametrize("text", [True, False])
def test_triangles_and_polygons(tmp_path: Path, text: bool) -> None:
    faces = face_element([[0, 1, 2], [3, 4, 5]])
    triangles = read_mesh(write(tmp_path / "a.ply", vertex_element(), faces, text=text))
    np.testing.assert_array_equal(triangles.faces, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(triangles.normals, NORMALS)
    polygons = [[0, 1, 2], [3, 4, 5, 6], [7, 8], [9, 10, 11, 12, 13]]
    mixed = read_mesh(write(tmp_path / "b.ply", vertex_element(), face_element(polygons), text=text))
    expected = [[0, 1, 2], [3, 4, 5], [3, 5, 6], [9, 10, 11], [9, 11, 12], [9, 12, 13]]
    assert sorted(mixed.faces.tolist()) == expected
    np.testing.assert_array_equal(mixed.vertices, POINTS)


@pytest.mark.parametrize(
    ("faces", "match"),
    [
        ([[0, 1, 50]], "index the vertices"),
        ([[0, -1, 2]], "index the vertices"),
        ([[0, 1]], "cannot hold|no triangles|only .* remain"),
    ],
)
def test_bad_faces_are_refused(tmp_path: Path, faces: list[list[int]], match: str) -> None:
    path = write(tmp_path / "a.ply", vertex_element(), face_element(faces))
    with pytest.raises(InputError, match=match):
        read_mesh(path)


def test_a_scan_is_no_mesh(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a mesh, found a PLY file without faces"):
        read_mesh(write(tmp_path / "a.ply", vertex_element()))
