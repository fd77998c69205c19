"""The sheet of an image fit: panels in their places, colours that mean what their scale says."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdf_siren.errors import UsageError
from sdf_siren.render.colours import DIVERGING, SEQUENTIAL
from sdf_siren.render.signal_sheet import write_signal_sheet

LEFT, TOP, SIDE = (16, 544, 1072), 56, 512
CURVE = [(0.1, 12.0), (1.0, 20.0), (5.0, 42.3)]


def sheet_of(path, true, found=None, **options):
    """The pixels of a sheet; without maps there is neither gradient nor Laplacian."""
    flat = np.zeros(true.shape[:2])
    maps = {name: options.pop(name, flat) for name in ("gradient_size", "laplacian")}
    write_signal_sheet(path, true, true if found is None else found, **maps, **{"psnr": 42.3, **options})
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.mode == "RGB"
        return np.asarray(picture).astype(int)


def panel(pixels, column, row=0, shape=(SIDE, SIDE)):
    top = TOP + row * (shape[0] + 88)
    return pixels[top : top + shape[0], LEFT[column] : LEFT[column] + shape[1]]


def test_four_pixels_are_four_squares(tmp_path):
    true = np.array([[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [1, 1, 1]]], dtype=np.float32)
    pixels = sheet_of(tmp_path / "sheet.png", true)
    assert pixels.shape == (TOP + 2 * SIDE + 48 + 40 + 48 + 16, 1600, 3)
    for column in (0, 1):
        assert (panel(pixels, column) == (255 * true).repeat(256, 0).repeat(256, 1)).all()


def test_no_error_is_the_colour_of_zero(tmp_path):
    true = np.random.default_rng(0).random((7, 7, 3))
    pixels = sheet_of(tmp_path / "sheet.png", true)
    assert (panel(pixels, 2) == SEQUENTIAL[0]).all()
    assert (panel(pixels, 0, 1) == SEQUENTIAL[0]).all()
    assert (panel(pixels, 1, 1) == DIVERGING[3]).all()


def test_the_error_is_the_mean_over_channels(tmp_path):
    true, found = np.zeros((2, 2, 2, 3))
    found[0, 0] = 0.3, -0.3, 0.0  # as much as 0.2 in every channel
    found[1, 1] = 0.2
    error = panel(sheet_of(tmp_path / "sheet.png", true, found), 2)
    assert (error[:256, :256] == SEQUENTIAL[-1]).all()
    assert (error[256:, 256:] == SEQUENTIAL[-1]).all()
    assert (error[:256, 256:] == SEQUENTIAL[0]).all()


def test_the_laplacian_has_one_scale_on_both_sides_of_zero(tmp_path):
    laplacian = np.array([[-3.0, 3.0], [0.0, 1.0]])
    pixels = sheet_of(tmp_path / "sheet.png", np.zeros((2, 2, 1)), laplacian=laplacian)
    squares = panel(pixels, 1, 1)[128::256, 128::256].reshape(4, 3)
    assert [tuple(c) for c in squares[:3].tolist()] == [DIVERGING[0], DIVERGING[-1], DIVERGING[3]]
    assert tuple(squares[3]) == DIVERGING[4]


def test_only_the_display_is_clipped(tmp_path):
    true, found = np.ones((2, 2, 1)), np.full((2, 2, 1), 3.0)
    pixels = sheet_of(tmp_path / "sheet.png", true, found)
    assert (panel(pixels, 1) == 255).all()
    assert (panel(pixels, 2) == SEQUENTIAL[-1]).all()


def test_a_curve_is_drawn_beside_the_derivatives(tmp_path):
    true = np.zeros((8, 8, 1))
    without, with_it = (sheet_of(tmp_path / "sheet.png", true, curve=curve) for curve in ((), CURVE))
    assert without.shape == with_it.shape
    different = (without != with_it).any(2)
    assert different.any()
    assert not different[:, : LEFT[2]].any()
    assert not different[: TOP + SIDE + 48].any()


@pytest.mark.parametrize("shape", [(1, 1), (3000, 2), (2, 3000), (1, 700), (513, 511)])
@pytest.mark.parametrize("channels", [1, 4])
def test_extreme_shapes(tmp_path, shape, channels):
    rng = np.random.default_rng(0)
    true, found = rng.random((2, *shape, channels))
    pixels = sheet_of(
        tmp_path / "sheet.png", true, found, curve=CURVE, gradient_size=true[..., 0], laplacian=found[..., 0]
    )
    assert pixels.shape[1] == 1600
    assert 400 < pixels.shape[0] <= 1500


@pytest.mark.parametrize("value", [0.0, 1.0, -1e6])
def test_constants(tmp_path, value):
    true = np.full((4, 4, 1), value, dtype=np.float32)
    pixels = sheet_of(tmp_path / "sheet.png", true, low=value, high=value + 1, curve=[(0.0, np.inf)])
    assert (panel(pixels, 2) == SEQUENTIAL[0]).all()


def test_what_cannot_be_shown_is_refused_and_nothing_written(tmp_path):
    path, image, flat = tmp_path / "sheet.png", np.zeros((3, 4, 1)), np.zeros((3, 4))
    bad = np.full((3, 4), np.nan)
    for arrays, message in (
        ((image, image[:2], flat, flat), r"expected a fit of shape \(3, 4, 1\)"),
        ((image, image, flat.T, flat), r"expected a gradient of shape \(3, 4\)"),
        ((image, image, flat, flat[:2]), r"expected a Laplacian of shape \(3, 4\)"),
        ((image, image + np.inf, flat, flat), "finite fit"),
        ((image, image, flat, bad), "finite laplacian"),
    ):
        with pytest.raises(ValueError, match=message):
            write_signal_sheet(path, *arrays, psnr=1.0)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="choose another output"):
        sheet_of(tmp_path / "missing" / "sheet.png", np.zeros((2, 2, 1)))


def test_an_older_sheet_survives_a_failure(tmp_path, monkeypatch):
    path = tmp_path / "sheet.png"
    sheet_of(path, np.zeros((2, 2, 1)))
    before = path.read_bytes()

    def fail(self, file, format):
        file.write_bytes(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(Image.Image, "save", fail)
    with pytest.raises(UsageError, match="no space left"):
        sheet_of(path, np.ones((2, 2, 1)))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
