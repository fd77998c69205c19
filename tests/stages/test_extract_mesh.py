from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.extract_mesh import ExtractMesh


def test_call(stand_in, context, said):
    extraction = SimpleNamespace(mesh="mesh", evaluations=10, components_removed=2, notes=("removed 2",))
    calls = stand_in("sdf_siren.meshing", extract=extraction)
    assert ExtractMesh(resolution=64).run({"field": "field"}, context) == {"mesh": "mesh"}
    assert calls == [
        ("extract", ("field", 64), {"flatness": None, "device": "cpu", "progress": context.progress})
    ]
    assert said("note") == [{"text": "removed 2"}]
    assert said("measures") == [{"evaluations": 10, "components_removed": 2}]


def test_plan(context):
    assert ExtractMesh().plan({}, context) == [
        "resolution 256 or as the detail asks, finer where the surface bends"
    ]
    assert ExtractMesh(resolution=64).plan({}, context) == ["resolution 64"]
