"""What all scan formats share: rows dropped and counted, crops, precision, and refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import plyfile
import pytest

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import read_points, write_mesh

POINTS = np.random.default_rng(0).uniform(-1, 1, (200, 3))
SAMPLES = Path(__file__).parents[2] / "data" / "scans"
TETRAHEDRON = Mesh(
    [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]],  # type: ignore[arg-type]
    [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]],  # type: ignore[arg-type]
)


def save(folder: Path, points: np.ndarray) -> Path:
    np.save(folder / "a.npy", points)
    return folder / "a.npy"


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, np.finfo(np.float32).max])
def test_rows_without_finite_coordinates_are_dropped_and_counted(tmp_path: Path, bad: float) -> None:
    points = POINTS.copy()
    points[[3, 50]] = bad
    points[60, 1] = bad
    cloud = read_points(save(tmp_path, points))
    np.testing.assert_array_equal(cloud.points, np.delete(POINTS, [3, 50, 60], axis=0))
    limit = " below 1e+30" if np.isfinite(bad) else ""
    assert cloud.notes == (f"3 of 200 rows without finite coordinates{limit} were dropped",)


def test_dropped_rows_take_their_normals_and_colours_along(tmp_path: Path) -> None:
    colours = np.arange(600).reshape(200, 3).astype(np.uint8)
    points = POINTS.copy()
    points[10] = np.nan
    points[20] = points[19]
    np.savez(tmp_path / "a.npz", points=points, normals=POINTS, colors=colours)
    cloud = read_points(tmp_path / "a.npz")
    np.testing.assert_array_equal(cloud.normals, np.delete(POINTS, [10, 20], axis=0).astype(np.float32))
    np.testing.assert_array_equal(cloud.colours, np.delete(colours, [10, 20], axis=0))


def test_colours_and_intensity_stay_with_their_points(tmp_path: Path) -> None:
    """Through everything that drops or draws points on the way to a mesh."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(4000, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    points = np.float32(points).astype(np.float64)
    normals = points.copy()
    normals[::50] = 0  # these are borrowed from their neighbours
    normals[1::50] *= -1  # these are wrong

    def told(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.rint(100 * places + 120).astype(np.uint8), np.float32(places[:, 0])

    columns = dict(zip(("red", "green", "blue"), told(points)[0].T, strict=True))
    columns |= dict(zip(("nx", "ny", "nz"), np.float32(normals.T), strict=True))
    columns |= {"intensity": told(points)[1], **dict(zip("xyz", np.float32(points.T), strict=True))}
    rows = np.empty(len(points), dtype=[(name, values.dtype) for name, values in columns.items()])
    for name, values in columns.items():
        rows[name] = values
    rows = np.concatenate([rows, rows[::7]])  # repeated
    rows["x"][10] = np.nan
    plyfile.PlyData([plyfile.PlyElement.describe(rows, "vertex")]).write(str(tmp_path / "a.ply"))
    cloud = complete_normals(read_points(tmp_path / "a.ply", crop=(-2, -2, -2, 2, 2, 0.5), max_points=2500))
    assert 1500 < len(cloud) < 2500
    colours, intensity = told(cloud.points)
    np.testing.assert_array_equal(cloud.colours, colours)
    np.testing.assert_array_equal(cloud.intensity, intensity)


def test_exact_duplicates_are_dropped_and_the_order_stays(tmp_path: Path) -> None:
    order = np.concatenate([np.arange(200), [5, 5, 7]])
    cloud = read_points(save(tmp_path, POINTS[order]))
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.notes == ("3 of 203 points repeated another one exactly and were dropped",)
    near = read_points(save(tmp_path, np.vstack([POINTS, np.nextafter(POINTS, 2)])))
    assert len(near) == 400


def test_a_crop_keeps_the_points_inside(tmp_path: Path) -> None:
    path = save(tmp_path, POINTS)
    cloud = read_points(path, crop=(-0.5, -0.5, -1, 0.5, 0.5, 1))
    inside = (np.abs(POINTS[:, :2]) <= 0.5).all(axis=1)
    np.testing.assert_array_equal(cloud.points, POINTS[inside])
    assert cloud.notes == (f"{200 - inside.sum()} of 200 points outside the crop box were dropped",)
    with pytest.raises(InputError, match="at least 4 points inside the crop box, found 0; the scan spans"):
        read_points(path, crop=(5, 5, 5, 6, 6, 6))


@pytest.mark.parametrize(
    "crop", [(0, 0, 0, 1, 1), (0, 0, 0, 0, 1, 1), (1, 1, 1, 0, 0, 0), (0, 0, 0, 1, 1, np.nan), "abcdef"]
)
def test_a_crop_that_is_no_box_is_a_usage_error(tmp_path: Path, crop: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="each min below max"):
        read_points(save(tmp_path, POINTS), crop=crop)


def test_survey_coordinates_keep_double_precision(tmp_path: Path) -> None:
    points = POINTS + np.array([500000.123, 5400000.456, 100])
    cloud = read_points(save(tmp_path, points))
    np.testing.assert_array_equal(cloud.points, points)
    assert cloud.notes == ()


def test_precision_that_is_already_lost_is_said(tmp_path: Path) -> None:
    single = (POINTS * 100 + 500000).astype(np.float32)
    for stored in (single, single.astype(np.float64)):
        cloud = read_points(save(tmp_path, stored))
        assert "detail below 0.0312 units was lost" in cloud.notes[-1]
    assert read_points(save(tmp_path, POINTS.astype(np.float32))).notes == ()


@pytest.mark.parametrize(
    ("points", "match"),
    [
        (POINTS[:3], "at least 4 different points, found 3"),
        (np.ones((50, 3)), "at least 4 different points, found 1"),
        (np.full((50, 3), np.nan), "finite coordinates, found none in 50 rows"),
        (1e-200 * POINTS, "spread in space"),
        (1 + 1e-15 * np.rint(9 * POINTS), "spread in space"),
    ],
)
def test_scans_that_cannot_be_used_are_refused(tmp_path: Path, points: np.ndarray, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_points(save(tmp_path, points))


def test_four_points_are_enough(tmp_path: Path) -> None:
    assert len(read_points(save(tmp_path, POINTS[:4]))) == 4


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_points(tmp_path / "missing.ply")
    (tmp_path / "folder.ply").mkdir()
    with pytest.raises(InputError, match="found a folder"):
        read_points(tmp_path / "folder.ply")
    with pytest.raises(InputError, match="cannot be read"):
        read_points("a\0b.ply")
    with pytest.raises(InputError, match=r"cannot be read|no such file"):
        read_points("x" * 5000 + ".ply")
    (tmp_path / "empty.xyz").touch()
    with pytest.raises(InputError, match="the file is empty"):
        read_points(tmp_path / "empty.xyz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ply")
    with pytest.raises(InputError, match="device or pipe"):
        read_points(tmp_path / "pipe.ply")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = save(tmp_path, POINTS)
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read \\(Permission denied\\)"):
        read_points(path)


def test_unknown_formats_list_the_known_ones(tmp_path: Path) -> None:
    for name in ("a.rcp", "a"):
        (tmp_path / name).write_bytes(b"data")
        with pytest.raises(InputError, match=r"expected one of \.ply \.pcd .* \.stl"):
            read_points(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.zip", "unpack it"),
        ("a.7z", "unpack it"),
        ("a.tar.gz", "unpack it"),
        ("a.xyz.GZ", "unpack it"),
        ("a.3mf", "convert it to .ply or .stl"),
    ],
)
def test_archives_are_not_opened(tmp_path: Path, name: str, advice: str) -> None:
    (tmp_path / name).write_bytes(b"data")
    with pytest.raises(InputError, match=f"found an archive; {advice} first"):
        read_points(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_points(tmp_path / "other.zip")


@pytest.mark.parametrize("suffix", ["ply", "obj", "stl", "off", "glb"])
def test_a_mesh_is_a_scan_only_when_asked(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    write_mesh(TETRAHEDRON, path)
    cloud = read_points(path, mesh_as_scan=True)
    assert sorted(map(tuple, cloud.points.tolist())) == sorted(map(tuple, TETRAHEDRON.vertices.tolist()))
    assert cloud.normals is not None
    outward = cloud.points - [0.25, 0.25, 0.25]
    assert (np.einsum("nd,nd->n", outward, cloud.normals) > 0).all()
    assert "vertices of a mesh with 4 faces" in cloud.notes[0]
    if suffix == "ply":
        assert read_points(path).notes == ("4 faces of the file were ignored; only its vertices are used",)
    else:
        with pytest.raises(InputError, match=r"--set read\.points\.mesh_as_scan=true"):
            read_points(path)


def test_mesh_as_scan_leaves_scans_alone(tmp_path: Path) -> None:
    assert len(read_points(save(tmp_path, POINTS), mesh_as_scan=True)) == 200
    assert read_points(SAMPLES / "spot_points_12k.ply", mesh_as_scan=True).notes == ()


@pytest.mark.parametrize(
    ("name", "count"),
    [("skull_points_100k.ply", 100_000), ("hammer_points_30k.ply", 30_082), ("spot_points_12k.ply", 11_533)],
)
def test_the_samples_are_clean(name: str, count: int) -> None:
    cloud = read_points(SAMPLES / name)
    assert len(cloud) == count
    assert cloud.notes == ()
    assert cloud.normals is not None
    np.testing.assert_allclose(np.linalg.norm(cloud.normals, axis=1), 1, atol=1e-5)


def test_reading_a_scan_loads_no_heavy_library() -> None:
    code = (
        "import sys; from sdf_siren.io import read_points\n"
        f"read_points({str(SAMPLES / 'spot_points_12k.ply')!r})\n"
        "heavy = {'torch', 'open3d', 'trimesh', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
