"""Arrays that the calculus on grids is tested on: of one, two and three axes, with short axes among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHAPES = [(9, 1), (2, 3), (1, 2), (8, 7, 1), (6, 6, 3), (1, 5, 2), (3, 2, 1), (4, 5, 6, 2), (2, 1, 7, 1)]


@pytest.fixture(params=SHAPES, ids=lambda shape: "x".join(map(str, shape)))
def samples(request):
    """Random samples (n_1, .., n_d, c)."""
    return np.random.default_rng(7).standard_normal(request.param)


@pytest.fixture(scope="session")
def camera():
    """A photograph, (256, 256, 1) in 0..1: 2 x 2 means of data/images/camera.png."""
    path = Path(__file__).parents[2] / "data" / "images" / "camera.png"
    pixels = np.asarray(Image.open(path), dtype=np.float64) / 255
    return pixels.reshape(256, 2, 256, 2).mean(axis=(1, 3))[..., None]
