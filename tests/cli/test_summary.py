"""What is said at the end of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdf_siren.cli.summary import outcome_lines
from sdf_siren.engine.run import Outcome


@pytest.mark.parametrize(
    ("surface", "watertight", "said"),
    [
        ("open", False, "open: 52.8 % of the surface is more than 3 spacings from the scan"),
        ("open", True, "52.8 % of the surface is filled in (more than 3 spacings from the scan)"),
        ("closed", True, "52.8 % of the surface is filled in (more than 3 spacings from the scan)"),
    ],
)
def test_a_mesh_is_open_or_watertight_and_not_both(surface: str, watertight: bool, said: str) -> None:
    measures = {
        "faces": 9,
        "watertight": watertight,
        "boundary_edges": 0 if watertight else 7,
        "components": 1,
    }
    measures |= {"surface": surface, "support": {"beyond": {"3": 0.528}}}
    mesh, support, *_ = outcome_lines(Outcome(Path("a.ply"), None, measures, {}))
    assert ("watertight" in mesh) is watertight
    assert support == said


def test_networks_beside_each_other_are_told_what_they_have_a_score_for() -> None:
    scores = {"value": None, "gradient": 31.25}  # where a fit is exact, the record has nothing
    row = {"comparison": {"SIREN": [5081, 70, 1.5, scores]}}
    lines = outcome_lines(Outcome(Path("a.png"), None, {"psnr": 80.0, "parameters": 9, **row}, {}))
    line = next(line for line in lines if "SIREN" in line)
    assert (
        " ".join(line.split()) == "SIREN value exact, gradient 31.25 dB (5,081 parameters, 70 steps, 1.5 s)"
    )
