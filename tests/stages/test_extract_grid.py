from __future__ import annotations

from types import SimpleNamespace

import pytest

from sdf_siren.errors import UsageError
from sdf_siren.stages.extract_grid import ExtractGrid


def test_call(stand_in, context):
    calls = stand_in("sdf_siren.metrics", solution_grid="grid")
    artifacts = {"problem": "problem", "solved": SimpleNamespace(solution="solution")}
    assert ExtractGrid(resolution=9).run(artifacts, context) == {"grid": "grid"}
    assert calls == [("solution_grid", ("problem", "solution", 9), {"progress": context.progress})]


def test_too_many_cells_are_refused_before_the_work(stand_in, context):
    stand_in("sdf_siren.metrics", grid_cells=UsageError("too many"))
    with pytest.raises(UsageError, match="too many"):
        ExtractGrid().settled({"problem": "problem"}, context)


def test_settled_as_it_is(stand_in, context):
    stand_in("sdf_siren.metrics", grid_cells=(4, 5))
    stage = ExtractGrid(resolution=7)
    assert stage.settled({"problem": "problem"}, context) is stage
    assert stage.plan({"problem": "problem"}, context) == ["4 x 5 cells"]
