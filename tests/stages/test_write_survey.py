from __future__ import annotations

from types import SimpleNamespace

import torch

from sdf_siren.stages.write_survey import WriteSurvey


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.render", Hearing="hearing", write_slowness_sheet=None)
    places = torch.zeros(2, 2)
    survey = SimpleNamespace(source_positions=places, receivers=places + 1)
    artifacts = {
        "problem": SimpleNamespace(survey=survey, heard=places + 2),
        "recovered": SimpleNamespace(predicted=places + 3),
        "grid": "grid",
    }
    assert WriteSurvey().run(artifacts, context) == {}
    assert [array.flat[0] for array in calls[0][1]] == [0, 1, 2, 3]
    assert calls[1] == ("write_slowness_sheet", ("grid", tmp_path / "preview.png", "hearing"), {})
