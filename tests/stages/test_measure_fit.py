from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import pytest

from sdf_siren.stages.measure_fit import MeasureFit


@dataclass
class Topology:
    faces: int = 12
    watertight: bool = True


@pytest.mark.parametrize("scan", [True, False])
def test_call(stand_in, context, said, scan):
    residual = SimpleNamespace(median=1.0, p95=2.0, against=0.002)
    calls = stand_in("sdf_siren.metrics", topology=Topology(), fit_residual=residual)
    artifacts = {"field": "field", "mesh": "mesh"} | ({"points": "cloud"} if scan else {})
    assert MeasureFit().run(artifacts, context) == {}
    expected = [("topology", ("mesh",), {})] + [("fit_residual", ("field", "cloud"), {})] * scan
    assert calls == expected
    measures = {k: v for said_at_once in said("measures") for k, v in said_at_once.items()}
    residuals = {"residual_median": 1.0, "residual_p95": 2.0, "normals_against": 0.002} if scan else {}
    assert measures == {"faces": 12, "watertight": True} | residuals
    assert said("note") == []


def test_many_normals_against_the_surface_are_told(stand_in, context, said):
    residual = SimpleNamespace(median=1.0, p95=2.0, against=0.0512)
    stand_in("sdf_siren.metrics", topology=Topology(), fit_residual=residual)
    MeasureFit().run({"field": "field", "mesh": "mesh", "points": "cloud"}, context)
    (note,) = said("note")
    assert note["text"].startswith("5.1% of the scan's normals point against the fitted surface")
