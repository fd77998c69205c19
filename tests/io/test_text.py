"""Text points: headers, counts, comments, separators and column layouts."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.io import read_points

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(20, 3))
NORMALS = RNG.normal(size=(20, 3)).astype(np.float32)
COLOURS = RNG.integers(0, 256, (20, 3), dtype=np.uint8)
POINTS.setflags(write=False)
SURVEY = np.hstack([POINTS + np.array([500000.123, 4900000.456, 1200.789]), RNG.uniform(0, 1, (20, 1))])
"""Survey coordinates and an intensity."""


def rows(*columns: np.ndarray, separator: str = " ") -> str:
    return "".join(separator.join(repr(float(v)) for v in row) + "\n" for row in np.hstack(columns))


def read(folder: Path, name: str, text: str) -> PointCloud:
    (folder / name).write_text(text, encoding="utf-8")
    return read_points(folder / name)


def refused(folder: Path, name: str, content: bytes, match: str) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=match) as caught:
        read_points(folder / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.xyz", "a.txt", "a.csv", "a.pts", "a.PWN"])
@pytest.mark.parametrize("separator", [" ", ",", ";", "\t", ", ", "   "])
def test_separators_and_suffixes(tmp_path: Path, name: str, separator: str) -> None:
    cloud = read(tmp_path, name, rows(POINTS, NORMALS, separator=separator))
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    assert cloud.colours is None
    assert cloud.notes == ()


@pytest.mark.parametrize(
    "head",
    [
        "",
        "20\n",
        "# a comment\n\n// another\n",
        "% made by hand\n20\n",
        "x y z\n",
        "//X Y Z\n20\n",
        "# 1 2 3 numbers in a comment\n",
        "\ufeff",
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_heads(tmp_path: Path, head: str, newline: str) -> None:
    text = (head + rows(POINTS)).replace("\n", newline)
    (tmp_path / "a.xyz").write_bytes(text.encode())
    cloud = read_points(tmp_path / "a.xyz")
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.normals is None


def test_names_choose_the_columns(tmp_path: Path) -> None:
    text = '"Label",Blue,Green,Red,"Z","Y","X",nx,ny,nz\n' + "".join(
        f"p{i},{c[2]},{c[1]},{c[0]},{p[2]!r},{p[1]!r},{p[0]!r},{n[0]!r},{n[1]!r},{n[2]!r}\n"
        for i, (p, n, c) in enumerate(zip(POINTS.tolist(), NORMALS.tolist(), COLOURS.tolist(), strict=True))
    )
    cloud = read(tmp_path, "a.csv", text)
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)
    np.testing.assert_array_equal(cloud.colours, COLOURS)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize(
    "names",
    [
        "X Y Z Intensity",
        "Easting Northing Elevation Reflectance",
        "E N H I",
        "easting northing z scalar_intensity",
    ],
)
def test_names_of_surveyors(tmp_path: Path, separator: str, names: str) -> None:
    head = separator.join(["Point", *names.split()]) + "\n"
    body = "".join(f"P{i}{separator}{rows(row[None], separator=separator)}" for i, row in enumerate(SURVEY))
    cloud = read(tmp_path, "a.csv", head + body)
    np.testing.assert_array_equal(cloud.points, SURVEY[:, :3])
    np.testing.assert_array_equal(cloud.intensity, SURVEY[:, 3].astype(np.float32))


def test_names_and_texts_with_spaces_between_tabs(tmp_path: Path) -> None:
    body = "".join(
        f"Point {i}\ta, b\t{rows(row[None, :3], separator=chr(9))}" for i, row in enumerate(SURVEY)
    )
    cloud = read(tmp_path, "a.txt", "Point name\tremark\tX\tY\tZ\n" + body)
    np.testing.assert_array_equal(cloud.points, SURVEY[:, :3])


def test_quoted_texts_may_hold_the_separator(tmp_path: Path) -> None:
    body = "".join(f'"a; b, c",{rows(row[None, :3], separator=",")}' for row in SURVEY)
    cloud = read(tmp_path, "a.csv", '"name, remark",x,y,z\n' + body)
    np.testing.assert_array_equal(cloud.points, SURVEY[:, :3])


def test_colours_are_told_from_normals_by_their_content(tmp_path: Path) -> None:
    cloud = read(tmp_path, "a.txt", rows(POINTS, COLOURS))
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    assert cloud.normals is None
    assert cloud.notes == ("columns 4 to 6 are whole numbers up to 255: taken as colours",)
    axes = np.tile(np.eye(3), (7, 1))[:20]
    cloud = read(tmp_path, "b.txt", rows(POINTS, axes))
    np.testing.assert_array_equal(cloud.normals, axes)


@pytest.mark.parametrize("swap", [False, True])
def test_nine_columns(tmp_path: Path, swap: bool) -> None:
    last = (NORMALS, COLOURS) if swap else (COLOURS, NORMALS)
    cloud = read(tmp_path, "a.txt", rows(POINTS, *last))
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)


def test_intensity_then_colours(tmp_path: Path) -> None:
    intensity = np.rint(RNG.uniform(-2000, 2000, (20, 1)))
    cloud = read(tmp_path, "a.txt", "20\n" + rows(POINTS, intensity, COLOURS))
    np.testing.assert_array_equal(cloud.colours, COLOURS)
    np.testing.assert_array_equal(cloud.intensity, intensity[:, 0])


def test_other_columns_are_ignored_with_a_note(tmp_path: Path) -> None:
    cloud = read(tmp_path, "a.txt", rows(POINTS, RNG.uniform(size=(20, 1))))
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert "the 1 columns after x y z were ignored" in cloud.notes[0]


def test_pwn_with_a_count_holds_points_and_then_normals(tmp_path: Path) -> None:
    cloud = read(tmp_path, "a.pwn", "20\n" + rows(POINTS) + rows(NORMALS))
    np.testing.assert_array_equal(cloud.points, POINTS)
    np.testing.assert_array_equal(cloud.normals, NORMALS)


def test_trailing_separators_and_blank_lines(tmp_path: Path) -> None:
    cloud = read(tmp_path, "a.csv", rows(POINTS, separator=",").replace("\n", ",\n\n"))
    np.testing.assert_array_equal(cloud.points, POINTS)


@pytest.mark.parametrize("head", ["", "x y z\n", "20\n"])
@pytest.mark.parametrize("commented", [[0], range(20)])
def test_rows_may_end_in_a_comment(tmp_path: Path, head: str, commented: list[int]) -> None:
    lines = rows(POINTS).splitlines()
    for row in commented:
        lines[row] += f"  # station {row}"
    cloud = read(tmp_path, "a.xyz", head + "\n".join(lines) + "\n")
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.notes == ()


@pytest.mark.parametrize("separator", [";", " ", "; ", "\t"])
@pytest.mark.parametrize("head", ["", "x;y;z\n"])
def test_decimal_commas_are_called_that(tmp_path: Path, head: str, separator: str) -> None:
    text = head + rows(POINTS.round(6), separator=separator).replace(".", ",")
    refused(tmp_path, "a.txt", text.encode(), r"a\.txt: .* write decimal points, not commas$")


def test_names_may_hold_what_begins_a_comment(tmp_path: Path) -> None:
    text = "point #,x,y,z\n" + "".join(
        f'"A#{k}",{x!r},{y!r},{z!r}\n' for k, (x, y, z) in enumerate(POINTS.tolist())
    )
    np.testing.assert_array_equal(read(tmp_path, "a.csv", text).points, POINTS)


@pytest.mark.parametrize("head", ["", "x,y,z\n", "x,y,z\nm,m,m\n"])
def test_first_rows_that_are_none_are_left_out_with_a_note(tmp_path: Path, head: str) -> None:
    broken = "0.1,0.2,?\n" * 3
    cloud = read(tmp_path, "a.csv", head + broken + rows(POINTS, separator=","))
    np.testing.assert_array_equal(cloud.points, POINTS)
    assert cloud.notes == ("3 lines before the first row of numbers were left out, such as '0.1,0.2,?'",)


def test_more_points_than_counted_are_used_and_fewer_are_refused(tmp_path: Path) -> None:
    cloud = read(tmp_path, "a.pts", "19\n" + rows(POINTS))
    assert len(cloud) == 20
    assert "says 19 points, the file has 20" in cloud.notes[0]
    short = ("21\n" + rows(POINTS)).encode()
    refused(tmp_path, "b.pts", short, "expected 21 points as its count line says, found 20")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<!DOCTYPE html>\n<html>\n<body>\n" + b"<p>no\n" * 200, "found none"),
        (b"hello", "found none"),
        (b"\x00\x01\x02" * 1000, "binary data"),
        (b"1 " * 50000, "line without end"),
        (b"4000000000\n1 2 3\n4 5 6\n", "declares 4000000000 points"),
        (b"1 2\n3 4\n", "at least x y z"),
        (b"1 2 3\n4 5\n6 7 8\n9 1 2\n", "expected 3 numbers per line"),
        (b"1 2 3\n4 5 six\n", "expected 3 numbers per line"),
        (b"1,5;2,5;3,5\n" * 5, "found none"),
        (b"1 2 3\n4 5 6\n7 8 10\n", "at least 4 different points, found 3"),
        (b"nan nan nan\n" * 9, "finite coordinates, found none"),
        (b"1 2 3\n" * 9, "at least 4 different points, found 1"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path: Path, content: bytes, match: str) -> None:
    refused(tmp_path, "a.xyz", content, match)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
@given(content=st.text(alphabet='0123456789.-+eE ,;\tnaif#/\nxyz"\r', max_size=200))
def test_no_text_escapes_as_another_error(tmp_path: Path, content: str) -> None:
    with contextlib.suppress(InputError):
        read(tmp_path, "a.csv", content)
