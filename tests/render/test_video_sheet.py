"""The sheet of a video fit: which frames it shows, and one scale for their errors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdf_siren.render.colours import SEQUENTIAL
from sdf_siren.render.video_sheet import write_video_sheet


def pixels_of(path, true, found, **options):
    write_video_sheet(path, true, found, psnr=30.0, **options)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture).astype(int)


def middles(pixels, frames, side):
    """The colour in the middle of each panel (3, frames, 3) of a square video."""
    rows = [56 + k * (40 + side) + side // 2 for k in range(3)]
    columns = [16 + k * (side + 16) + side // 2 for k in range(frames)]
    return pixels[np.ix_(rows, columns)]


def test_the_first_and_the_last_frame_and_some_between(tmp_path):
    true = (np.arange(11) / 255)[:, None, None, None] * np.ones((1, 4, 4, 1))
    pixels = pixels_of(tmp_path / "a.png", true, true)
    assert pixels.shape == (16 + 3 * (40 + 248) + 48 + 16, 1600, 3)
    found = middles(pixels, 6, 248)
    assert found[0, :, 0].tolist() == [0, 2, 4, 6, 8, 10]
    assert (found[0] == found[1]).all()
    assert (found[2] == SEQUENTIAL[0]).all()


def test_errors_of_all_frames_have_one_scale(tmp_path):
    true = np.zeros((3, 4, 4, 1))
    found = true + np.array([0.0, 0.25, 0.5])[:, None, None, None]
    shown = middles(pixels_of(tmp_path / "a.png", true, found), 3, 512)
    assert [tuple(c) for c in shown[2].tolist()] == [SEQUENTIAL[0], SEQUENTIAL[3], SEQUENTIAL[-1]]


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 3, 5, 4), (40, 300, 2, 3), (7, 2, 300, 2)])
def test_shapes(tmp_path, shape):
    true, found = np.random.default_rng(0).random((2, *shape)).astype(np.float32)
    assert pixels_of(tmp_path / "a.png", true, found).shape[1] == 1600


def test_what_cannot_be_shown_is_refused(tmp_path):
    true = np.zeros((3, 4, 4, 1))
    for found, message in ((true[:2], "of one shape"), (true + np.inf, "finite fit")):
        with pytest.raises(ValueError, match=message):
            write_video_sheet(tmp_path / "a.png", true, found, psnr=1.0)
    assert not list(tmp_path.iterdir())
