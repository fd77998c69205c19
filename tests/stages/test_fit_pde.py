from __future__ import annotations

import inspect
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.errors import UsageError
from sdf_siren.stages.fit_pde import FitPde

SOLVED = SimpleNamespace(solver="least_squares", reason="it is linear", indicator=1e-12)


def test_call(stand_in, context, said, tmp_path):
    calls = stand_in("sdf_siren.fitting", solve_problem=SOLVED)
    assert FitPde(tolerance=1e-6, width=40).run({"problem": "problem"}, context) == {"solved": SOLVED}
    ((name, args, given),) = calls
    assert (name, args) == ("solve_problem", ("problem",))
    assert given == {
        "solver": "auto",
        "tolerance": 1e-6,
        "width": 40,
        "seed": 5,
        "progress": context.progress,
        "checkpoint": tmp_path / "fit.checkpoint",
        "resume": True,
    }
    assert said("note") == [{"text": "it is linear"}]
    assert said("measures") == [{"solver": "least_squares", "reason": "it is linear", "indicator": 1e-12}]


def test_no_checkpoint_without_a_folder(stand_in, context):
    calls = stand_in("sdf_siren.fitting", solve_problem=SOLVED)
    FitPde().run({"problem": "problem"}, replace(context, folder=None))
    assert calls[0][2]["checkpoint"] is None


def test_the_call_takes_what_the_stage_gives():
    from sdf_siren.fitting import solve_problem

    known = set(inspect.signature(solve_problem).parameters)
    assert {"solver", "tolerance", "width", "seed", "progress", "checkpoint", "resume"} <= known


def test_a_gpu_is_refused_before_the_work(context):
    FitPde().check(replace(context, device="auto"))
    with pytest.raises(UsageError, match="--device cuda:1"):
        FitPde().check(replace(context, device="cuda:1"))


def test_plan(context):
    assert FitPde().plan({}, context) == ["solver auto, to 1e-10"]
    assert FitPde(width=400).plan({}, context) == ["solver auto, to 1e-10, at most 400 units"]
