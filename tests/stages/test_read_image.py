from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.signals import IMAGE, SampleFormat, Signal
from sdf_siren.stages.read_image import ReadImage


def test_call(stand_in, context, said):
    signal = Signal(np.zeros((3, 4, 1)), IMAGE, notes=("two frames",))
    calls = stand_in("sdf_siren.io", read_image=signal)
    assert ReadImage().run({}, context) == {"signal": signal}
    assert calls == [("read_image", (context.input,), {})]
    assert said("note") == [{"text": "two frames"}]


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        (SampleFormat(bits=16), "3 x 16 bits"),
        (SampleFormat(bits=32, floating=True), "3 x floating-point numbers"),
    ],
)
def test_plan(context, form, kind):
    signal = Signal(np.zeros((3, 4, 3)), IMAGE, format=form)
    assert ReadImage().plan({"signal": signal}, context) == [f"4 x 3 pixels of {kind}"]
