"""Meshes of fields: decided by what a field keeps of its scan, cut by the scan itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from exact_scans import UNIT, mesh_of, sphere_scan

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.fields.shapes import Sphere
from sdf_siren.frames import Similarity
from sdf_siren.meshing import Limited, Openness, limit, scan_support
from sdf_siren.metrics import topology

MESH = mesh_of(Sphere(0.5), 64)


def half(count: int = 6000) -> PointCloud:
    scan = sphere_scan(count, lowest=0.0)
    return PointCloud(scan.points, scan.normals)


@dataclass(frozen=True)
class SphereField:
    """What is asked of a field here, exactly."""

    support: np.ndarray | None
    support_normals: np.ndarray | None
    record: dict[str, object]
    frame: Similarity = UNIT

    def gradient(self, points: np.ndarray) -> np.ndarray:
        return points / np.linalg.norm(points, axis=1, keepdims=True)


def field_of(cloud: PointCloud, keeps: int, **record: object) -> SphereField:
    """The sphere's field, with the first points of a scan."""
    return SphereField(cloud.points[:keeps].astype(np.float32), cloud.normals[:keeps], record)


def limited(field: SphereField, kind: str = "auto") -> Limited:
    """Of the whole sphere, by what the field keeps."""
    return limit(MESH, field, scan_support(field), kind)


def test_decided_alike_with_and_without_the_scan():
    cloud = half()
    field = field_of(cloud, 1500)
    there, again = limit(MESH, field, scan_support(field, cloud)), limit(MESH, field, scan_support(field))
    assert there.made_up == again.made_up
    assert there.kind == again.kind == "open"
    assert there.notes[0] == again.notes[0]
    assert "cut off" in there.notes[1]
    # The kept points are twice as far apart, and so is the rim from the scan.
    assert -0.08 < there.mesh.vertices[:, 2].min() < -0.03
    assert -0.15 < again.mesh.vertices[:, 2].min() < -0.07


def test_a_closed_scan_stays_whole():
    scan = sphere_scan(3000)
    cloud = PointCloud(scan.points, scan.normals)
    found = limited(field_of(cloud, 1000))
    assert found.mesh is MESH
    assert found.kind == "closed"
    assert found.made_up == 0
    assert "taken as closed" in found.notes[0]


@pytest.mark.parametrize("record", [{}, {"surface": "open"}])
def test_closed_if_asked(record):
    found = limited(field_of(half(), 1000, **record), "closed")
    assert found.mesh is MESH
    assert (found.kind, found.made_up, found.notes) == ("closed", None, ())


@pytest.mark.parametrize(("told", "watertight"), [("closed", True), ("open", False)])
def test_what_the_fit_was_told_holds_again(told, watertight):
    found = limited(field_of(half(), 1000, surface=told))
    assert found.kind == told
    assert found.made_up is None
    assert topology(found.mesh).watertight == watertight


def test_a_record_that_says_nonsense_is_not_believed():
    assert limited(field_of(half(), 1000, surface=["ajar"])).kind == "open"


def test_fields_without_a_scan_and_files_without_normals():
    bare = replace(field_of(half(), 10), support=None, support_normals=None)
    assert scan_support(bare) is None
    assert limited(bare).mesh is MESH
    old = replace(field_of(half(), 3000), support_normals=None)
    assert limited(old).kind == "open"


def test_a_decision_that_was_made_before_is_not_made_again():
    field = field_of(half(), 1000)
    for found in (Openness(0.2, leaves=False, in_view=0.01), Openness(0.7, leaves=True, in_view=0.9)):
        again = limit(MESH, field, scan_support(field), "auto", found)
        assert again.kind == ("open" if found.open else "closed")
        assert again.made_up == found.made_up
        assert again.notes[0] == found.sentence()
        assert limit(MESH, field, scan_support(field), "closed", found).notes == ()


def test_nothing_left_is_an_error():
    far = PointCloud(half().points + np.array([0, 0, 5.0]), half().normals)
    with pytest.raises(EmptySurfaceError, match="--surface closed"):
        limited(field_of(far, 1000), "open")


def test_normals_that_the_field_did_not_follow_are_not_asked_of_the_mesh():
    cloud = half()
    turned = np.random.default_rng(0).random(len(cloud)) < 0.3
    cloud = PointCloud(cloud.points, np.where(turned[:, None], -1, 1) * cloud.normals)
    found = scan_support(field_of(cloud, 1000), cloud).normals
    np.testing.assert_allclose(found, 2 * cloud.points, atol=1e-6)
