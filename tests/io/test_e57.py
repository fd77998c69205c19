"""E57: poses, both kinds of coordinates, invalid points, and damage with and without valid checksums."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sdf_siren.errors import InputError, MissingLibraryError
from sdf_siren.io import read_points
from sdf_siren.io.e57 import decode

RNG = np.random.default_rng(0)
POINTS = RNG.normal(size=(200, 3)).astype(np.float32).astype(np.float64)
COLOURS = RNG.integers(0, 256, (200, 3), dtype=np.uint8)
COLOURS[:2] = [[0, 0, 0], [255, 255, 255]]
TURN = np.array([0.5, 0.5, 0.5, 0.5])
"""The quaternion that takes x to y, y to z and z to x."""
PLACE = np.array([500000.125, 4900000.5, 1200.75])

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A file of scans, each a dictionary of ``write_scan_raw``'s arguments, by pye57's own writer."""
    pye57 = pytest.importorskip("pye57", reason="needs the extra e57")

    def write(*scans: dict[str, Any]) -> Path:
        path = tmp_path / "a.e57"
        path.unlink(missing_ok=True)
        file = pye57.E57(str(path), "w")
        for scan in scans:
            file.write_scan_raw(**scan)
        file.close()
        return path

    return write


def columns(points: np.ndarray = POINTS, **more: np.ndarray) -> dict[str, np.ndarray]:
    return {f"cartesian{axis}": column for axis, column in zip("XYZ", points.T, strict=True)} | more


def colours() -> dict[str, np.ndarray]:
    return {f"color{name}": column for name, column in zip(("Red", "Green", "Blue"), COLOURS.T, strict=True)}


