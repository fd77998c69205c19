from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from sdf_siren.artifacts import Mesh
from sdf_siren.stages.measure_support import MeasureSupport

MESH = Mesh(np.eye(3), np.array([[0, 1, 2]]), scalars={"intensity": np.ones(3)})


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(("missed", "notes"), [(0.009, []), (0.0123, ["1.2%"])])
def test_call(stand_in, context, said, write, missed, notes):
    support = SimpleNamespace(at=lambda vertices, normals: vertices @ [1.0, 2, 3])
    covered = SimpleNamespace(beyond={2.0: 0.5, 3.0: 0.25}, largest=3.0, missed=missed)
    calls = stand_in("sdf_siren.meshing", coverage=covered)
    artifacts = {"mesh": MESH, "support": support}
    mesh = MeasureSupport(write=write).run(artifacts, context)["mesh"]
    assert calls == [("coverage", (MESH, support), {})]
    assert said("measures") == [
        {"support": {"beyond": {"2": 0.5, "3": 0.25}, "largest": 3.0}, "points_missed": missed},
    ]
    assert [note["text"].split()[0] for note in said("note")] == notes
    assert set(mesh.scalars) == {"intensity", "support"} if write else mesh is MESH
    if write:
        np.testing.assert_array_equal(mesh.scalars["support"], [1, 2, 3])


def test_without_a_scan_nothing_is_said(stand_in, context, said):
    stand_in("sdf_siren.meshing", coverage=None)
    artifacts = {"mesh": MESH, "support": None}
    assert MeasureSupport(write=True).run(artifacts, context) == {"mesh": MESH}
    assert said("measures") == []
