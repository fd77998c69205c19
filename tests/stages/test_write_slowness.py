from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.write_slowness import WriteSlowness


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.io", write_slowness=None)
    artifacts = {"recovered": SimpleNamespace(slowness="slowness")}
    assert WriteSlowness().run(artifacts, context) == {}
    assert calls == [("write_slowness", ("slowness", tmp_path / "field.safetensors"), {})]
