from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import OutOfMemoryError
from sdf_siren.io.points import MAX_POINTS
from sdf_siren.stages.read_points import ReadPoints


@pytest.fixture
def context(context):
    """Of a run that is not resumed."""
    return replace(context, resume=False)


def free(stand_in, size, fitting=None):
    """So much memory, and so many points that fit into it."""
    stand_in("sdf_siren.memory", bytes_free=size, points_within=fitting)


def test_call(stand_in, context, said, tmp_path):
    free(stand_in, None)
    cloud = PointCloud(np.array([[0.0, 0, 0], [1, 2, 3]]), notes=("dropped 3 rows",))
    calls = stand_in("sdf_siren.io", read_points=cloud)
    stage = ReadPoints(mesh_as_scan=True, crop=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0), max_points=99)
    given = stage.run({}, context)
    assert given == {"points": cloud, "drawn": None}
    assert stage.settled(given, context) == stage
    assert calls == [
        (
            "read_points",
            (tmp_path / "scan.ply",),
            {"mesh_as_scan": True, "crop": (0.0, 0.0, 0.0, 1.0, 1.0, 1.0), "max_points": 99},
        )
    ]
    assert said("note") == [{"text": "dropped 3 rows"}]
    assert stage.plan(given, context) == ["2 points, extent 1 x 2 x 3"]


def test_fewer_points_than_fit_are_as_many_as_asked_for(stand_in, context, said):
    free(stand_in, 10**10, 10**7)
    calls = stand_in("sdf_siren.io", read_points=PointCloud(np.eye(3)))
    ReadPoints(max_points=99).run({}, context)
    assert calls[0][2]["max_points"] == 99
    assert said("note") == []


@pytest.mark.parametrize("drawn", [True, False])
def test_no_more_points_than_fit_are_read(stand_in, context, said, drawn):
    free(stand_in, 10**9, 50)
    notes = ("50 of 99 points were kept, drawn at random",) if drawn else ()
    calls = stand_in("sdf_siren.io", read_points=PointCloud(np.eye(3), notes=notes))
    given = ReadPoints().run({}, context)
    assert calls[0][2]["max_points"] == 50
    assert any("--max-points 50" in note["text"] for note in said("note")) == drawn
    assert ReadPoints().settled(given, context).max_points == (50 if drawn else MAX_POINTS)


def test_a_resumed_run_draws_as_many_points_as_before_however_much_is_free(stand_in, context):
    free(stand_in, 10**9, 20)
    calls = stand_in("sdf_siren.io", read_points=PointCloud(np.eye(3), notes=("drawn at random",)))
    given = ReadPoints(max_points=50).run({}, replace(context, resume=True))
    assert calls[0][2]["max_points"] == 50
    assert given["drawn"] is None


def test_too_little_memory_is_refused_before_the_file_is_read(stand_in, context):
    free(stand_in, 10**6, OutOfMemoryError("expected more"))
    calls = stand_in("sdf_siren.io", read_points=None)
    with pytest.raises(OutOfMemoryError):
        ReadPoints().run({}, context)
    assert calls == []


def test_the_default_is_that_of_the_call():
    assert ReadPoints().max_points == MAX_POINTS
