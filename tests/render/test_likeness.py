from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sdf_siren.metrics import Rendition
from sdf_siren.render import write_likeness
from sdf_siren.signals import SampleFormat

RNG = np.random.default_rng(0)
FORM = SampleFormat(rate=100.0)


@pytest.mark.parametrize("shape", [(90, 1), (12, 15, 3), (3, 8, 9, 1)])
def test_every_kind_has_a_sheet(tmp_path, shape):
    true = RNG.uniform(size=shape).astype(np.float32)
    found = Rendition(true, np.zeros((*shape, 2), np.float32), np.zeros(shape, np.float32))
    write_likeness(tmp_path / "s.png", true, found, FORM, psnr=30.0)
    with Image.open(tmp_path / "s.png") as picture:
        assert picture.width == 1600


def test_an_image_needs_derivatives(tmp_path):
    true = np.zeros((4, 4, 1), np.float32)
    with pytest.raises(ValueError, match="derivatives"):
        write_likeness(tmp_path / "s.png", true, Rendition(true), FORM, psnr=30.0)
    assert not list(tmp_path.iterdir())
