from __future__ import annotations

import inspect
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.errors import UsageError
from sdf_siren.stages.fit_slowness import FitSlowness

FOUND = SimpleNamespace(misfit=0.02, strength=1e-3, held_out=0.03)


def problem():
    return SimpleNamespace(survey=SimpleNamespace(expectations=["blurred"]))


def test_call(stand_in, context, said, tmp_path):
    calls = stand_in("sdf_siren.fitting", recover_slowness=FOUND)
    given = problem()
    assert FitSlowness(units=50).run({"problem": given}, context) == {"recovered": FOUND}
    ((name, args, options),) = calls
    assert (name, args) == ("recover_slowness", (given,))
    assert options == {
        "units": 50,
        "steps": 3,
        "strength": None,
        "seed": 5,
        "progress": context.progress,
        "checkpoint": tmp_path / "fit.checkpoint",
        "resume": True,
    }
    assert said("note") == [{"text": "blurred"}]
    assert said("measures") == [{"misfit": 0.02, "strength": 1e-3, "held_out_misfit": 0.03}]


def test_a_given_strength_holds_no_receivers_out(stand_in, context, said):
    calls = stand_in("sdf_siren.fitting", recover_slowness=FOUND)
    FitSlowness(strength=1e-3).run({"problem": problem()}, replace(context, folder=None))
    assert calls[0][2]["checkpoint"] is None
    assert said("measures") == [{"misfit": 0.02, "strength": 1e-3}]


def test_the_call_takes_what_the_stage_gives():
    from sdf_siren.fitting import recover_slowness

    known = inspect.signature(recover_slowness).parameters
    for name in ("units", "steps", "strength"):
        assert known[name].default == getattr(FitSlowness(), name)


def test_a_gpu_is_refused_before_the_work(context):
    FitSlowness().check(replace(context, device="auto"))
    with pytest.raises(UsageError, match="--device cuda"):
        FitSlowness().check(replace(context, device="cuda"))


def test_plan(context):
    assert FitSlowness().plan({}, context) == [
        "3 steps of Gauss-Newton, 120 units, regularisation chosen by receivers held out"
    ]
    assert FitSlowness(strength=0.01).plan({}, context)[0].endswith("regularisation 0.01")
