from __future__ import annotations

import numpy as np

from sdf_siren.signals import VIDEO, SampleFormat, Signal
from sdf_siren.stages.read_video import ReadVideo


def test_call(stand_in, context, said):
    signal = Signal(np.zeros((5, 2, 3, 1)), VIDEO, format=SampleFormat(rate=12.5), notes=("repeated",))
    calls = stand_in("sdf_siren.io", read_video=signal)
    assert ReadVideo().run({}, context) == {"signal": signal}
    assert calls == [("read_video", (context.input,), {})]
    assert said("note") == [{"text": "repeated"}]
    assert ReadVideo().plan({"signal": signal}, context) == ["5 frames of 3 x 2 pixels, 12.5 per second"]
