"""The signal: what is refused, and what a copy with other samples keeps."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sdf_siren.errors import InputError
from sdf_siren.signals import AUDIO, IMAGE, VIDEO, SampleFormat, Signal

SHAPES = {AUDIO: (50, 2), IMAGE: (4, 6, 3), VIDEO: (5, 4, 6, 1)}


@pytest.mark.parametrize("axes", list(SHAPES))
def test_shape_channels_and_frame(axes):
    signal = Signal(np.zeros(SHAPES[axes], np.float64), axes)
    assert signal.samples.dtype == np.float32
    assert signal.samples.flags.c_contiguous
    assert signal.shape == SHAPES[axes][:-1]
    assert signal.channels == SHAPES[axes][-1]
    assert signal.spacing == (1.0,) * len(axes)
    assert signal.frame.shape == signal.shape
    assert max(n * s for n, s in zip(signal.shape, signal.frame.step, strict=True)) == pytest.approx(2)


def test_the_frame_knows_the_shape_of_a_pixel():
    frame = Signal(np.zeros((10, 30, 1)), IMAGE, (2.0, 1.0)).frame
    assert frame.step[0] == pytest.approx(2 * frame.step[1])
    assert frame.step[1] == pytest.approx(2 / 30)


def test_other_samples_keep_the_format_and_drop_the_notes():
    form = SampleFormat(-2.0, 3.0, 32, True, b"profile")
    signal = Signal(np.zeros((4, 6, 3)), IMAGE, (1.0, 2.0), form, "photo.tif", ("read",))
    other = signal.with_samples(np.ones((8, 12, 3)))
    assert other.shape == (8, 12)
    assert (other.format, other.spacing, other.source) == (form, (1.0, 2.0), "photo.tif")
    assert other.notes == ()
    assert form.peak == 5.0


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3, 1), (0, 6, 3), (4, 6, 0)])
def test_arrays_of_other_ranks_are_refused(shape):
    with pytest.raises(InputError, match=r"^photo: expected samples along row, column and channels"):
        Signal(np.zeros(shape), IMAGE, source="photo")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(value):
    samples = np.zeros((4, 6, 3))
    samples[1, 2, 0] = value
    with pytest.raises(InputError, match="found NaN or infinity"):
        Signal(samples, IMAGE)


def test_spacing_of_another_rank_and_formats_without_extent_are_refused():
    with pytest.raises(InputError, match="expected 2 spacings"):
        Signal(np.zeros((4, 6, 3)), IMAGE, (1.0,))
    with pytest.raises(InputError, match="more than one value"):
        Signal(np.zeros((4, 6, 3)), IMAGE, format=SampleFormat(1.0, 1.0))


@pytest.mark.parametrize(
    "form",
    [
        SampleFormat(),
        SampleFormat(-3, 7, 32, True, b"\x00colours\xff"),
        SampleFormat(np.float32(-1), np.float64(1), 24, rate=44100),
    ],
)
def test_formats_survive_a_record(form):
    assert SampleFormat.from_json(json.loads(json.dumps(form.to_json()))) == form


def test_a_huge_profile_is_left_out_of_records():
    form = SampleFormat(icc_profile=bytes(2**20 + 1))
    assert SampleFormat.from_json(form.to_json()) == SampleFormat()


@pytest.mark.parametrize(
    "change",
    [{"bits": "8"}, {"floating": 1}, {"low": None}, {"icc_profile": "!"}, {"icc_profile": 7}, {"more": 1}],
)
def test_records_that_are_no_format(change):
    with pytest.raises(InputError, match="expected a sample format"):
        SampleFormat.from_json({**SampleFormat().to_json(), **change})
