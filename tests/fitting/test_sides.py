"""Patches that are inside out: found in exact fields, mended by fits, and right ones left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from sdf_siren.clouds import PointCloud
from sdf_siren.engine.folder import CHECKPOINT, CHECKPOINT_AGAIN, NAMES
from sdf_siren.fields import Box, SignedDistanceField, Sphere, Torus
from sdf_siren.fitting import checkpoint, findings, fit_surface, turned_along
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.sides import Sides, looked_at, turned_patches

SIZE = {"steps": 400, "width": 40, "surface_points": 500, "near_points": 300, "far_points": 80}


class Misled:
    """A sphere's field that has gone along with a cap whose normals point inside: it has two more sheets."""

    def value(self, x: Tensor) -> Tensor:
        return self.value_and_gradient(x)[0]

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        r = x.norm(dim=1, keepdim=True).clamp_min(1e-6)
        low, middle, high = r - 0.6, r - 0.9, r - 1.2
        cap = x.mean(dim=1, keepdim=True) * 3**0.5 > 0.6 * r
        slope = low * middle + low * high + middle * high
        value = torch.where(cap, 30 * low * middle * high, middle)
        return value, torch.where(cap, 30 * slope, torch.ones_like(r)) * x / r


def ball(count: int = 4000) -> PointCloud:
    points = np.random.default_rng(0).normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return PointCloud(7 * points + 3, points.astype(np.float32))


def with_cap_turned(cloud: PointCloud, cap: np.ndarray) -> PointCloud:
    assert cloud.normals is not None
    return PointCloud(cloud.points, np.where(cap[:, None], -cloud.normals, cloud.normals))


def test_only_points_between_two_made_up_sheets_are_enclosed() -> None:
    cloud = ball()
    height = cloud.normals.mean(axis=1) * 3**0.5  # along the diagonal, where the cube has room
    cap = height > 0.6
    found = looked_at(Misled(), oriented_scan(with_cap_turned(cloud, cap)))
    assert len(found.rows) == 2000
    inside = height[found.rows]
    assert not found.enclosed[inside < 0.6].any()
    room = (np.abs(cloud.frame.to_cube(cloud.points)[found.rows]) < 1.02 * 0.9 / 1.26).all(axis=1)
    assert room.sum() > 50
    assert found.enclosed[(inside > 0.75) & room].all()
    assert found.share == pytest.approx(found.enclosed.mean())


