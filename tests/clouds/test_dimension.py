"""Surfaces, curves and volumes are told apart, at any size, density and noise that a scan may have."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.dimension import FEWEST, HARDLY_ANY, dimension
from sdf_siren.clouds.normals import complete_normals


def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def sphere(count: int, noise: float = 0.0) -> np.ndarray:
    points = generator().standard_normal((count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points + noise * np.random.default_rng(1).standard_normal(points.shape)


def cylinder(count: int, radius: float) -> np.ndarray:
    turn, along = generator().uniform(size=(2, count))
    return np.stack([radius * np.cos(2 * np.pi * turn), radius * np.sin(2 * np.pi * turn), along], axis=1)


def rows(apart: float, noise: float = 0.0) -> np.ndarray:
    """Scan lines, so many times as far apart as their points."""
    x, y = (axis.reshape(-1) for axis in np.meshgrid(np.arange(400.0), apart * np.arange(20)))
    return np.stack([x, y, noise * generator().standard_normal(len(x))], axis=1)


def helix(count: int, turns: float) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi * turns, count)
    return np.stack([np.cos(turn), np.sin(turn), np.linspace(0, 6, count)], axis=1)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(sphere(FEWEST * 5), id="sparse"),
        pytest.param(sphere(3000), id="dense"),
        pytest.param(sphere(3000, 0.02), id="noise of half a spacing"),
        pytest.param(sphere(30_000, 0.02), id="noise of one spacing and a half"),
        pytest.param(cylinder(2000, 0.02), id="thin"),
        pytest.param(rows(3), id="rows"),
        pytest.param(rows(20), id="rows far apart"),
        pytest.param(rows(20, 1.0), id="rows far apart, noise"),
        pytest.param(rows(40), id="rows farther apart than a surface is cut for"),
        pytest.param(helix(4000, 150), id="a curve wound so tightly that it is a surface"),
    ],
)
def test_surfaces_are_not_doubted(points):
    found = dimension(points)
    assert found.surface > 10 * HARDLY_ANY
    assert found.curve < 0.01
    assert found.doubt() is None


@pytest.mark.parametrize("count", [FEWEST, 200, 3000])
@pytest.mark.parametrize("draw", ["standard_normal", "random"])
def test_a_volume_is_no_surface(count, draw):
    found = dimension(getattr(generator(), draw)((count, 3)))
    assert found.surface <= 0.01
    assert "fill a volume" in found.doubt()


def test_a_lattice_of_points_is_a_volume():
    points = np.stack(np.meshgrid(*[np.arange(12.0)] * 3), axis=-1).reshape(-1, 3)
    assert dimension(points) == (dimension(1e6 + 1e-3 * points))
    assert "fill a volume" in dimension(points).doubt()


def wave(per_period: int, height: float) -> np.ndarray:
    """Forty periods of a sine in a plane."""
    along = np.linspace(0, 40, 40 * per_period)
    return np.stack([along, height * np.sin(2 * np.pi * along), 0 * along], axis=1)


@pytest.mark.parametrize(
    "points",
    [
        pytest.param(helix(180, 0.9), id="an arc"),
        pytest.param(helix(4000, 5), id="a wide helix"),
        pytest.param(helix(1000, 1) * [1, 1, 0], id="a circle"),
        pytest.param(cylinder(3000, 1e-5), id="a thread"),
        pytest.param(wave(60, 0.2), id="a wave, of which neighbourhoods are as wide as long"),
    ],
)
def test_a_curve_is_no_surface_however_it_bends(points):
    found = dimension(points)
    assert found.curve > 0.9
    assert "along curves" in found.doubt()


def test_nine_points():
    assert dimension(sphere(9)).doubt().startswith("9 points are too few to tell a surface")
    assert dimension(np.zeros((1, 3))).points == 1


def test_a_part_that_is_none_does_not_make_the_scan_doubtful():
    """A tree beside a house fills a volume; the house is worth its mesh."""
    tree = 5 + generator().standard_normal((6000, 3))
    assert dimension(np.vstack([tree, sphere(3000)])).doubt() is None


@pytest.mark.parametrize("mode", ["auto", "keep", "estimate"])
def test_completing_normals_says_so_whatever_becomes_of_them(mode):
    points = generator().standard_normal((400, 3))
    given = PointCloud(points, points.astype(np.float32))
    assert "fill a volume" in complete_normals(given, mode).notes[-1]
    good = sphere(400)
    assert not any("relied" in note for note in complete_normals(PointCloud(good, good), mode).notes)
