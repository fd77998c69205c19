"""PTS: the count line, the columns, and several scans in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.io import read_points

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(20, 3)) + np.array([500000.123, 4900000.456, 1200.789])
INTENSITY = np.rint(RNG.uniform(-2048, 2047, (20, 1)))
COLOURS = RNG.integers(0, 256, (20, 3), dtype=np.uint8)
NORMALS = RNG.normal(size=(20, 3)).astype(np.float32)


def scan(*columns: np.ndarray) -> str:
    rows = np.hstack(columns)
    return f"{len(rows)}\n" + "".join(" ".join(repr(float(v)) for v in row) + "\n" for row in rows)


def read(folder: Path, text: str) -> PointCloud:
    (folder / "a.pts").write_text(text)
    return read_points(folder / "a.pts")


def test_columns(tmp_path: Path) -> None:
    bare = read(tmp_path, scan(POINTS))
    np.testing.assert_array_equal(bare.points, POINTS)
    assert bare.intensity is None
    assert bare.colours is None
    grey = read(tmp_path, scan(POINTS, INTENSITY))
    np.testing.assert_array_equal(grey.intensity, INTENSITY[:, 0])
    assert grey.notes == ()
    full = read(tmp_path, scan(POINTS, INTENSITY, COLOURS))
    np.testing.assert_array_equal(full.points, POINTS)
    np.testing.assert_array_equal(full.intensity, INTENSITY[:, 0])
    np.testing.assert_array_equal(full.colours, COLOURS)
    assert full.normals is None
    more = read(tmp_path, scan(POINTS, INTENSITY, COLOURS, NORMALS))
    np.testing.assert_array_equal(more.colours, COLOURS)
    np.testing.assert_array_equal(more.normals, NORMALS)
    other = read(tmp_path, scan(POINTS, NORMALS))
    np.testing.assert_array_equal(other.normals, NORMALS)
    assert other.intensity is None


@pytest.mark.parametrize("gap", ["", "\n", "\n\n  \n"])
def test_several_scans(tmp_path: Path, gap: str) -> None:
    parts = [
        scan(POINTS[part], INTENSITY[part], COLOURS[part]) for part in (slice(5), slice(5, 6), slice(6, 20))
    ]
    cloud = read(tmp_path, gap.join(parts) + gap)
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)


def test_windows_line_ends(tmp_path: Path) -> None:
    cloud = read(tmp_path, scan(POINTS, INTENSITY).replace("\n", "\r\n"))
    np.testing.assert_array_equal(cloud.points, POINTS)


def test_more_points_than_counted_are_used(tmp_path: Path) -> None:
    cloud = read(tmp_path, scan(POINTS).replace("20\n", "19\n", 1))
    assert len(cloud) == 20
    assert cloud.notes == ("the count line says 19 points, the file has 20: all are used",)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (scan(POINTS).replace("20\n", "21\n", 1), "expected 21 points as its count line says, found 20"),
        (scan(POINTS) + "6\n1 2 3\n", "expected 6 points as its count line says, found 1"),
        (scan(POINTS) + "4000000000\n1 2 3\n", "declares 4000000000 points"),
        ("9" * 18 + "\n1 2 3\n", "declares 9+ points"),
        ("20\n", "declares 20 points"),
        ("2\n", "declares 2 points"),
        (scan(POINTS, INTENSITY) + scan(POINTS, COLOURS), "expected 4 numbers in every line, found 6"),
        (scan(POINTS[:, :2]), "expected 3 numbers in every line, found 2"),
        ("3\n1 2 3\n4 5 six\n7 8 9\n", "x y z and then as many numbers"),
        ("3\n1 2 3\n4 5\n7 8 9\n", "x y z and then as many numbers"),
        ("3\n" + "1 " * 50_000, "a line of more than"),
        ("0\n", "found none in 0 rows"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