def test_scans_in_their_places(write: Write) -> None:
    intensity = RNG.random(200).astype(np.float32)
    data = columns(intensity=intensity, **colours())
    other = PLACE + np.array([10, 0, 0])
    cloud = read_points(
        write(
            {"data": data, "rotation": TURN, "translation": PLACE},
            {"data": data, "rotation": np.array([2.0, 0, 0, 0]), "translation": other},
        )
    )
    np.testing.assert_allclose(cloud.points[:200], POINTS[:, [2, 0, 1]] + PLACE, rtol=0, atol=1e-9)
    np.testing.assert_allclose(cloud.points[200:], POINTS + other, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(cloud.sensors, np.repeat([PLACE, other], 200, axis=0))
    np.testing.assert_array_equal(cloud.colours, np.vstack([COLOURS, COLOURS]))
    np.testing.assert_array_equal(cloud.intensity, np.tile(intensity, 2))
    assert cloud.notes == ()


def test_invalid_points_are_left_out(write: Write) -> None:
    state = np.zeros(200, dtype=np.int8)
    state[3:10] = 2
    state[20] = 1
    cloud = read_points(write({"data": columns(cartesianInvalidState=state)}))
    np.testing.assert_array_equal(cloud.points, POINTS[state == 0])
    assert cloud.notes == ("8 of 200 points that the file marks as invalid were dropped",)


def test_a_pose_that_moves_nothing_is_a_sensor_only_of_a_grid(write: Write) -> None:
    assert read_points(write({"data": columns()})).sensors is None
    grid = {
        "rowIndex": np.arange(200, dtype=np.uint16) // 20,
        "columnIndex": np.arange(200, dtype=np.uint16) % 20,
    }
    cloud = read_points(write({"data": columns(**grid)}))
    np.testing.assert_array_equal(cloud.sensors, np.zeros((200, 3)))


def spherical(path: Path, values: np.ndarray, state: np.ndarray) -> Path:
    """A scan in spherical coordinates, without pose, of scaled integers of 1e-6 (bit-packed) angles."""
    from pye57 import E57, libe57

    file = E57(str(path), "w")
    image = file.image_file
    scan, prototype = libe57.StructureNode(image), libe57.StructureNode(image)
    names = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
    prototype.set(names[0], libe57.FloatNode(image, 0.0, libe57.E57_DOUBLE, 0.0, 1e9))
    for name in names[1:]:
        prototype.set(name, libe57.ScaledIntegerNode(image, 0, -4_000_000, 4_000_000, 1e-6, 0.0))
    prototype.set("sphericalInvalidState", libe57.IntegerNode(image, 0, 0, 2))
    points = libe57.CompressedVectorNode(image, prototype, libe57.VectorNode(image, True))
    scan.set("guid", libe57.StringNode(image, "{a}"))
    scan.set("points", points)
    file.data3d.append(scan)
    arrays = [*np.ascontiguousarray(values.T), state]
    buffers = libe57.VectorSourceDestBuffer()
    for name, array in zip((*names, "sphericalInvalidState"), arrays, strict=True):
        buffers.append(libe57.SourceDestBuffer(image, name, array, len(array), True, True))
    writer = points.writer(buffers)
    writer.write(len(values))
    writer.close()
    file.close()
    return path


def test_spherical_coordinates(tmp_path: Path) -> None:
    pytest.importorskip("pye57", reason="needs the extra e57")
    distance, azimuth = RNG.uniform(1, 2, 200), np.rint(RNG.uniform(-3e6, 3e6, 200)) / 1e6
    elevation = np.rint(RNG.uniform(-1.5e6, 1.5e6, 200)) / 1e6
    state = np.zeros(200, dtype=np.int8)
    state[:50] = 2
    path = spherical(tmp_path / "a.e57", np.stack([distance, azimuth, elevation], axis=1), state)
    cloud = read_points(path)
    assert len(cloud) == 150
    np.testing.assert_allclose(np.linalg.norm(cloud.points, axis=1), distance[50:], rtol=1e-12)
    x, y, z = cloud.points.T
    np.testing.assert_allclose(np.arctan2(y, x), azimuth[50:], atol=1e-9)
    np.testing.assert_allclose(np.arctan2(z, np.hypot(x, y)), elevation[50:], atol=1e-9)
    np.testing.assert_array_equal(cloud.sensors, np.zeros((150, 3)))


def test_a_scan_is_read_piece_by_piece(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write({"data": columns(**colours())})
    monkeypatch.setattr("sdf_siren.io.e57.CHUNK_ROWS", 64)
    pieces = list(decode(path))
    assert [len(piece) for piece in pieces] == [64, 64, 64, 8]
    np.testing.assert_array_equal(np.concatenate([piece.points for piece in pieces]), POINTS)


def test_the_file_is_not_modified(write: Write) -> None:
    path = write({"data": columns()})
    before = path.read_bytes()
    read_points(path)
    path.write_bytes(before[:-100])
    with pytest.raises(InputError):
        read_points(path)
    assert path.read_bytes() == before[:-100]


def test_files_that_are_none_are_refused_without_the_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.e57"
    for content in (b"<html>", b"ASTM-E5", bytes(5000)):
        path.write_bytes(content)
        with pytest.raises(InputError, match="beginning with 'ASTM-E57', found b"):
            read_points(path)
    monkeypatch.setattr("sdf_siren.io.isolation.importlib.util.find_spec", lambda name: None)
    path.write_bytes(b"ASTM-E57" + bytes(5000))
    with pytest.raises(MissingLibraryError, match=r'pip install "sdf-siren\[e57\]"'):
        read_points(path)


def test_a_wrong_checksum_is_named(write: Write) -> None:
    path = write({"data": columns()})
    content = bytearray(path.read_bytes())
    content[2000] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not a readable E57 file \(checksum mismatch") as caught:
        read_points(path)
    assert "\n" not in str(caught.value)


def test_every_truncation_is_refused(write: Write) -> None:
    path = write({"data": columns(**colours())})
    whole = path.read_bytes()
    for length in [8, 47, 48, 49, *range(100, len(whole), 311)]:
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="not a readable E57 file"):
            list(decode(path))


def sealed(data: bytes) -> bytes:
    """The logical bytes ``data`` as pages of 1020 with their checksums (CRC-32C, E2807, 7.3)."""
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    pages = []
    for start in range(0, len(data), 1020):
        page, code = data[start : start + 1020], 0xFFFFFFFF
        for byte in page:
            code = table[(code ^ byte) & 255] ^ code >> 8
        pages.append(page + struct.pack(">I", code ^ 0xFFFFFFFF))
    return b"".join(pages)


def bare(path: Path) -> bytes:
    content = path.read_bytes()
    return b"".join(content[i : i + 1020] for i in range(0, len(content), 1024))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        (b'recordCount="200"', b'recordCount="999"', "not a readable|expected 999 points"),
        (b'recordCount="200"', b'recordCount="-20"', "not a readable"),
        (b"<cartesianX", b"<cartesianQ", "not a readable"),
        (b"data3D", b"data4D", "without any|not a readable"),
        (b"prototype", b"prototypQ", "not a readable|broke down"),
        (b'type="CompressedVector"', b'type="ScaledVector"    ', "not a readable|broke down"),
    ],
)
def test_damage_that_carries_a_valid_checksum(write: Write, old: bytes, new: bytes, match: str) -> None:
    path = write({"data": columns()})
    logical = bare(path)
    assert old in logical
    path.write_bytes(sealed(logical.replace(old, new)[: len(logical)]))
    with pytest.raises(InputError, match=match) as caught:
        read_points(path)
    assert "\n" not in str(caught.value)


def test_flipped_bytes_with_valid_checksums_give_a_cloud_or_an_input_error(write: Write) -> None:
    path = write({"data": columns(**colours())})
    logical = bare(path)
    assert sealed(logical) == path.read_bytes()
    draw = np.random.default_rng(1)
    for _ in range(8):
        flipped = bytearray(logical)
        flipped[draw.integers(len(flipped))] ^= 1 << draw.integers(8)
        path.write_bytes(sealed(bytes(flipped)))
        with contextlib.suppress(InputError):
            read_points(path)
