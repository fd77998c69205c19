"""Scans in mesh formats: vertices without faces."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.io import read_points
from sdf_siren.srgb import from_linear

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(30, 3)).astype(np.float32).astype(np.float64)
NORMALS = RNG.normal(size=(30, 3)).astype(np.float32)
COLOURS = RNG.integers(0, 256, (30, 3), dtype=np.uint8)


def lines(*columns: np.ndarray, word: str = "") -> str:
    rows = np.hstack(columns)
    return "".join(f"{word} {' '.join(repr(float(v)) for v in row)}\n" for row in rows)


def read(folder: Path, name: str, content: str | bytes) -> PointCloud:
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_points(folder / name)


def test_obj(tmp_path: Path) -> None:
    cloud = read(tmp_path, "a.obj", "# points\no scan\n" + lines(POINTS, word="v") + "p 1 2 3\n")
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.normals is None
    assert cloud.notes == ()
    np.testing.assert_array_equal(read(tmp_path, "d.obj", lines(POINTS, word=" \tv")).points, POINTS)
    full = lines(POINTS, COLOURS, word="v") + lines(NORMALS, word="vn")
    cloud = read(tmp_path, "b.obj", full)
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    cloud = read(tmp_path, "c.obj", lines(POINTS, word="v") + lines(NORMALS[:7], word="vn"))
    assert cloud.normals is None
    assert cloud.notes == ("7 normals for 30 vertices: they are not used",)


@pytest.mark.parametrize("head", ["{}\n30 0 0\n", "{} 30 0 0\n", "# a\n{}\n# b\n\n30 0 0\n"])
def test_off(tmp_path: Path, head: str) -> None:
    cloud = read(tmp_path, "a.off", head.format("OFF") + lines(POINTS))
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.normals is None
    assert cloud.colours is None
    cloud = read(tmp_path, "b.off", head.format("CNOFF") + lines(POINTS, NORMALS, COLOURS))
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    cloud = read(tmp_path, "c.off", head.format("COFF") + lines(POINTS, COLOURS, 0 * COLOURS[:, :1]))
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    assert cloud.normals is None


def test_glb(tmp_path: Path) -> None:
    move = trimesh.transformations.translation_matrix([1, 2, 3])
    scene = trimesh.Scene()
    scene.add_geometry(trimesh.PointCloud(POINTS, COLOURS), transform=move)
    cloud = read(tmp_path, "a.glb", scene.export(file_type="glb"))
    np.testing.assert_allclose(cloud.points, POINTS + np.array([1, 2, 3]), rtol=0, atol=1e-12)
    # trimesh writes the bytes as they are, and glTF says that they are light.
    np.testing.assert_array_equal(cloud.colours, from_linear(COLOURS / 255))


def test_points_of_four_coordinates(tmp_path: Path) -> None:
    """An accessor without data is one of zeros, as wide as it says."""
    whole = trimesh.Scene([trimesh.PointCloud(POINTS)]).export(file_type="glb")
    content = whole.replace(b'"VEC3"', b'"VEC4"').replace(b'"bufferView":', b'"bufferless":')
    (tmp_path / "a.glb").write_bytes(content)
    with pytest.raises(InputError, match=r"three coordinates per point, found \(30, 4\)"):
        read_points(tmp_path / "a.glb")


def test_the_option_for_meshes_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_text(lines(POINTS, word="v"))
    assert len(read_points(tmp_path / "a.obj", mesh_as_scan=True)) == 30


def glb(tree: object) -> bytes:
    text = json.dumps(tree).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<4sIIII", b"glTF", 2, 20 + len(text), len(text), 0x4E4F534A) + text


CLOUD = {"meshes": [{"primitives": [{"mode": 0, "attributes": {"POSITION": 0}}]}]}


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.obj", "# nothing\n", "neither faces nor vertices"),
        ("a.obj", "v 1 2\nv 3 4\n", "three coordinates, found 2"),
        ("a.obj", "v 1 2 3\nv 1 2 x\n", r"expected v x y z \[r g b\]"),
        ("a.obj", "v 1 2 3\n" * 9 + "vn 1 2 x\n", "expected vn x y z"),
        ("a.obj", "v " + "1 " * 20_000, "a line of more than"),
        ("a.off", "OFF\n4000000000 0 0\n1 2 3\n", "declares 4000000000 vertices"),
        ("a.off", "OFF\n5 0 0\n" + "1 2 3.00\n" * 4, "expected 5 vertices, found 4"),
        ("a.off", "OFF\n4 0 0\n" + "1 2\n" * 9, "3 numbers per vertex, found 2"),
        ("a.off", "NOFF\n4 0 0\n" + "1 2 3\n" * 9, "6 numbers per vertex, found 3"),
        ("a.off", "OFF\nmany 0 0\n", "OFF and its counts, found 'many 0 0'"),
        ("a.off", "OFF\n-4 0 0\n", "OFF and its counts"),
        ("a.off", "OFF\n", "OFF and its counts"),
        ("a.off", "OFFER\n1 0 0\n", "OFF and its counts"),
        ("a.off", "x" * 100_000, "OFF and its counts"),
        ("a.off", "OFF\n0 0 0\n", "neither faces nor vertices"),
        ("a.glb", glb(CLOUD), "not a readable GLB"),
        (
            "a.glb",
            glb({"meshes": [{"primitives": [{"mode": "points"}]}]}),
            "JSON part of the GLB file is damaged",
        ),
        ("a.glb", glb({"meshes": [7]}), "JSON part of the GLB file is damaged"),
        ("a.glb", glb([1]), "JSON part of the GLB file is damaged"),
    ],
)
def test_broken_files(tmp_path: Path, name: str, content: str | bytes, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read(tmp_path, name, content)
    assert "\n" not in str(caught.value)
