from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.extract_slowness import ExtractSlowness


def test_call(stand_in, context):
    calls = stand_in("sdf_siren.metrics", slowness_grid="grid")
    artifacts = {"problem": "problem", "recovered": SimpleNamespace(slowness="slowness")}
    assert ExtractSlowness(resolution=20).run(artifacts, context) == {"grid": "grid"}
    assert calls == [("slowness_grid", ("problem", "slowness", 20), {})]
