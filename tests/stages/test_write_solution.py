from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.write_solution import WriteSolution


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.io", write_solution=None)
    artifacts = {"solved": SimpleNamespace(solution="solution")}
    assert WriteSolution().run(artifacts, context) == {}
    assert calls == [
        ("write_solution", ("solution", tmp_path / "scan.ply", tmp_path / "field.safetensors"), {})
    ]
