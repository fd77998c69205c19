"""Residuals of fields whose level sets are known."""

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.metrics import fit_residual
from sdf_siren.metrics.residual import MOST_POINTS


class ScaledSphere:
    """``slope * (|x - centre| - radius)``: only the true distance where the slope is one."""

    def __init__(self, slope: float, radius: float = 1.0, centre: float = 0.0) -> None:
        self.slope, self.radius, self.centre, self.asked = slope, radius, centre, 0

    def distance_and_gradient(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.asked = len(points)
        away = points - self.centre
        length = np.linalg.norm(away, axis=1)
        return self.slope * (length - self.radius), self.slope * away / length[:, None]


def shell(distances: np.ndarray, centre: float = 0.0) -> PointCloud:
    directions = np.random.default_rng(0).normal(size=(len(distances), 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return PointCloud(directions * (1 + distances)[:, None] + centre)


@pytest.mark.parametrize("slope", [1.0, 0.3, -5.0])
@pytest.mark.parametrize("centre", [0.0, 1e6])
def test_the_slope_does_not_matter(slope: float, centre: float) -> None:
    signs = np.where(np.arange(1001) % 2, 1, -1)
    cloud = shell(signs * np.linspace(0, 0.1, 1001), centre)
    residual = fit_residual(ScaledSphere(slope, centre=centre), cloud)  # type: ignore[arg-type]
    assert residual.median == pytest.approx(0.05, rel=1e-6)
    assert residual.p95 == pytest.approx(0.095, rel=1e-6)
    assert residual.to_dict() == {"median": residual.median, "p95": residual.p95, "against": None}


@pytest.mark.parametrize("count", [1, MOST_POINTS, MOST_POINTS + 1, 3 * MOST_POINTS - 1])
def test_no_more_points_than_needed(count: int) -> None:
    field = ScaledSphere(1.0)
    assert fit_residual(field, PointCloud(np.full((count, 3), 2.0))).median > 0  # type: ignore[arg-type]
    assert count / 3 - 1 <= field.asked <= MOST_POINTS


def test_a_vanishing_slope_is_infinitely_far() -> None:
    residual = fit_residual(ScaledSphere(0.0), shell(np.zeros(10)))  # type: ignore[arg-type]
    assert residual.median == residual.p95 == np.inf


@pytest.mark.parametrize("slope", [1.0, -5.0])
def test_normals_against_the_gradient_are_counted(slope: float) -> None:
    cloud = shell(np.zeros(200))
    normals = cloud.points * np.where(np.arange(200) < 30, -1, 1)[:, None] * np.sign(slope)
    field = ScaledSphere(slope)
    told = fit_residual(field, PointCloud(cloud.points, normals.astype(np.float32)))  # type: ignore[arg-type]
    assert told.against == pytest.approx(0.15)
