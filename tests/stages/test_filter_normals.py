from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.stages.filter_normals import FilterNormals


def test_says_only_what_is_new(stand_in, context, said):
    before = PointCloud(np.eye(3), notes=("read so",))
    after = replace(before, normals=np.eye(3, dtype=np.float32), notes=("read so", "estimated 3 normals"))
    stand_in("sdf_siren.memory", bytes_free=None, memory_sentence="words")
    calls = stand_in("sdf_siren.clouds.normals", complete_normals=after)
    given = FilterNormals().run({"points": before}, context)
    assert given == {"points": after}
    assert calls == [("complete_normals", (before, "auto"), {"viewpoint": None, "flip": False})]
    assert said("note") == [{"text": "estimated 3 normals"}]
    assert said("measures") == [{"points": 3, "normals_in_file": False}]
    assert FilterNormals().plan(given, context) == ["3 points with normals"]


def test_passes_its_options_on(stand_in, context):
    cloud = PointCloud(np.eye(3), normals=np.eye(3))
    stand_in("sdf_siren.memory", bytes_free=None, memory_sentence="words")
    calls = stand_in("sdf_siren.clouds.normals", complete_normals=cloud)
    FilterNormals(mode="estimate", viewpoint=(1.0, 2.0, 3.0), flip=True).run({"points": cloud}, context)
    assert calls == [("complete_normals", (cloud, "estimate"), {"viewpoint": (1.0, 2.0, 3.0), "flip": True})]


@pytest.mark.parametrize(("spread", "noisy"), [(0.0, False), (0.05, True)])
@pytest.mark.parametrize("report", [True, False])
def test_says_how_much_memory_the_run_needs(stand_in, context, said, spread, noisy, report):
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(size=(500, 2)), spread * rng.normal(size=500)])
    cloud = PointCloud(places, np.tile(np.array([0, 0, 1], np.float32), (500, 1)))
    stand_in("sdf_siren.clouds.normals", complete_normals=cloud)
    calls = stand_in("sdf_siren.memory", bytes_free=10**10, memory_sentence="so much")
    options = {"write.report": {"wanted": report}}
    FilterNormals().run({"points": cloud}, replace(context, options=options))
    assert calls[-1] == ("memory_sentence", (500, 10**10), {"noisy": noisy, "report": report})
    assert said("note") == [{"text": "so much"}]
