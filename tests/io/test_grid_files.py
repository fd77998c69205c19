"""Grids: what is written is what is read, by this program and by the rules of VTK's format."""

from __future__ import annotations

import base64
import contextlib
import struct
import xml.etree.ElementTree as ElementTree
import zipfile

import numpy as np
import pytest

from sdf_siren.artifacts import Grid
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io.grid_files import check_grid_path, read_grid, write_grid


def grid(*counts, complex_=False):
    axes = {name: np.linspace(k, k + 2, n) for k, (name, n) in enumerate(zip("xyzt", counts, strict=False))}
    u = np.arange(np.prod(counts), dtype=float).reshape(counts)
    u.flat[0] = np.nan
    return Grid(axes, {"u": u * (1 + 2j) if complex_ else u, "residual": -u})


@pytest.mark.parametrize("counts", [(7,), (4, 3), (4, 3, 2), (2, 3, 4, 5)])
@pytest.mark.parametrize("complex_", [False, True])
def test_npz(tmp_path, counts, complex_):
    given = grid(*counts, complex_=complex_)
    write_grid(given, tmp_path / "out.npz")
    found = read_grid(tmp_path / "out.npz")
    assert list(found.axes) == list(given.axes)
    assert list(found.values) == list(given.values)
    for name, values in given.values.items():
        assert found.values[name].dtype == values.dtype
        assert np.array_equal(found.values[name], values, equal_nan=True)
    for name, axis in given.axes.items():
        assert np.array_equal(found.axes[name], axis)


def arrays_of(path):
    """Origin, spacing and arrays of a VTI file, read as its specification says."""
    root = ElementTree.parse(path).getroot()
    assert root.attrib["type"] == "ImageData"
    assert root.attrib["byte_order"] == "LittleEndian"
    assert root.attrib["header_type"] == "UInt64"
    (image,) = root
    extent = [int(word) for word in image.attrib["WholeExtent"].split()]
    (piece,) = image
    assert piece.attrib["Extent"] == image.attrib["WholeExtent"]
    (data,) = piece
    assert data.tag == "PointData"
    shape = [high - low + 1 for low, high in zip(extent[::2], extent[1::2], strict=True)]
    arrays = {}
    for element in data:
        assert element.attrib["type"] == "Float64"
        raw = base64.b64decode(element.text)
        (length,) = struct.unpack("<Q", raw[:8])
        assert length == len(raw) - 8
        arrays[element.attrib["Name"]] = np.frombuffer(raw[8:], "<f8").reshape(shape, order="F")
    assert data.attrib["Scalars"] in arrays
    origin, spacing = ([float(w) for w in image.attrib[k].split()] for k in ("Origin", "Spacing"))
    return origin, spacing, arrays


@pytest.mark.parametrize(
    ("counts", "spacing"), [((5,), [0.5, 1, 1]), ((5, 3), [0.5, 1, 1]), ((5, 3, 2), [0.5, 1, 2])]
)
def test_vti(tmp_path, counts, spacing):
    given = grid(*counts)
    write_grid(given, tmp_path / "out.vti")
    origin, found, arrays = arrays_of(tmp_path / "out.vti")
    assert origin == [0.0, 1.0, 2.0][: len(counts)] + [0.0] * (3 - len(counts))
    assert found == spacing
    for name, values in given.values.items():
        assert np.array_equal(arrays[name].reshape(counts), values, equal_nan=True)


def test_vti_of_complex_values(tmp_path):
    given = grid(4, 3, complex_=True)
    write_grid(given, tmp_path / "out.vti")
    _, _, arrays = arrays_of(tmp_path / "out.vti")
    assert list(arrays) == ["u_real", "u_imag", "residual"]
    assert np.array_equal(arrays["u_imag"][:, :, 0], given.values["u"].imag, equal_nan=True)


def test_refused_paths(tmp_path):
    with pytest.raises(UsageError, match=r"\.npz, \.vti or \.png"):
        check_grid_path(tmp_path / "out.vtk")
    with pytest.raises(UsageError, match="4 coordinates"):
        write_grid(grid(2, 2, 2, 2), tmp_path / "out.vti")
    with pytest.raises(ValueError, match="render"):
        write_grid(grid(2, 2), tmp_path / "out.png")
    assert not list(tmp_path.iterdir())
    check_grid_path(tmp_path / "OUT.NPZ", 9)


def test_what_is_no_grid(tmp_path):
    path = tmp_path / "other.npz"
    with pytest.raises(InputError, match="no such file"):
        read_grid(path)
    path.write_text("text")
    with pytest.raises(InputError, match=r"not a readable \.npz archive"):
        read_grid(path)
    np.savez(path, x=np.zeros(3))
    with pytest.raises(InputError, match="not a grid"):
        read_grid(path)
    np.savez(path, x=np.zeros(3), u=np.zeros(4))
    with pytest.raises(InputError, match="not a grid"):
        read_grid(path)


def test_a_grid_needs_values_of_its_shape():
    with pytest.raises(ValueError, match="u of shape"):
        Grid({"x": np.zeros(3)}, {"u": np.zeros(4)})


def test_a_grid_of_zeros_comes_back(tmp_path):
    axis = np.linspace(0, 1, 1500)
    write_grid(Grid({"x": axis, "y": axis}, {"u": np.zeros((1500, 1500))}), tmp_path / "out.npz")
    assert not read_grid(tmp_path / "out.npz").values["u"].any()


def test_what_was_read_can_be_changed(tmp_path):
    write_grid(grid(4, 3), tmp_path / "out.npz")
    read_grid(tmp_path / "out.npz").values["u"][0, 0] = 1


def declaring(path, shape):
    """An archive whose one array is said to be of ``shape``."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("u.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(80))


def test_declared_sizes_are_checked_before_anything_is_allocated(tmp_path):
    declaring(tmp_path / "out.npz", (10**13,))
    with pytest.raises(InputError, match=r"u\.npy\]: the header declares 80000000000000 bytes, found 80"):
        read_grid(tmp_path / "out.npz")


@pytest.mark.parametrize(
    "content", [{}, {"u": np.array(1.0)}, {"u": np.array(["a"])}, {"u": np.empty((0, 2))}]
)
def test_other_archives_are_refused_in_one_line(tmp_path, content):
    np.savez(tmp_path / "out.npz", **content)
    with pytest.raises(InputError) as caught:
        read_grid(tmp_path / "out.npz")
    assert "\n" not in str(caught.value)


def test_no_damage_escapes_as_another_error(tmp_path):
    write_grid(grid(4, 3), tmp_path / "out.npz")
    whole = (tmp_path / "out.npz").read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(100):
        damaged = bytearray(whole[: generator.integers(1, len(whole) + 1)])
        for place in generator.integers(0, len(damaged), 3):
            damaged[place] = generator.integers(256)
        (tmp_path / "bad.npz").write_bytes(damaged)
        with contextlib.suppress(InputError):
            read_grid(tmp_path / "bad.npz")
