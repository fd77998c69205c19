from __future__ import annotations

from types import SimpleNamespace

import pytest

from sdf_siren.stages.filter_colours import FilterColours


def test_call(stand_in, context, said):
    calls = stand_in("sdf_siren.meshing", painted=("painted", ("one note",)))
    stage = FilterColours(intensity=True)
    assert stage.run({"mesh": "mesh", "points": "points"}, context) == {"mesh": "painted"}
    assert calls == [("painted", ("mesh", "points"), {"colours": True, "intensity": True})]
    assert said("note") == [{"text": "one note"}]


@pytest.mark.parametrize(
    ("coloured", "measured", "plan"),
    [
        (True, True, "colours and intensity"),
        (True, False, "colours"),
        (False, True, "intensity"),
        (False, False, "nothing to carry"),
    ],
)
def test_plan(context, coloured, measured, plan):
    points = SimpleNamespace(colours=coloured or None, intensity=measured or None)
    assert FilterColours(intensity=True).plan({"points": points}, context) == [plan]
    assert FilterColours(colours=False).plan({"points": points}, context) == ["nothing to carry"]
