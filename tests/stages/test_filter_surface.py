from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.stages.filter_surface import FilterSurface


@pytest.mark.parametrize("made_up", [0.3, None])
def test_call(stand_in, context, said, made_up):
    limited = SimpleNamespace(mesh="less", kind="open", made_up=made_up, notes=("cut off",))
    calls = stand_in("sdf_siren.meshing", limit=limited)
    artifacts = {"field": "field", "mesh": "mesh", "support": "support", "openness": "wide"}
    assert FilterSurface().run({**artifacts, "points": "cloud"}, context) == {"mesh": "less"}
    assert FilterSurface(kind="open").run({**artifacts, "openness": None}, context) == {"mesh": "less"}
    assert calls == [
        ("limit", ("mesh", "field", "support", "auto", "wide"), {}),
        ("limit", ("mesh", "field", "support", "open", None), {}),
    ]
    assert said("note") == [{"text": "cut off"}] * 2
    assert said("measures")[0] == {"surface": "open"} | ({} if made_up is None else {"made_up": made_up})


def test_a_flat_scan_is_refused_before_the_work_if_it_is_to_be_closed(context):
    flat = PointCloud(np.random.default_rng(0).uniform(size=(50, 3)) * [1, 1, 0])
    with pytest.raises(InputError, match="one plane"):
        FilterSurface(kind="closed").settled({"points": flat}, context)
    for kind in ("auto", "open"):
        stage = FilterSurface(kind=kind)
        assert stage.settled({"points": flat}, context) is stage
    FilterSurface(kind="closed").settled({}, context)


def test_plan(context):
    assert FilterSurface(kind="closed").plan({}, context) == []
    assert "cut off" in FilterSurface().plan({}, context)[0]
