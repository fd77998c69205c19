from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from sdf_siren.stages.measure_pde import MeasurePde

ARTIFACTS = {"problem": "problem", "solved": SimpleNamespace(solution="solution")}


@dataclass
class Error:
    residual: float = 1.0
    relative_error: float | None = None


@dataclass
class Comparison:
    seconds: float = 2.0


def test_call(stand_in, context, said):
    calls = stand_in("sdf_siren.metrics", equation_error=Error(), compare_classical=None, no_classical=None)
    assert MeasurePde().run(ARTIFACTS, context) == {}
    assert calls == [("equation_error", ("problem", "solution"), {})]
    assert said("measures") == [{"residual": 1.0}]


def test_classical(stand_in, context, said):
    calls = stand_in(
        "sdf_siren.metrics",
        equation_error=Error(relative_error=0.5),
        compare_classical=Comparison(),
        no_classical=None,
    )
    MeasurePde(classical=True, classical_cells=20).run(ARTIFACTS, context)
    assert calls[-1] == ("compare_classical", ("problem", "solution", 20), {})
    assert said("measures") == [{"residual": 1.0, "relative_error": 0.5}, {"classical": {"seconds": 2.0}}]


def test_no_classical_reference_is_said(stand_in, context, said):
    calls = stand_in(
        "sdf_siren.metrics", equation_error=Error(), compare_classical=None, no_classical="it is round"
    )
    MeasurePde(classical=True).run(ARTIFACTS, context)
    assert [name for name, _, _ in calls] == ["equation_error", "no_classical"]
    assert said("note") == [{"text": "no classical reference: it is round"}]
