from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from sdf_siren.stages.measure_slowness import MeasureSlowness

ARTIFACTS = {"problem": "problem", "recovered": SimpleNamespace(slowness="slowness")}


@dataclass
class Error:
    relative_error: float = 0.1


def test_call(stand_in, context, said):
    calls = stand_in("sdf_siren.metrics", slowness_error=Error())
    assert MeasureSlowness().run(ARTIFACTS, context) == {}
    assert calls == [("slowness_error", ("problem", "slowness"), {})]
    assert said("measures") == [{"slowness": {"relative_error": 0.1}}]


def test_nothing_known(stand_in, context, said):
    stand_in("sdf_siren.metrics", slowness_error=None)
    MeasureSlowness().run(ARTIFACTS, context)
    assert said("measures") == []
