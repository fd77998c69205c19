from __future__ import annotations

from types import SimpleNamespace

import pytest

from sdf_siren.stages.extract_mesh import ExtractMesh


@pytest.mark.parametrize("scan", [True, False])
def test_call(stand_in, context, said, scan):
    extraction = SimpleNamespace(mesh="mesh", evaluations=10, components_removed=2, notes=("removed 2",))
    calls = stand_in("sdf_siren.meshing", extract=extraction)
    artifacts = {"field": "field"} | ({"points": SimpleNamespace(points="xyz")} if scan else {})
    assert ExtractMesh(resolution=64).run(artifacts, context) == {"mesh": "mesh"}
    options = {"near": "xyz" if scan else None, "crop": None, "progress": context.progress}
    assert calls == [("extract", ("field", 64), options)]
    assert said("note") == [{"text": "removed 2"}]
    assert said("measures") == [{"evaluations": 10, "components_removed": 2}]


def test_plan(context):
    assert ExtractMesh().plan({}, context) == ["resolution 256"]
