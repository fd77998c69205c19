from __future__ import annotations

import numpy as np

from sdf_siren.signals import AUDIO, SampleFormat, Signal
from sdf_siren.stages.read_audio import ReadAudio


def test_call(stand_in, context, said):
    signal = Signal(np.zeros((12000, 2)), AUDIO, format=SampleFormat(-1, 1, 16, rate=8000), notes=("loud",))
    calls = stand_in("sdf_siren.io", read_audio=signal)
    assert ReadAudio().run({}, context) == {"signal": signal}
    assert calls == [("read_audio", (context.input,), {})]
    assert said("note") == [{"text": "loud"}]
    assert ReadAudio().plan({"signal": signal}, context) == ["12,000 samples at 8000 per second, 1.50 s x 2"]
