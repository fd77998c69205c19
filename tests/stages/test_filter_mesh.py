from __future__ import annotations

from sdf_siren.stages.filter_mesh import FilterMesh


def test_call(stand_in, context, said):
    calls = stand_in("sdf_siren.meshing", finished=("finished", ("one note",)))
    stage = FilterMesh(components=2, holes=True, widest_hole=0.5, smooth=3, faces=100)
    assert stage.run({"mesh": "mesh", "field": "field"}, context) == {"mesh": "finished"}
    options = {"components": 2, "holes": True, "widest_hole": 0.5, "smooth": 3, "faces": 100}
    assert calls == [("finished", ("mesh", "field"), {**options, "device": "cpu"})]
    assert said("note") == [{"text": "one note"}]


def test_plan(context):
    assert FilterMesh().plan({}, context) == ["nothing asked for"]
    stage = FilterMesh(components=2, holes=True, smooth=3, faces=1000)
    (line,) = stage.plan({}, context)
    assert line == "2 components at most, holes filled, 3 rounds of smoothing, 1,000 faces at most"
