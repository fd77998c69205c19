from __future__ import annotations

import math
from types import SimpleNamespace

from sdf_siren.stages.write_comparison import WriteComparison


def test_call(stand_in, context, said, tmp_path):
    truth = SimpleNamespace(name="truth")
    figures = {"psnr": (40.0, 30.0, -math.inf), "scores": {"value": 40.0, "gradient": 30.0}}
    siren = SimpleNamespace(name="SIREN", parameters=5, steps=6, seconds=7.0, **figures)
    fits = stand_in("sdf_siren.fitting", compare_networks=([truth, siren], {"SIREN": [(0.1, 9.0)]}))
    drawn = stand_in("sdf_siren.render", write_signal_comparison=None)
    signal = SimpleNamespace(format=SimpleNamespace(low=-1.0, high=3.0))
    path = tmp_path / "mesh_comparison.png"
    stage = WriteComparison(seconds=2.0, quality="high", parameters=9)
    assert stage.writes(context) == (path,)
    assert stage.run({"signal": signal}, context) == {}
    ((_, args, given),) = fits
    given.pop("report")(siren)
    assert said("note") == [{"text": "SIREN: 40.0 dB"}]
    assert args == (signal, 2.0)
    assert given == {"seed": 5, "device": "cpu", "quality": "high", "parameters": 9}
    ends = {"low": -1.0, "high": 3.0}
    assert drawn == [
        ("write_signal_comparison", (path, [truth, siren], {"SIREN": [(0.1, 9.0)]}), ends),
    ]
    assert said("measures") == [
        {"comparison": {"SIREN": [5, 6, 7.0, figures["scores"]]}, "comparison_sheet": str(path)}
    ]
    assert stage.plan({}, context) == ["four fits of 2 s each", str(path)]
