from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.read_problem import ReadProblem


def posed(**changes):
    values = {
        "title": "Waves",
        "operator": SimpleNamespace(name="helmholtz", is_linear=True),
        "domain": SimpleNamespace(dimension=2, parts=("left", "right")),
        "exact": None,
    }
    return SimpleNamespace(**values | changes)


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.io", read_problem="problem")
    assert ReadProblem().run({}, context) == {"problem": "problem"}
    assert calls == [("read_problem", (tmp_path / "scan.ply",), {})]


def test_plan(context):
    assert ReadProblem().plan({"problem": posed()}, context) == [
        "Waves",
        "helmholtz, 2 coordinates, solution unknown",
        "boundary left, right",
    ]
    other = posed(
        operator=SimpleNamespace(name="poisson", is_linear=False),
        exact=len,
        domain=SimpleNamespace(dimension=3, parts=tuple(f"edge_{k}" for k in range(40))),
    )
    assert ReadProblem().plan({"problem": other}, context)[1:] == [
        "nonlinear poisson, 3 coordinates, solution known",
        "boundary of 40 parts",
    ]
