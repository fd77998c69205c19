from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from sdf_siren.metrics import SignalError
from sdf_siren.signals import IMAGE, Signal
from sdf_siren.stages.measure_image import MeasureImage

SIGNAL = Signal(np.zeros((2, 2, 1)), IMAGE)
LIKENESS = SimpleNamespace(thinned=False)


def test_call(stand_in, context, said):
    calls = stand_in("sdf_siren.metrics", signal_error=(SignalError(40.0, 41.0, 0.9), LIKENESS))
    given = MeasureImage().run({"field": "field", "signal": SIGNAL}, context)
    assert given == {"likeness": LIKENESS}
    assert calls == [("signal_error", ("field", SIGNAL, context.progress), {"device": context.device})]
    assert said("measures") == [{"psnr": 40.0, "psnr_up_to_constant": 41.0, "ssim": 0.9}]
    assert said("note") == []


def test_on_the_device_of_the_run(stand_in, context):
    calls = stand_in("sdf_siren.metrics", signal_error=(SignalError(40.0, 41.0), LIKENESS))
    MeasureImage().run({"field": "field", "signal": SIGNAL}, replace(context, device="cuda:1"))
    assert calls[0][2] == {"device": "cuda:1"}


def test_an_edit_is_held_against_its_classical_solution(stand_in, context, said):
    calls = stand_in("sdf_siren.metrics", signal_error=(SignalError(40.0, 41.0), LIKENESS))
    solution = np.arange(4.0).reshape(2, 2, 1)
    MeasureImage().run(
        {"field": "field", "signal": SIGNAL, "edit": SimpleNamespace(solution=solution)}, context
    )
    np.testing.assert_array_equal(calls[0][1][1].samples, solution)
    assert said("note") == [{"text": "measured against the classical solution of the edit"}]


def test_large_images_say_what_is_missing(stand_in, context, said):
    thinned = SimpleNamespace(thinned=True)
    stand_in("sdf_siren.metrics", signal_error=(SignalError(40.0, 41.0), thinned))
    MeasureImage().run({"field": "field", "signal": SIGNAL}, context)
    assert said("note") == [{"text": "derivatives were not measured: the signal is too large"}]
