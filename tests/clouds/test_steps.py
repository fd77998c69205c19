"""Depth in steps: what sdf_siren.clouds.steps finds, and what it must not take for it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import special_ortho_group
from solids import box, plate, sphere

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.clouds.spacing import gauge
from sdf_siren.clouds.steps import half_step

SPACING = 0.01
Points = NDArray[np.float64]


def found(points: Points) -> float:
    tree = cKDTree(points)
    spacing = float(np.median(tree.query(points, k=[2])[0]))
    return half_step(points, tree, np.arange(len(points)), spacing)


def pixels(side: int = 120) -> tuple[Points, Points]:
    x, y = np.meshgrid(np.arange(side), np.arange(side))
    return SPACING * x.reshape(-1), SPACING * y.reshape(-1)


def stepped(depth: Points, step: float) -> Points:
    return step * np.round(depth / step)


@pytest.mark.parametrize("step", [2.5, 4.0, 6.0])
@pytest.mark.parametrize("slope", [0.5, 1.0])
def test_half_a_step_of_a_slope_is_found_whichever_way_it_lies(step: float, slope: float) -> None:
    x, y = pixels()
    depth = stepped(slope * x + 0.1 * y, step * SPACING)
    turned = np.stack([x, y, depth], axis=1) @ special_ortho_group.rvs(3, random_state=1)
    across = 1 / np.sqrt(1 + slope**2 + 0.1**2)
    assert found(turned) == pytest.approx(step * SPACING / 2 * across, rel=0.15)


def bumps(x: Points, y: Points) -> Points:
    return 0.25 * np.sin(4 * x) * np.cos(5 * y)


def test_steps_of_a_curved_surface_are_found_in_single_precision_too() -> None:
    x, y = pixels()
    points = np.stack([x, y, stepped(bumps(x, y), 4 * SPACING)], axis=1).astype(np.float32)
    assert 1.0 * SPACING < found(points.astype(np.float64)) <= 2.0 * SPACING


@pytest.mark.parametrize(
    "points",
    [
        np.stack([*pixels(), np.zeros(120**2)], axis=1),
        np.stack([*pixels(), bumps(*pixels())], axis=1),
        np.stack([*pixels(), stepped(bumps(*pixels()), 0.1 * SPACING)], axis=1),
        plate(2.0, 20_000)[0],
        plate(5.0, 20_000)[0],
        box(30_000)[0],
        sphere(20_000)[0],
        sphere(100)[0],
    ],
    ids=["plane", "surface", "steps too small to matter", "thin plate", "plate", "box", "ball", "few points"],
)
def test_what_is_exact_has_no_steps(points: Points) -> None:
    assert found(points) == 0


def test_steps_are_noise_to_the_gauge_and_to_estimated_normals() -> None:
    x, y = pixels()
    exact, step = bumps(x, y), 4 * SPACING
    clean = PointCloud(np.stack([x, y, exact], axis=1))
    rough = PointCloud(np.stack([x, y, stepped(exact, step)], axis=1))
    true, measured = complete_normals(clean).normals, complete_normals(rough).normals
    assert true is not None
    assert measured is not None
    inner = np.abs(np.stack([x, y], axis=1) - 0.6).max(axis=1) < 0.5
    angle = np.degrees(np.arccos(np.abs(np.einsum("nd,nd->n", true, measured)[inner]).clip(max=1)))
    assert np.median(angle) < 8  # of the terraces themselves: 38
    assert not gauge(clean.points, true).noisy
    assert 0.8 * step / 2 * 0.6 < gauge(rough.points, measured).noise <= step / 2
