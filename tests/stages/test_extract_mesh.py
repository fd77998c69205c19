from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.stages.extract_mesh import ExtractMesh


def test_call(stand_in, context, said):
    extraction = SimpleNamespace(mesh="mesh", evaluations=10, components_removed=2, notes=("removed 2",))
    calls = stand_in("sdf_siren.meshing", extract=extraction)
    assert ExtractMesh(resolution=64).run({"field": "field"}, context) == {"mesh": "mesh"}
    options = {"flatness": None, "closed": False, "device": "cpu", "progress": context.progress}
    assert calls == [("extract", ("field", 64), options)]
    assert said("note") == [{"text": "removed 2"}]
    assert said("measures") == [{"evaluations": 10, "components_removed": 2}]


@pytest.mark.parametrize(("kind", "closed"), [("closed", True), ("open", False), ("auto", False)])
def test_a_surface_that_is_to_be_closed_is_closed_in_the_cube(stand_in, context, kind, closed):
    extraction = SimpleNamespace(mesh="mesh", evaluations=10, components_removed=0, notes=())
    calls = stand_in("sdf_siren.meshing", extract=extraction)
    ExtractMesh().run({"field": "field"}, replace(context, options={"filter.surface": {"kind": kind}}))
    assert calls[0][2]["closed"] == closed


def test_plan(context):
    assert ExtractMesh().plan({}, context) == [
        "resolution 180 or as the detail asks, finer where the surface bends"
    ]
    assert ExtractMesh(resolution=64).plan({}, context) == ["resolution 64"]
