"""``reconstruct view FIELD``: real stages, on the field of a very small image."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren import extract_image, fit_image, load_signal_field, read_image, write_signal_field
from sdf_siren.cli.main import main


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A folder with a smooth fit and one that memorises."""
    folder = tmp_path_factory.mktemp("fits")
    rows, columns = np.mgrid[:12, :16]
    picture = np.uint8(100 + 5 * rows + 3 * columns)
    for name, smooth in (("smooth", True), ("plain", False)):
        field = fit_image(picture, steps=20, width=16, depth=1, smooth=smooth)
        write_signal_field(field, folder / f"{name}.safetensors")
    return folder


def view(*words: object) -> int:
    return main(["view", *map(str, words), "--quiet"])


def test_the_fit_again(fitted, tmp_path):
    assert view(fitted / "plain.safetensors", "-o", tmp_path / "again.npy") == 0
    field = load_signal_field(fitted / "plain.safetensors")
    np.testing.assert_array_equal(
        read_image(tmp_path / "again.npy").samples.reshape(12, 16), extract_image(field).samples[..., 0]
    )


def test_a_part_at_another_size_with_maps(fitted, tmp_path):
    words = ("--region", 2, 1, 10, 9, "--size", "24x32", "--export", "gradient")
    assert view(fitted / "smooth.safetensors", "-o", tmp_path / "part.png", *words) == 0
    assert read_image(tmp_path / "part.png").shape == (32, 24)
    assert read_image(tmp_path / "part_gradient.png").shape == (32, 24)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part.png", "part_gradient.png"]


def test_what_memorises_is_not_shown_between_the_pixels(fitted, tmp_path, capsys):
    assert view(fitted / "plain.safetensors", "-o", tmp_path / "large.png", "--size", "64x64") == 2
    assert "fit with --smooth" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_another_file_is_refused(tmp_path, capsys):
    (tmp_path / "field.safetensors").write_text("no field")
    assert view(tmp_path / "field.safetensors", "-o", tmp_path / "view.png") == 3
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not (tmp_path / "view.png").exists()
