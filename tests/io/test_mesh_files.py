"""Meshes out and in again: what every format keeps, and what it says it loses."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import EmptySurfaceError, InputError, UsageError
from sdf_siren.io import check_mesh_path, read_mesh, write_mesh

SUFFIXES = ["ply", "obj", "stl", "off", "glb"]
EXACT = ["ply", "obj", "off"]


def sphere(offset: float = 0.0, scale: float = 1.0, normals: bool = True) -> Mesh:
    ball = trimesh.creation.icosphere(subdivisions=3)
    centre = np.array([offset, -2 * offset, offset / 3])
    return Mesh(ball.vertices * scale + centre, ball.faces, ball.vertices if normals else None)


def triangles(mesh: Mesh) -> np.ndarray:
    """(f, 3, 3) corners, each face turned to begin at its lowest corner, in sorted order."""
    corners = mesh.vertices[mesh.faces]
    first = [min(range(3), key=lambda k, face=face: tuple(face[k])) for face in corners]
    turned = np.stack([np.roll(face, -k, axis=0) for face, k in zip(corners, first, strict=True)])
    return turned[np.lexsort(turned.reshape(-1, 9).T[::-1])]


@pytest.mark.parametrize("normals", [True, False])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_round_trip(tmp_path: Path, suffix: str, normals: bool) -> None:
    mesh = sphere(normals=normals)
    single = Mesh(mesh.vertices.astype(np.float32), mesh.faces)
    assert write_mesh(mesh, tmp_path / f"a.{suffix}") == ()
    back = read_mesh(tmp_path / f"a.{suffix}")
    expected = mesh if suffix in ("obj", "off") else single
    np.testing.assert_array_equal(triangles(back), triangles(expected))
    if suffix in EXACT:
        np.testing.assert_array_equal(back.faces, mesh.faces)
    if suffix == "ply":
        assert (back.normals is not None) == normals
    assert list(tmp_path.iterdir()) == [tmp_path / f"a.{suffix}"]


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
@pytest.mark.parametrize("suffix", EXACT)
def test_survey_coordinates_come_back_exactly(tmp_path: Path, suffix: str, scale: float) -> None:
    mesh = sphere(1e6, scale)
    assert write_mesh(mesh, tmp_path / f"a.{suffix}") == ()
    np.testing.assert_array_equal(read_mesh(tmp_path / f"a.{suffix}").vertices, mesh.vertices)


@pytest.mark.parametrize("suffix", EXACT)
def test_tiny_meshes_keep_their_digits(tmp_path: Path, suffix: str) -> None:
    mesh = sphere(scale=1e-9)
    write_mesh(mesh, tmp_path / f"a.{suffix}")
    np.testing.assert_allclose(read_mesh(tmp_path / f"a.{suffix}").vertices, mesh.vertices, rtol=1e-7, atol=0)


@pytest.mark.parametrize("suffix", ["stl", "glb"])
def test_single_precision_far_from_the_origin_is_said(tmp_path: Path, suffix: str) -> None:
    notes = write_mesh(sphere(1e6, 10), tmp_path / f"a.{suffix}")
    assert len(notes) == 1
    assert "steps of 0.125 units" in notes[0]
    assert "\n" not in notes[0]


def test_ply_takes_the_precision_it_needs(tmp_path: Path) -> None:
    write_mesh(sphere(), tmp_path / "a.ply")
    write_mesh(sphere(1e6), tmp_path / "b.ply")
    assert b"property float x\n" in (tmp_path / "a.ply").read_bytes()[:300]
    assert b"property double x\n" in (tmp_path / "b.ply").read_bytes()[:300]


@pytest.mark.parametrize("suffix", ["ply", "obj", "glb"])
def test_normals_are_written(tmp_path: Path, suffix: str) -> None:
    mesh = sphere()
    write_mesh(mesh, tmp_path / f"a.{suffix}")
    # An independent reader; its scene keeps the normals of the file, where a mesh computes its own.
    scene = trimesh.load_scene(tmp_path / f"a.{suffix}", process=False, maintain_order=True)
    (read,) = scene.geometry.values()
    np.testing.assert_allclose(read.vertex_normals, mesh.normals, atol=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_independent_reader_agrees(tmp_path: Path, suffix: str) -> None:
    mesh = sphere()
    write_mesh(mesh, tmp_path / f"a.{suffix}")
    read = trimesh.load_mesh(tmp_path / f"a.{suffix}")
    assert read.is_watertight
    exact = trimesh.Trimesh(mesh.vertices, mesh.faces).volume
    assert read.volume == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_vertices_split_by_a_format_are_joined(tmp_path: Path, suffix: str) -> None:
    write_mesh(sphere(), tmp_path / f"a.{suffix}")
    assert len(read_mesh(tmp_path / f"a.{suffix}").vertices) == len(sphere().vertices)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_mesh_is_never_written(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(EmptySurfaceError, match="nothing was written"):
        write_mesh(Mesh(np.zeros((3, 3)), np.empty((0, 3), dtype=int)), tmp_path / f"a.{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.off"
    write_mesh(sphere(), target)
    before = target.read_bytes()

    def fail(*_: object) -> None:
        raise RuntimeError("in mid-file")

    monkeypatch.setattr("sdf_siren.io.mesh_writer._write_rows", fail)
    with pytest.raises(RuntimeError, match="mid-file"):
        write_mesh(sphere(), target)
    assert target.read_bytes() == before
    assert list(tmp_path.iterdir()) == [target]


def test_output_paths_are_checked_before_the_work(tmp_path: Path) -> None:
    for suffix in [*SUFFIXES, "PLY"]:
        check_mesh_path(tmp_path / f"a.{suffix}")
    assert list(tmp_path.iterdir()) == []
    for name in ("a.xyz", "a"):
        with pytest.raises(UsageError, match=r"expected one of \.ply \.obj \.stl \.off \.glb"):
            check_mesh_path(tmp_path / name)
        with pytest.raises(UsageError, match="expected one of"):
            write_mesh(sphere(), tmp_path / name)
    with pytest.raises(UsageError, match="does not exist"):
        check_mesh_path(tmp_path / "missing" / "a.ply")
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(UsageError, match="found a folder"):
        check_mesh_path(tmp_path / "folder.ply")


def test_a_read_only_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere, so chmod would not do
    with pytest.raises(UsageError, match="is not writable"):
        check_mesh_path(tmp_path / "a.ply")


def glb(accessors: bytes) -> bytes:
    text = b'{"asset":{"version":"2.0"},"accessors":[' + accessors + b"]}"
    text += b" " * (-len(text) % 4)
    chunk = struct.pack("<II", len(text), 0x4E4F534A) + text
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunk)) + chunk


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no triangles|not a readable OBJ"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "not a readable OBJ"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 400000000\n", "refers to vertex 400000000"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 \\\n-400000000\n", "refers to vertex 400000000"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 0 nan 0\nf 1 2 3\n", "finite vertices"),
        ("a.obj", b"\x00\xff" * 100, "not a readable OBJ|no triangles"),
        ("a.stl", b"solid nothing\nendsolid\n", "STL|no triangles"),
        ("a.stl", bytes(80) + struct.pack("<I", 4_000_000_000) + bytes(50), "STL|no triangles"),
        ("a.off", b"OFF\n4000000000 1 0\n0 0 0\n", "not a readable OFF"),
        ("a.off", b"<html>", "not a readable OFF"),
        ("a.glb", b"<html>", "beginning with 'glTF'"),
        ("a.glb", glb(b'{"componentType":5126,"count":4000000000,"type":"VEC3"}'), "values without data"),
        ("a.glb", glb(b'{"count":"many"}'), "damaged"),
        ("a.glb", glb(b"")[:-9], "beginning with 'glTF'"),
        ("a.glb", glb(b""), "not a readable GLB|no triangles"),
        ("a.3ds", b"data", "cannot read the mesh format"),
        ("a.ply", b"<html>", "beginning with 'ply'"),
    ],
)
def test_broken_meshes_are_refused_in_one_line(tmp_path: Path, name: str, content: bytes, match: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        read_mesh(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_files_named_by_an_obj_are_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.mtl").write_text("newmtl a\nmap_Kd secret.png\n")
    (tmp_path / "a.obj").write_text("mtllib secret.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    assert len(read_mesh(tmp_path / "a.obj").faces) == 1
