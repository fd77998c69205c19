from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.metrics import Rendition
from sdf_siren.signals import AUDIO, IMAGE, Signal
from sdf_siren.stages.extract_image import ExtractImage

SIGNAL = Signal(np.zeros((6, 8, 1)), IMAGE)


@pytest.mark.parametrize(
    ("options", "shape"),
    [({}, (6, 8)), ({"region": (1.0, 2.0, 5.0, 6.0)}, (4, 4)), ({"size": "8x6"}, (6, 8))],
)
def test_call(stand_in, context, options, shape):
    found = Rendition(np.ones((*shape, 1), np.float32))
    calls = stand_in("sdf_siren.metrics", render_view=found, rendition_bytes=7, check_smooth=None)
    given = ExtractImage(**options).run({"field": "field", "signal": SIGNAL}, context)
    assert given["maps"] == {}
    assert given["image"].samples.shape == (*shape, 1)
    assert [name for name, _, _ in calls] == ["rendition_bytes", "check_smooth", "render_view"]
    _, (field, view), keywords = calls[-1]
    assert (field, view.shape) == ("field", shape)
    assert keywords == {"derivatives": False, "device": context.device, "progress": context.progress}
    assert calls[0][1] == (calls[-1][1][1], 1, False)


def test_on_the_device_of_the_run(stand_in, context):
    found = Rendition(np.ones((6, 8, 1), np.float32))
    calls = stand_in("sdf_siren.metrics", render_view=found, rendition_bytes=7, check_smooth=None)
    ExtractImage().run({"field": "field", "signal": SIGNAL}, replace(context, device="cuda:1"))
    assert calls[-1][2]["device"] == "cuda:1"


def test_maps(stand_in, context):
    found = Rendition(np.ones((6, 8, 1), np.float32), "gradient", "laplacian")
    calls = stand_in("sdf_siren.metrics", render_view=found, rendition_bytes=7, check_smooth=None)
    stage = ExtractImage(export="laplacian, gradient")
    given = stage.run({"field": "field", "signal": SIGNAL}, context)
    assert given["maps"] == {"laplacian": "laplacian", "gradient": "gradient"}
    assert calls[-1][2]["derivatives"] is True


def test_what_memorises_is_not_shown_between_the_samples(context):
    field = SimpleNamespace(record={"settings": {"smooth": False}})
    with pytest.raises(UsageError, match="smooth"):
        ExtractImage(size="20x20").run({"field": field, "signal": SIGNAL}, context)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": "large"}, "WIDTHxHEIGHT"),
        ({"size": "0x4"}, "WIDTHxHEIGHT"),
        ({"size": "100000x100000"}, "million numbers"),
        ({"region": (0.0, 0.0, 9.0, 6.0)}, "region"),
        ({"region": (3.0, 0.0, 3.0, 6.0)}, "region"),
    ],
)
def test_refused_before_the_work(context, options, message):
    with pytest.raises(UsageError, match=message):
        ExtractImage(**options).settled({"signal": SIGNAL}, context)


def test_unknown_maps_are_refused(context):
    with pytest.raises(UsageError, match="did you mean gradient"):
        ExtractImage(export="gradeint").settled({"signal": SIGNAL}, context)


def test_a_sound_has_no_maps(context):
    sound = Signal(np.zeros((6, 1)), AUDIO)
    with pytest.raises(UsageError, match="expected an image"):
        ExtractImage(export="gradient").settled({"signal": sound}, context)
    with pytest.raises(UsageError, match="a sound has neither"):
        ExtractImage(size="3x3").settled({"signal": sound}, context)


def test_settled_as_it_is_and_plan(context):
    stage = ExtractImage(size="1000x2000")
    assert stage.settled({"signal": SIGNAL}, context) is stage
    assert stage.plan({"signal": SIGNAL}, context) == ["1000 x 2000, 8 MB"]
