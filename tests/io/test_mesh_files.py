"""Meshes out and in again: what every format keeps, and what it says it loses."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
import trimesh
from scipy.spatial import cKDTree

from sdf_siren.artifacts import Mesh
from sdf_siren.errors import EmptySurfaceError, InputError, UsageError
from sdf_siren.io import check_mesh_path, read_mesh, read_points, write_mesh
from sdf_siren.open3d_import import import_open3d
from sdf_siren.srgb import from_linear, to_linear

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


def painted(suffix: str) -> Mesh:
    """A sphere with a colour and two scalars of its own at every vertex, every grey among them."""
    mesh = sphere()
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, mesh.vertices.shape).astype(np.uint8)
    colours[:256] = np.arange(256)[:, None]
    scalars = {"support": rng.random(len(colours), np.float32), "intensity": -rng.random(len(colours))}
    single = mesh.vertices.astype(np.float32) if suffix in ("ply", "glb") else mesh.vertices
    return Mesh(single, mesh.faces, mesh.normals, colours, scalars)


def by_place(mesh: Mesh) -> np.ndarray:
    """The order of the vertices by their coordinates, for formats that shuffle them."""
    return np.lexsort(mesh.vertices.T)


@pytest.mark.parametrize("suffix", ["ply", "obj", "off", "glb"])
def test_colours_come_back(tmp_path: Path, suffix: str) -> None:
    mesh = painted(suffix)
    write_mesh(mesh, tmp_path / f"a.{suffix}")
    back = read_mesh(tmp_path / f"a.{suffix}")
    found, told = back.colours[by_place(back)], mesh.colours[by_place(mesh)]
    if suffix == "glb":  # trimesh reads its floats to 8 bits of light
        told = from_linear(np.rint(255 * to_linear(told)) / 255)
    np.testing.assert_array_equal(found, told)


@pytest.mark.parametrize("suffix", ["ply", "glb"])
def test_scalars_come_back(tmp_path: Path, suffix: str) -> None:
    mesh = painted(suffix)
    assert write_mesh(mesh, tmp_path / f"a.{suffix}") == ()
    back = read_mesh(tmp_path / f"a.{suffix}")
    assert back.scalars.keys() == mesh.scalars.keys()
    for name, values in mesh.scalars.items():
        np.testing.assert_array_equal(back.scalars[name][by_place(back)], values[by_place(mesh)])


@pytest.mark.parametrize("name", ["a b", "ä", "", "x", "nx", "red", "alpha"])
def test_names_of_scalars_that_ply_cannot_hold_are_refused(tmp_path: Path, name: str) -> None:
    mesh = Mesh(sphere().vertices, sphere().faces, scalars={name: np.zeros(642)})
    with pytest.raises(UsageError, match=r"a\.ply: \.ply cannot hold numbers per vertex named"):
        write_mesh(mesh, tmp_path / "a.ply")
    assert not list(tmp_path.iterdir())
    assert write_mesh(mesh, tmp_path / "a.glb") == ()


def test_glb_has_no_small_letters(tmp_path: Path) -> None:
    scalars = {"a": np.zeros(642, np.float32), "A": np.ones(642, np.float32)}
    mesh = Mesh(sphere().vertices, sphere().faces, scalars=scalars)
    with pytest.raises(UsageError, match=r"a\.glb: \.glb cannot hold numbers per vertex named 'a'"):
        write_mesh(mesh, tmp_path / "a.glb")
    assert not list(tmp_path.iterdir())
    write_mesh(mesh, tmp_path / "a.ply")
    assert read_mesh(tmp_path / "a.ply").scalars.keys() == scalars.keys()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_vertices_that_are_not_finite_are_refused(tmp_path: Path, suffix: str) -> None:
    vertices = sphere().vertices.copy()
    vertices[3, 1] = np.nan
    with pytest.raises(UsageError, match="expected finite vertices, found NaN or infinity"):
        write_mesh(Mesh(vertices, sphere().faces), tmp_path / f"a.{suffix}")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_vertices_beyond_single_precision(tmp_path: Path, suffix: str) -> None:
    mesh = sphere(scale=1e39)
    if suffix in EXACT:
        write_mesh(mesh, tmp_path / f"a.{suffix}")
        np.testing.assert_array_equal(read_mesh(tmp_path / f"a.{suffix}").vertices, mesh.vertices)
        return
    with pytest.raises(UsageError, match=r"single precision only, found a coordinate of 1e\+39; write \.ply"):
        write_mesh(mesh, tmp_path / f"a.{suffix}")
    assert not list(tmp_path.iterdir())


def test_unknown_scalars(tmp_path: Path) -> None:
    unknown = Mesh(sphere().vertices, sphere().faces, scalars={"support": np.full(642, np.nan)})
    for suffix, expected in (("ply", np.nan), ("glb", 0)):  # glTF has no NaN
        write_mesh(unknown, tmp_path / f"a.{suffix}")
        np.testing.assert_array_equal(read_mesh(tmp_path / f"a.{suffix}").scalars["support"], expected)


@pytest.mark.parametrize(
    ("suffix", "lost"),
    [
        ("ply", []),
        ("glb", []),
        ("obj", ["no place for support and intensity"]),
        ("off", ["no place for support and intensity"]),
        ("stl", ["no colours", "no place for support and intensity"]),
    ],
)
def test_what_a_format_cannot_hold_is_said(tmp_path: Path, suffix: str, lost: list[str]) -> None:
    notes = write_mesh(painted(suffix), tmp_path / f"a.{suffix}")
    assert len(notes) == len(lost)
    assert all(words in note for words, note in zip(lost, notes, strict=True))


@pytest.mark.parametrize("suffix", ["ply", "obj", "glb"])
def test_trimesh_reads_the_colours(tmp_path: Path, suffix: str) -> None:
    mesh = painted(suffix)
    write_mesh(mesh, tmp_path / f"a.{suffix}")
    scene = trimesh.load_scene(tmp_path / f"a.{suffix}", process=False, maintain_order=True)
    (read,) = scene.geometry.values()
    if suffix == "glb":  # beside a material, as the file has them: linear light
        np.testing.assert_array_equal(read.visual.vertex_attributes["color"], to_linear(mesh.colours))
    else:
        np.testing.assert_array_equal(read.visual.vertex_colors[:, :3], mesh.colours)


@pytest.mark.parametrize("suffix", ["ply", "obj", "off"])
def test_open3d_reads_the_colours(tmp_path: Path, suffix: str) -> None:
    mesh = painted(suffix)
    write_mesh(mesh, tmp_path / f"a.{suffix}")
    read = import_open3d().io.read_triangle_mesh(str(tmp_path / f"a.{suffix}"))
    # Its reader of OBJ changes the order of the vertices.
    _, vertex = cKDTree(mesh.vertices).query(np.asarray(read.vertices))
    np.testing.assert_allclose(read.vertex_colors, mesh.colours[vertex] / 255, atol=1e-4)


def test_a_painted_mesh_is_a_painted_scan(tmp_path: Path) -> None:
    mesh = painted("ply")
    write_mesh(mesh, tmp_path / "a.ply")
    cloud = read_points(tmp_path / "a.ply", mesh_as_scan=True)
    np.testing.assert_array_equal(cloud.colours, mesh.colours)
    np.testing.assert_array_equal(cloud.intensity, mesh.scalars["intensity"])


def test_of_vertices_in_one_place_the_first_keeps_its_colour(tmp_path: Path) -> None:
    lines = ["v 0 0 0 1 0 0", "v 0 1 0 0 0 1", "v 1 0 0 0 1 0", "v 0 0 0 0 0 1", "v 0 0 1 1 1 1"]
    (tmp_path / "a.obj").write_text("\n".join([*lines, "f 1 2 3", "f 4 3 5"]) + "\n")
    mesh = read_mesh(tmp_path / "a.obj")
    assert len(mesh.vertices) == 4
    (origin,) = np.flatnonzero((mesh.vertices == 0).all(axis=1))
    np.testing.assert_array_equal(mesh.colours[origin], [255, 0, 0])


def test_glb_is_what_its_specification_asks_for(tmp_path: Path) -> None:
    mesh = painted("glb")
    write_mesh(mesh, tmp_path / "a.glb")
    data = (tmp_path / "a.glb").read_bytes()
    magic, version, length, text = struct.unpack("<4sIII", data[:16])
    assert (magic, version, length) == (b"glTF", 2, len(data))
    assert length % 4 == text % 4 == 0
    tree = json.loads(data[20 : 20 + text])
    (buffer,), (primitive,) = tree["buffers"], tree["meshes"][0]["primitives"]
    assert buffer["byteLength"] == len(data) - 28 - text
    place = tree["accessors"][primitive["attributes"]["POSITION"]]
    np.testing.assert_array_equal(place["min"], mesh.vertices.min(axis=0))
    np.testing.assert_array_equal(place["max"], mesh.vertices.max(axis=0))
    view = tree["bufferViews"][primitive["attributes"]["COLOR_0"]]
    start = 28 + text + view["byteOffset"]
    colours = np.frombuffer(data[start : start + view["byteLength"]], "<f4").reshape(-1, 3)
    np.testing.assert_array_equal(colours, to_linear(mesh.colours))


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

    monkeypatch.setattr("sdf_siren.io.mesh_texts._write_rows", fail)
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
