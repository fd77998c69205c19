from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdf_siren.clouds import PointCloud
from sdf_siren.stages.filter_outliers import FilterOutliers

CLOUD = PointCloud(np.eye(3), notes=("read so",))


def test_says_only_what_is_new(stand_in, context, said):
    after = replace(CLOUD, points=np.eye(3)[:2])
    single = replace(CLOUD, notes=("read so", "of doubles one each"))
    after = replace(after, notes=(*single.notes, "1 of 3 points dropped"))
    doubles = stand_in("sdf_siren.clouds.doubles", without_doubles=single)
    calls = stand_in("sdf_siren.clouds.outliers", without_outliers=after)
    assert FilterOutliers().run({"points": CLOUD}, context) == {"points": after}
    assert doubles == [("without_doubles", (CLOUD,), {})]
    assert calls == [("without_outliers", (single,), {})]
    assert said("note") == [{"text": "of doubles one each"}, {"text": "1 of 3 points dropped"}]
    assert said("measures") == [{"outliers": 1}]


def test_all_points_are_kept_on_request(stand_in, context, events):
    stand_in("sdf_siren.clouds.doubles", without_doubles=CLOUD)
    calls = stand_in("sdf_siren.clouds.outliers", without_outliers=None)
    assert FilterOutliers(keep=True).run({"points": CLOUD}, context)["points"] is CLOUD
    assert calls == []
    assert events == []
