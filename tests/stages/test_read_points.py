from __future__ import annotations

import numpy as np

from sdf_siren.clouds import PointCloud
from sdf_siren.io.points import MAX_POINTS
from sdf_siren.stages.read_points import ReadPoints


def test_call(stand_in, context, said, tmp_path):
    cloud = PointCloud(np.array([[0.0, 0, 0], [1, 2, 3]]), notes=("dropped 3 rows",))
    calls = stand_in("sdf_siren.io", read_points=cloud)
    stage = ReadPoints(mesh_as_scan=True, crop=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0), max_points=99)
    given = stage.run({}, context)
    assert given == {"points": cloud}
    assert calls == [
        (
            "read_points",
            (tmp_path / "scan.ply",),
            {"mesh_as_scan": True, "crop": (0.0, 0.0, 0.0, 1.0, 1.0, 1.0), "max_points": 99},
        )
    ]
    assert said("note") == [{"text": "dropped 3 rows"}]
    assert stage.plan(given, context) == ["2 points, extent 1 x 2 x 3"]


def test_the_default_is_that_of_the_call():
    assert ReadPoints().max_points == MAX_POINTS
