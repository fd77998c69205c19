"""Edits from files: units, channels and masks."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import read_edit, read_image, read_mask, write_image
from sdf_siren.signals import IMAGE, SampleFormat, Signal
from sdf_siren.signals.editing import clone, mix

RNG = np.random.default_rng(0)


@pytest.fixture
def stored(tmp_path):
    """Write an image of 8 bits under a name; gives its path."""

    def write(name, samples):
        path = tmp_path / name
        write_image(Signal(np.asarray(samples, float), IMAGE), path)
        return path

    return write


def picture(*shape):
    return RNG.integers(0, 256, shape) / 255


@pytest.fixture
def target(stored):
    return read_image(stored("target.png", picture(9, 11, 3)))


def test_clone(stored, target):
    pasted, inside = picture(5, 6, 3), np.zeros((5, 6, 1))
    inside[1:4, 2:5] = 1
    source, mask = stored("source.png", pasted), stored("mask.png", inside)
    found = read_edit(target, source=source, mask=mask, offset=(2, 3), guidance="mixed")
    known = clone(target.samples, read_image(source).samples, inside[..., 0] > 0, (2, 3), "mixed")
    np.testing.assert_array_equal(found.solution, known.solution)
    assert 0 < (~found.stays).sum() == inside.sum()


def test_mix(stored, target):
    other = stored("other.png", picture(9, 11, 3))
    known = mix(target.samples, read_image(other).samples)
    np.testing.assert_array_equal(read_edit(target, mix=other).solution, known.solution)


def test_grey_becomes_colour(stored, target):
    grey = picture(9, 11, 1)
    found = read_edit(target, mix=stored("grey.png", grey))
    colour = read_edit(target, mix=stored("colour.png", np.repeat(grey, 3, axis=-1)))
    np.testing.assert_array_equal(found.solution, colour.solution)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_masks(stored, channels):
    bright = np.zeros((4, 5, channels))
    bright[1, 2:] = 1
    expected = np.zeros((4, 5), bool)
    expected[1, 2:] = True
    np.testing.assert_array_equal(read_mask(stored("mask.png", bright)), expected)


def test_transparent_pixels_are_not_in_a_mask(stored):
    samples = np.ones((2, 3, 2))
    samples[0, :, 1] = 0
    np.testing.assert_array_equal(read_mask(stored("mask.png", samples)), [[False] * 3, [True] * 3])


def test_what_does_not_fit(stored, target, tmp_path):
    with pytest.raises(UsageError, match="found neither"):
        read_edit(target)
    with pytest.raises(UsageError, match="expected 3 channels"):
        read_edit(target, mix=stored("alpha.png", picture(9, 11, 4)))
    with pytest.raises(UsageError, match="shape"):
        read_edit(target, mix=stored("small.png", picture(3, 3, 3)))
    np.save(tmp_path / "float.npy", np.zeros((9, 11, 3), np.float32))
    with pytest.raises(UsageError, match="found floating-point numbers"):
        read_edit(target, mix=tmp_path / "float.npy")
    with pytest.raises(InputError, match="no such file"):
        read_edit(target, source=tmp_path / "nothing.png", mask=tmp_path / "nothing.png")


def test_floats_fit_floats(tmp_path):
    form = SampleFormat(0.0, 3.0, 32, True)
    target = Signal(RNG.uniform(0, 3, (4, 5, 1)), IMAGE, format=form)
    np.save(tmp_path / "other.npy", np.ones((4, 5), np.float32))
    assert read_edit(target, mix=tmp_path / "other.npy").solution.shape == (4, 5, 1)
