"""PTX: scans in their places, holes, the scanner's position, and headers that lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.io import read_points

RNG = np.random.default_rng(0)
LOCAL = np.rint(RNG.normal(size=(12, 3)) * 1e4) / 1e4
INTENSITY = RNG.uniform(size=(12, 1))
COLOURS = RNG.integers(0, 256, (12, 3), dtype=np.uint8)
COLOURS[0] = 255
PLACE = np.array([500000.125, 4900000.5, 1200.75])
"""Exact in binary, as is the quarter turn below: then so are the results."""
TURN = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])


def scan(
    *columns: np.ndarray, turn: np.ndarray = TURN, place: np.ndarray = PLACE, shape: tuple[int, int] = (4, 3)
) -> str:
    """As Cyclone writes it: the matrix takes row vectors, so its last row is where the scanner stood."""
    matrix = np.eye(4)
    matrix[:3, :3], matrix[3, :3] = turn, place
    rows = [[shape[0]], [shape[1]], place, *np.eye(3), *matrix, *np.hstack(columns)]
    return "".join(" ".join(repr(v) for v in np.asarray(row).tolist()) + "\n" for row in rows)


def read(folder: Path, text: str) -> PointCloud:
    (folder / "a.ptx").write_text(text)
    return read_points(folder / "a.ptx")


def test_the_matrix_places_the_points(tmp_path: Path) -> None:
    cloud = read(tmp_path, scan(LOCAL, INTENSITY, COLOURS))
    x, y, z = LOCAL.T
    np.testing.assert_array_equal(cloud.points, np.stack([-y, x, z], axis=1) + PLACE)
    np.testing.assert_array_equal(cloud.sensors, np.tile(PLACE, (12, 1)))
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    np.testing.assert_array_equal(cloud.intensity, INTENSITY[:, 0].astype(np.float32))
    assert cloud.notes == ()


def test_a_general_matrix(tmp_path: Path) -> None:
    turn, _ = np.linalg.qr(RNG.normal(size=(3, 3)))
    cloud = read(tmp_path, scan(LOCAL, INTENSITY, turn=turn, place=np.array([1.0, 2, 3])))
    np.testing.assert_allclose(cloud.points, LOCAL @ turn + [1, 2, 3], rtol=0, atol=1e-14)
    assert cloud.colours is None


def test_several_scans_with_holes(tmp_path: Path) -> None:
    holes = LOCAL.copy()
    holes[[1, 5]] = 0
    other = PLACE + np.array([10, 0, 0])
    text = (
        scan(holes, INTENSITY, COLOURS) + "\n" + scan(LOCAL, INTENSITY, COLOURS, turn=np.eye(3), place=other)
    )
    cloud = read(tmp_path, text)
    assert len(cloud) == 22
    np.testing.assert_array_equal(cloud.points[10:], LOCAL + other)
    np.testing.assert_array_equal(cloud.sensors, np.repeat([PLACE, other], [10, 12], axis=0))
    np.testing.assert_array_equal(cloud.colours, np.vstack([np.delete(COLOURS, [1, 5], axis=0), COLOURS]))
    assert cloud.notes == ("2 of 24 rows without a measurement (0 0 0) were dropped",)


def test_a_position_far_from_the_points_is_not_used(tmp_path: Path) -> None:
    """Converters write zeros and a unit matrix around points in world coordinates."""
    cloud = read(tmp_path, scan(LOCAL + PLACE, INTENSITY, turn=np.eye(3), place=np.zeros(3)))
    assert cloud.sensors is None
    assert cloud.notes == ("the file's sensor position is far away from its points: it is not used",)


WHOLE = scan(LOCAL, INTENSITY).splitlines(keepends=True)


def changed(line: int, text: str) -> str:
    return "".join([*WHOLE[:line], text + "\n", *WHOLE[line + 1 :]])


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (changed(0, "four"), "scan 1: expected the number of columns, found 'four'"),
        (changed(0, "-4"), "number of columns"),
        (changed(1, "3.5"), "number of rows, found '3.5'"),
        (changed(1, "0"), "0 rows or columns"),
        (changed(0, "999999999"), "declares 2999999997 points"),
        (changed(0, "9" * 30), "number of columns"),
        (changed(0, "5"), "expected 15 points, found 12; the file is truncated"),
        (changed(0, "3"), "scan 2: expected the number of columns"),
        (changed(2, "1 2"), "3 numbers of the scanner position, found '1 2'"),
        (changed(4, "x"), "3 numbers of the scanner axis"),
        (changed(7, "1 0 0"), "4 numbers of the matrix"),
        (changed(7, "nan 0 0 0"), "4 numbers of the matrix"),
        (changed(9, "0 0 0 2"), "a matrix that moves and turns"),
        (changed(8, "0 0 0 0"), "a matrix that moves and turns"),
        (changed(15, "1 2 3 4 5"), "x y z intensity"),
        (changed(15, "1 2 3 x"), "x y z intensity"),
        (changed(15, "1 " * 9000), "a line of more than"),
        ("".join(WHOLE[:6]), "4 numbers of the matrix, found ''"),
        ("".join(WHOLE[:10]), "declares 12 points|expected 12 points, found 0"),
        ("\n\n", "number of columns, found ''"),
        ("<html>\n", "number of columns, found '<html>'"),
        ("\0" * 100_000, "number of columns"),
        (scan(LOCAL, INTENSITY, COLOURS[:, :1]), "4 or 7 numbers per line, found 5"),
        (scan(0 * LOCAL, INTENSITY), "found none in 0 rows"),
        (scan(1e300 * LOCAL, INTENSITY, turn=1e200 * np.eye(3)), "found none in 12 rows"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert "\0" not in str(caught.value)
