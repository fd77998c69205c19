"""LAS and LAZ: coordinates to the last digit, colours, withheld points, and headers that lie."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdf_siren.errors import InputError, MissingLibraryError
from sdf_siren.io import read_points
from sdf_siren.io.las import decode

RNG = np.random.default_rng(0)
STEPS = RNG.integers(-(10**6), 10**6, (300, 3))
SCALE, OFFSET = 0.001, np.array([500000.123, 4900000.456, 1200.789])


def plain(points: int = 4, **changes: tuple[str, int, Any]) -> bytes:
    """A LAS 1.2 file of format 0 by hand; ``changes`` are packed over it as (format, offset, value)."""
    head = bytearray(227)
    struct.pack_into("<4s20xBB", head, 0, b"LASF", 1, 2)
    struct.pack_into("<HIIBHI", head, 94, 227, 227, 0, 0, 20, points)
    struct.pack_into("<6d", head, 131, *[SCALE] * 3, *OFFSET)
    rows = b"".join(struct.pack("<iiiH6x", *STEPS[i], 7 * i) for i in range(points))
    data = bytearray(head + rows)
    for kind, at, value in changes.values():
        struct.pack_into(kind, data, at, value)
    return bytes(data)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    laspy = pytest.importorskip("laspy", reason="needs the extra las")
    pytest.importorskip("lazrs", reason="needs the extra las")

    def write(name: str, point_format: int = 7, **fields: Any) -> Path:
        header = laspy.LasHeader(point_format=point_format, version="1.4" if point_format > 5 else "1.2")
        header.scales, header.offsets = np.full(3, SCALE), OFFSET
        extra = [name for name in fields if name.lower().startswith("normal")]
        header.add_extra_dims([laspy.ExtraBytesParams(name, "f4") for name in extra])
        data = laspy.LasData(header)
        data.X, data.Y, data.Z = STEPS.T
        for field, value in fields.items():
            data[field] = value
        data.write(str(tmp_path / name))
        return tmp_path / name

    return write


@pytest.mark.parametrize("name", ["a.las", "a.laz", "a.LAZ"])
@pytest.mark.parametrize("point_format", [0, 1, 3, 6, 7, 8])
def test_round_trip(write: Callable[..., Path], name: str, point_format: int) -> None:
    coloured = point_format in (3, 7, 8)
    colours = RNG.integers(0, 256, (300, 3))
    fields = dict(zip(("red", "green", "blue"), 257 * colours.T, strict=True)) if coloured else {}
    cloud = read_points(write(name, point_format, intensity=np.arange(300), **fields))
    np.testing.assert_array_equal(cloud.points, STEPS * SCALE + OFFSET)
    np.testing.assert_array_equal(cloud.intensity, np.arange(300))
    if coloured:
        np.testing.assert_array_equal(cloud.colours, colours)
    else:
        assert cloud.colours is None
    assert cloud.sensors is None
    assert cloud.notes == ()


def test_eight_bit_colours_and_none(write: Callable[..., Path]) -> None:
    cloud = read_points(write("a.las", red=np.arange(300) % 256))
    assert cloud.colours is not None
    np.testing.assert_array_equal(cloud.colours[:, 0], np.arange(300) % 256)
    cloud = read_points(write("b.las"))
    assert cloud.colours is None
    assert cloud.notes == ("all colours of the file are black: they are not used",)


def test_withheld_and_noise_are_left_out(write: Callable[..., Path]) -> None:
    classes = np.zeros(300, dtype=np.uint8)
    classes[:5], classes[5:7] = 7, 18
    withheld = np.zeros(300, dtype=np.uint8)
    withheld[7] = 1
    path = write("a.laz", 6, classification=classes, withheld=withheld)
    cloud = read_points(path)
    np.testing.assert_array_equal(cloud.points, STEPS[8:] * SCALE + OFFSET)
    assert cloud.notes == ("8 of 300 points that the file marks as withheld or noise were dropped",)


def test_normals_in_extra_bytes(write: Callable[..., Path]) -> None:
    normals = RNG.normal(size=(300, 3)).astype(np.float32)
    fields = dict(zip(("NormalX", "NormalY", "NormalZ"), normals.T, strict=True))
    np.testing.assert_array_equal(read_points(write("a.laz", **fields)).normals, normals)


def test_a_large_file_is_sampled_while_it_is_read(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write("a.laz")
    cloud = read_points(path, max_points=100)
    assert len(cloud) == 100
    assert "100 of 300 points were kept" in cloud.notes[0]
    monkeypatch.setattr("sdf_siren.io.las.CHUNK_ROWS", 7)
    assert [len(piece) for piece in decode(path)][:2] == [7, 7]
    assert sum(len(piece) for piece in decode(path)) == 300


def test_the_file_written_by_hand_is_one(tmp_path: Path) -> None:
    pytest.importorskip("laspy", reason="needs the extra las")
    pytest.importorskip("lazrs", reason="needs the extra las")
    (tmp_path / "a.las").write_bytes(plain())
    cloud = read_points(tmp_path / "a.las")
    np.testing.assert_array_equal(cloud.points, STEPS[:4] * SCALE + OFFSET)
    np.testing.assert_array_equal(cloud.intensity, [0, 7, 14, 21])


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<html>" * 100, "beginning with 'LASF', found b'<htm'"),
        (plain()[:200], "at least 227 bytes, found 200"),
        (plain(a=("<B", 24, 2)), "version 2.2 is damaged"),
        (plain(a=("<H", 94, 3)), "version 1.2 is damaged"),
        (plain(a=("<I", 96, 4_000_000_000)), "version 1.2 is damaged"),
        (plain(a=("<I", 100, 4_000_000_000)), "declares 4000000000 records in a header of 227 bytes"),
        (plain(a=("<B", 104, 11)), "unknown point format 11 of 20 bytes"),
        (plain(a=("<H", 105, 19)), "unknown point format 0 of 19 bytes"),
        (plain(a=("<I", 107, 0)), "0 of them"),
        (plain(a=("<I", 107, 5)), "declares 5 points, at least 100 bytes, but only 80 remain"),
        (plain(a=("<I", 107, 4_000_000_000)), "declares 4000000000 points"),
        (plain(a=("<B", 104, 128), b=("<I", 107, 4_000_000_000)), "declares 4000000000 points"),
        (plain()[:-1], "declares 4 points, at least 80 bytes, but only 79 remain"),
    ],
)
def test_headers_that_lie_are_refused_without_the_library(tmp_path: Path, content: bytes, match: str) -> None:
    (tmp_path / "a.las").write_bytes(content)
    tracemalloc.start()
    with pytest.raises(InputError, match=match) as caught:
        read_points(tmp_path / "a.las")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert peak < 1e6


def test_a_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sdf_siren.io.isolation.importlib.util.find_spec", lambda name: None)
    (tmp_path / "a.las").write_bytes(plain())
    with pytest.raises(MissingLibraryError, match=r'pip install "sdf-siren\[las\]"'):
        read_points(tmp_path / "a.las")


@pytest.mark.parametrize("name", ["a.las", "a.laz"])
def test_every_truncation_is_refused(write: Callable[..., Path], name: str) -> None:
    path = write(name)
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 97):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError) as caught:
            list(decode(path))
        assert "\n" not in str(caught.value)


def test_scales_that_are_no_numbers(write: Callable[..., Path]) -> None:
    path = write("a.las")
    content = bytearray(path.read_bytes())
    struct.pack_into("<d", content, 131, np.nan)
    path.write_bytes(content)
    with pytest.raises(InputError, match="finite coordinates, found none in 300 rows"):
        read_points(path)
