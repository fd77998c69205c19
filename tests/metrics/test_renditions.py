"""Renditions: a field in parts is the field, and what memorises is not shown between its samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from sdf_siren.errors import UsageError
from sdf_siren.fields import SignalField, SirenShape, initialise
from sdf_siren.frames import GridFrame
from sdf_siren.metrics import extract_image, render_view, rendition_bytes, renditions, signal_error
from sdf_siren.signals import IMAGE, SampleFormat, Signal
from sdf_siren.signals.view import view_of

SHAPE = (11, 7)
META = torch.device("meta")
FORM = SampleFormat(0.0, 2.0, 16, icc_profile=b"colours")


def field_of(**record):
    network = initialise(SirenShape(2, 3, 10, 1), seed=0)
    return SignalField(network, GridFrame.fitting(SHAPE), 0.0, 2.0, ("row", "column"), record)


@pytest.mark.parametrize("band", [1, 40, 10**6])
def test_bands_make_no_difference(monkeypatch, band):
    monkeypatch.setattr(renditions, "_BAND", band)
    field, view, reports = field_of(), view_of(SHAPE, (13, 9)), []
    found = render_view(field, view, derivatives=True, progress=reports.append)
    places = np.stack([a.ravel() for a in np.meshgrid(*view.axes, indexing="ij")], axis=1)
    known = field.derivatives(places)
    for part, whole in zip((found.values, found.gradient, found.laplacian), known, strict=True):
        assert part.dtype == np.float32
        np.testing.assert_allclose(part.reshape(whole.shape), whole, rtol=1e-5, atol=1e-5)
    assert (reports[-1].done, reports[-1].total) == (13, 13)
    assert len(reports) == -(-13 // max(1, band // 9))


def test_values_alone():
    found = render_view(field_of(), view_of(SHAPE))
    assert found.values.shape == (*SHAPE, 3)
    assert found.gradient is None
    assert found.laplacian is None


class TestDevice:
    """There need be no other device here, so a network is watched that says where it is moved to."""

    @pytest.fixture
    def moves(self, monkeypatch):
        moves = []
        monkeypatch.setattr(renditions, "choose_device", lambda device: moves.append(device) or META)
        return moves

    def test_the_field_is_evaluated_where_it_is_asked_for(self, moves):
        field = field_of()
        with pytest.raises(NotImplementedError, match="meta"):  # numbers of which there is only the shape
            render_view(field, view_of(SHAPE), device="cuda:1")
        assert moves == ["cuda:1"]
        assert field.network.device.type == "cpu"

    def test_so_is_the_likeness(self, moves):
        field = field_of()
        signal = Signal(field.on_grid(field.frame.axes()), IMAGE, format=FORM)
        with pytest.raises(NotImplementedError, match="meta"):
            signal_error(field, signal, device="cuda:1")
        assert moves == ["cuda:1"]

    def test_by_itself_it_stays_where_it_is(self, moves):
        render_view(field_of(), view_of(SHAPE))
        assert moves == []

    def test_one_that_is_there_is_not_copied(self):
        field = field_of()
        assert renditions.placed(field, "cpu") is field

    def test_one_that_this_machine_lacks(self):
        with pytest.raises(UsageError, match="cuda:77"):
            render_view(field_of(), view_of(SHAPE), device="cuda:77")


def test_size_is_known_and_bounded():
    view = view_of(SHAPE, (4096, 4096))
    assert rendition_bytes(view, 1, False) == 4 * 4096**2
    assert rendition_bytes(view, 3, True) == 4 * 4096**2 * 12
    rendition_bytes(view_of(SHAPE, (14_000, 14_000)), 4, False)
    with pytest.raises(UsageError, match="800 million numbers"):
        rendition_bytes(view_of(SHAPE, (15_000, 15_000)), 4, False)
    with pytest.raises(UsageError, match="20000 x 20000"):
        render_view(field_of(), view_of(SHAPE, (20_000, 20_000)))


def test_extract_image_stores_alike():
    field = field_of(settings={"smooth": True}, format=FORM.to_json(), source="photo.png")
    found = extract_image(field, (22, 14), (0, 0, 7, 11))
    assert found.samples.shape == (22, 14, 3)
    assert (found.format, found.axes, found.source) == (FORM, field.axes, "photo.png")
    np.testing.assert_array_equal(found.samples, render_view(field, view_of(SHAPE, (22, 14))).values)


@pytest.mark.parametrize("record", [{}, {"settings": {"smooth": False}}, {"settings": {"smooth": "yes"}}])
def test_what_memorises_is_shown_at_its_samples_only(record):
    field = field_of(**record)
    whole = extract_image(field)
    assert whole.samples.shape == (*SHAPE, 3)
    part = extract_image(field, region=(1, 2, 5, 9)).samples
    np.testing.assert_allclose(part, whole.samples[2:9, 1:5], rtol=1e-5, atol=1e-6)
    with pytest.raises(UsageError, match="smooth=True"):
        extract_image(field, (22, 14))
    assert extract_image(replace(field, record={})).format.floating
