from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.stages.write_plots import WritePlots


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.render", write_sheet=None)
    artifacts = {"grid": "grid", "solved": SimpleNamespace(history=["trial"])}
    assert WritePlots().run(artifacts, context) == {}
    assert calls == [("write_sheet", ("grid", tmp_path / "preview.png", ["trial"]), {})]
