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


def test_call(stand_in, context, tmp_path, said):
    problem = posed(notes=("splines",))
    calls = stand_in("sdf_siren.io", read_problem=problem, array_files=("f.npy",))
    assert ReadProblem().reads(context) == ("f.npy",)
    assert ReadProblem().run({}, context) == {"problem": problem}
    assert said("note") == [{"text": "splines"}]
    path = tmp_path / "scan.ply"
    assert calls == [("array_files", (path,), {}), ("read_problem", (path,), {})]


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
