"""The comparison of networks: one scale for all rows, the truth's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from sdf_siren.artifacts import SignalPortrait
from sdf_siren.render.charts import LINES
from sdf_siren.render.colours import SEQUENTIAL
from sdf_siren.render.signal_comparison import write_signal_comparison

LEFT, TOP, SIDE, STEP = (262, 708, 1154), 56, 430, 446
NAMES = "SIREN", "ReLU", "tanh", "positional encoding", "a fifth", "a sixth"


def truth(rows=8, columns=8, channels=3):
    values = np.random.default_rng(0).random((channels + 2, rows, columns))
    return SignalPortrait("truth", np.moveaxis(values[2:], 0, -1), values[0], values[1] - 0.5)


def network(portrait, name, factor=1.0):
    maps = {"gradient_size": portrait.gradient_size * factor, "laplacian": portrait.laplacian * factor}
    facts = {"parameters": 198657, "steps": 1200, "seconds": 60.0, "psnr": (42.0, 31.0, 20.5)}
    return replace(portrait, name=name, value=portrait.value * factor, **maps, **facts)


def pixels_of(path, *arguments, **options):
    write_signal_comparison(path, *arguments, **options)
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        return np.asarray(picture).astype(int)


def row_of(pixels, row):
    return [pixels[TOP + row * STEP :][:SIDE, left : left + SIDE] for left in LEFT]


def test_the_size_of_the_sheet(tmp_path):
    portraits = [truth(), network(truth(), "SIREN")]
    height = TOP + 2 * STEP - 16 + 48 + 16
    assert pixels_of(tmp_path / "a.png", portraits, {}).shape == (height, 1600, 3)
    assert pixels_of(tmp_path / "b.png", portraits, {"SIREN": []}).shape == (height, 1600, 3)
    assert pixels_of(tmp_path / "c.png", portraits, {"SIREN": [(1, 2)]}).shape == (height + 436, 1600, 3)


def test_a_network_that_equals_the_truth_has_its_panels(tmp_path):
    pixels = pixels_of(tmp_path / "a.png", [truth(), network(truth(), "a", 3.0), network(truth(), "b")], {})
    first, second, third = (row_of(pixels, row) for row in range(3))
    for k in range(3):
        assert len(np.unique(first[k].reshape(-1, 3), axis=0)) > 40
        assert (first[k] == third[k]).all()
        assert not (first[k] == second[k]).all()


def test_the_scale_is_that_of_the_truth(tmp_path):
    flat = SignalPortrait("truth", np.ones((2, 2, 1)), np.ones((2, 2)), np.zeros((2, 2)))
    pixels = pixels_of(
        tmp_path / "a.png", [flat, network(flat, "none", 0.0), network(flat, "twice", 2.0)], {}
    )
    for row, colour in enumerate((SEQUENTIAL[-1], SEQUENTIAL[0], SEQUENTIAL[-1])):
        assert (row_of(pixels, row)[1] == colour).all()


def test_six_networks_have_the_colours_of_their_lines(tmp_path):
    portraits = [truth(1, 40)] + [network(truth(1, 40), name) for name in NAMES]
    curves = {name: [(0.0, 10.0), (60.0, 20.0 + 5 * k)] for k, name in enumerate(NAMES)}
    pixels = pixels_of(tmp_path / "a.png", portraits, curves)
    chart = pixels.shape[0] - 436
    for k, colour in enumerate(LINES):
        rows, columns = np.nonzero((pixels == colour).all(2))
        assert (rows > chart).sum() > 500
        beside = rows[(columns < LEFT[0]) & (rows < chart)]
        step = 8 * 22 + 16
        assert len(beside)
        assert TOP + (k + 1) * step <= beside.min() <= beside.max() < TOP + (k + 2) * step


@pytest.mark.parametrize("shape", [(1, 1, 1), (3000, 2, 3), (2, 3000, 4), (5, 5, 2)])
def test_extreme_shapes(tmp_path, shape):
    portraits = [truth(*shape), network(truth(*shape), "a name that is far too long to stand beside its row")]
    pixels = pixels_of(tmp_path / "a.png", portraits, {"no row of this name": [(1.0, np.nan)]})
    assert pixels.shape[1] == 1600
    assert (pixels[: -(436 + 64), 250:258] == pixels[0, 0]).all()  # names end before the panels


def test_portraits_of_different_shapes_or_none(tmp_path):
    for portraits in ([], [truth(), truth(8, 9)], [truth(), truth(channels=1)]):
        with pytest.raises(ValueError, match="of one shape"):
            write_signal_comparison(tmp_path / "a.png", portraits, {})
    assert not list(tmp_path.iterdir())
