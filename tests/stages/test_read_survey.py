from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.read_survey import ReadSurvey


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.io", read_inverse_problem="problem", array_files=("waves.npz",))
    assert ReadSurvey().reads(context) == ("waves.npz",)
    assert ReadSurvey().run({}, context) == {"problem": "problem"}
    path = tmp_path / "scan.ply"
    assert calls == [("array_files", (path,), {}), ("read_inverse_problem", (path,), {})]


def test_plan(context):
    survey = SimpleNamespace(sources=[1, 2], receivers=[1, 2, 3], wavelength=0.5236)
    problem = SimpleNamespace(title="T", survey=survey, exact=None)
    assert ReadSurvey().plan({"problem": problem}, context) == [
        "T",
        "2 sources, 3 receivers, wavelength 0.524; squared slowness unknown",
    ]
