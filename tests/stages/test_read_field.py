from __future__ import annotations

from sdf_siren.stages.read_field import ReadField


def test_call(stand_in, context, tmp_path):
    stand_in("sdf_siren.fields", choose_device="cpu")
    calls = stand_in("sdf_siren.io", load_field="field")
    assert ReadField().run({}, context) == {"field": "field"}
    assert calls == [("load_field", (tmp_path / "scan.ply",), {"device": "cpu"})]
