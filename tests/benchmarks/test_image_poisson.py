"""The image Poisson sheet: four networks that are told derivatives alone."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from image_poisson import image_poisson
from PIL import Image


@pytest.mark.parametrize("told", ["gradient", "laplacian"])
def test_a_sheet(tmp_path, told):
    words = ["-o", str(tmp_path / "a.png"), "--told", told, "--pixels", "24", "--seconds", "0.3"]
    result = CliRunner().invoke(image_poisson, [*words, "--parameters", "1000"], catch_exceptions=False)
    assert result.exit_code == 0
    figures = json.loads(result.stdout)
    assert list(figures) == ["told", "pixels", "SIREN", "ReLU", "tanh", "ReLU, positional encoding"]
    assert figures["pixels"] == [24, 24]
    assert figures["SIREN"]["steps"] >= 1
    assert figures["ReLU"]["value"] > 3  # the mean alone, which derivatives leave open, is worth as much
    with Image.open(tmp_path / "a.png") as sheet:
        assert sheet.width == 1600
