from __future__ import annotations

from sdf_siren.stages.write_mesh import WriteMesh


def test_call(stand_in, context, said, tmp_path):
    calls = stand_in("sdf_siren.io", write_mesh=("single precision",), check_mesh_path=None)
    stage = WriteMesh()
    stage.check(context)
    assert stage.run({"mesh": "mesh"}, context) == {}
    output = tmp_path / "mesh.ply"
    assert calls == [("check_mesh_path", (output,), {}), ("write_mesh", ("mesh", output), {})]
    assert said("note") == [{"text": "single precision"}]
    assert stage.plan({}, context) == [str(output)]
