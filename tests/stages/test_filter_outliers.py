from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdf_siren.clouds import PointCloud
from sdf_siren.stages.filter_outliers import FilterOutliers

CLOUD = PointCloud(np.eye(3), notes=("read so",))


def test_says_only_what_is_new(stand_in, context, said):
    after = replace(CLOUD, points=np.eye(3)[:2], notes=("read so", "1 of 3 points dropped"))
    calls = stand_in("sdf_siren.clouds.outliers", without_outliers=after)
    assert FilterOutliers().run({"points": CLOUD}, context) == {"points": after}
    assert calls == [("without_outliers", (CLOUD,), {})]
    assert said("note") == [{"text": "1 of 3 points dropped"}]
    assert said("measures") == [{"outliers": 1}]


def test_all_points_are_kept_on_request(stand_in, context, events):
    calls = stand_in("sdf_siren.clouds.outliers", without_outliers=None)
    assert FilterOutliers(keep=True).run({"points": CLOUD}, context)["points"] is CLOUD
    assert calls == []
    assert events == []
