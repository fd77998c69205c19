from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.stages.extract_mesh import ExtractMesh

EXTRACTION = SimpleNamespace(
    mesh="mesh", evaluations=10, components_removed=2, notes=("removed 2",), openness="wide"
)


@pytest.mark.parametrize("points", [None, "cloud"])
def test_call(stand_in, context, said, points):
    calls = stand_in("sdf_siren.meshing", extract=EXTRACTION, scan_support="support")
    artifacts = {"field": "field"} | ({"points": points} if points else {})
    found = ExtractMesh(resolution=64).run(artifacts, context)
    assert found == {"mesh": "mesh", "support": "support", "openness": "wide"}
    options = {"flatness": None, "surface": "whole", "support": "support"}
    options |= {"device": "cpu", "progress": context.progress}
    assert calls == [("scan_support", ("field", points), {}), ("extract", ("field", 64), options)]
    assert said("note") == [{"text": "removed 2"}]
    assert said("measures") == [{"evaluations": 10, "components_removed": 2}]


@pytest.mark.parametrize("kind", ["closed", "open", "auto"])
def test_what_will_be_cut_off_need_not_be_made(stand_in, context, kind):
    calls = stand_in("sdf_siren.meshing", extract=EXTRACTION, scan_support=None)
    ExtractMesh().run({"field": "field"}, replace(context, options={"filter.surface": {"kind": kind}}))
    assert calls[1][2]["surface"] == kind


def test_plan(context):
    assert ExtractMesh().plan({}, context) == [
        "resolution 180 or as the detail asks, finer where the surface bends"
    ]
    assert ExtractMesh(resolution=64).plan({}, context) == ["resolution 64"]
