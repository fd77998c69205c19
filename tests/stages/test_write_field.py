from __future__ import annotations

from sdf_siren.stages.write_field import WriteField


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.io", write_field=None)
    assert WriteField().run({"field": "field"}, context) == {}
    assert calls == [("write_field", ("field", tmp_path / "field.safetensors"), {})]