@pytest.mark.parametrize("shape", [Sphere(0.9), Torus(0.6, 0.3), Box((0.9, 0.9, 0.05))])
def test_right_sides_are_never_enclosed(shape: Sphere | Torus | Box) -> None:
    x = torch.rand(6000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for _ in range(3):
        value, gradient = shape.value_and_gradient(x)
        x = x - value * gradient
    cloud = PointCloud(x.numpy(), gradient.numpy().astype(np.float32))
    assert looked_at(shape, oriented_scan(cloud)).share == 0


def test_the_whole_patch_is_found_and_nothing_else() -> None:
    cloud = ball()
    cap = cloud.normals[:, 2] > 0.6
    turned = with_cap_turned(cloud, cap)
    rows = np.arange(0, 4000, 2)
    enclosed = (cloud.normals[rows, 2] > 0.9) & (rows % 3 == 0)  # few are enough
    np.testing.assert_array_equal(turned_patches(turned, Sides(rows, enclosed)), cap)
    assert not turned_patches(turned, Sides(rows, enclosed & (np.cumsum(enclosed) < 3))).any()


def test_known_sensors_tell_the_sides() -> None:
    cloud = ball()
    turned = with_cap_turned(cloud, cloud.normals[:, 2] > 0.6)
    sides = Sides(np.arange(4000), cloud.normals[:, 2] > 0.9)
    assert turned_patches(turned, sides).any()
    assert not turned_patches(replace(turned, sensors=turned.points + 1), sides).any()


def test_more_than_half_of_a_scan_is_not_the_wrong_part() -> None:
    cloud = ball()
    height = cloud.normals[:, 2]
    turned = with_cap_turned(cloud, np.abs(height) > 0.4)
    rows = np.arange(4000)
    assert not turned_patches(turned, Sides(rows, np.abs(height) > 0.4)).any()
    np.testing.assert_array_equal(turned_patches(turned, Sides(rows, height > 0.4)), height > 0.4)


def test_pieces_without_a_rim_in_the_surface_are_left() -> None:
    """A small plate above a large one, both seen from above: neighbours across the gap contradict too."""
    rng = np.random.default_rng(0)
    floor = np.column_stack([rng.uniform(-1, 1, (6000, 2)), np.zeros(6000)])
    plate = np.column_stack([rng.uniform(-0.2, 0.2, (400, 2)), np.full(400, 0.02)])
    points = np.concatenate([floor, plate])
    cloud = PointCloud(points, np.tile(np.array([0, 0, 1], np.float32), (6400, 1)))
    rows = np.arange(6400)
    assert not turned_patches(cloud, Sides(rows, rows >= 6000)).any()


@pytest.fixture(scope="module")
def misled() -> tuple[PointCloud, np.ndarray]:
    """A torus with a patch of a tenth turned, and which points those are."""
    x = torch.rand(4000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    value, gradient = Torus(0.6, 0.25).value_and_gradient(x)
    points = (x - value * gradient).numpy()
    patch = np.argsort(np.linalg.norm(points - points[0], axis=1))[:400]
    normals = gradient.numpy().astype(np.float32)
    normals[patch] *= -1
    return PointCloud(points * 50, normals), np.isin(np.arange(4000), patch)


@pytest.fixture(scope="module")
def mended(misled: tuple[PointCloud, np.ndarray]) -> SignedDistanceField:
    return fit_surface(misled[0], "draft", **SIZE)


def test_a_fit_turns_the_patch_and_goes_on(
    misled: tuple[PointCloud, np.ndarray], mended: SignedDistanceField
) -> None:
    cloud, patch = misled
    assert mended.record["sides"] == {"enclosed": 0.0, "inside_out": 0.0, "turned": 0.1}
    assert findings(mended)[1][1].startswith("10.0% of the points were on patches")
    right = turned_along(cloud, mended).normals
    assert right is not None
    np.testing.assert_array_equal((right * cloud.normals).sum(axis=1) < 0, patch)
    assert mended.support_normals is not None
    assert mended.record["settings"]["steps"] == SIZE["steps"]  # type: ignore[index]


def test_a_fit_that_may_not_mend_tells(misled: tuple[PointCloud, np.ndarray]) -> None:
    field = fit_surface(misled[0], "draft", mend=False, **SIZE)
    sides = field.record["sides"]
    assert isinstance(sides, dict)
    assert sides["inside_out"] == 0.1
    assert sides["turned"] == 0
    assert "seem to point inside" in findings(field)[1][1]


def test_interrupted_while_it_goes_on_it_resumes_exactly(
    misled: tuple[PointCloud, np.ndarray], mended: SignedDistanceField, tmp_path: Path
) -> None:
    path, fits = tmp_path / CHECKPOINT, []

    def interrupt(report) -> None:  # type: ignore[no-untyped-def]
        fits.append(report.total)
        if report.task == "fit" and report.total < SIZE["steps"] and report.done == 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_surface(misled[0], "draft", checkpoint=path, progress=interrupt, **SIZE)
    assert path.exists()
    assert checkpoint.again(path).exists()
    resumed = fit_surface(misled[0], "draft", checkpoint=path, resume=True, **SIZE)
    pairs = zip(resumed.network.parameters, mended.network.parameters, strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert resumed.record == mended.record


def test_the_second_state_is_one_of_the_folder() -> None:
    assert checkpoint.again(Path(CHECKPOINT)).name == CHECKPOINT_AGAIN
    assert CHECKPOINT_AGAIN in NAMES
