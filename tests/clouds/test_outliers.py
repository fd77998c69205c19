"""Outliers: what is removed of scans whose truth is known, and what is not."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from solids import plate, sphere, torus

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.outliers import _Look, outliers, without_outliers


def thrown_in(points: np.ndarray, share: float, seed: int = 3) -> np.ndarray:
    """Uniform in the bounding box, 1.2 times as large."""
    low, high = points.min(axis=0), points.max(axis=0)
    half = 0.6 * (high - low)
    drawn = np.random.default_rng(seed).uniform(-1, 1, (int(share * len(points)), 3))
    return (low + high) / 2 + half * drawn


def away(strays: np.ndarray, points: np.ndarray, spacings: float) -> np.ndarray:
    """Which strays are farther from the points than so many times the distance to the eighth neighbour."""
    tree = cKDTree(points)
    return tree.query(strays)[0] > spacings * np.median(tree.query(points[:1000], k=[9])[0])


def noisy(points: np.ndarray, length: float) -> np.ndarray:
    return points + np.random.default_rng(5).normal(scale=length, size=points.shape)


def cone() -> np.ndarray:
    """The mantle of a slim cone, uniform by area, up to its tip."""
    rng = np.random.default_rng(4)
    down = np.sqrt(rng.uniform(0, 1, 4000))
    turn = rng.uniform(0, 2 * np.pi, 4000)
    return np.stack([0.15 * down * np.cos(turn), 0.15 * down * np.sin(turn), 1 - down], axis=1)


def wire() -> np.ndarray:
    """A ball with a row of points on it, as far apart as its own: a line is no crowd, but has neighbours."""
    along = np.arange(1.03, 1.7, 0.04)
    return np.vstack([sphere(4000)[0], np.stack([0 * along, 0 * along, along], axis=1)])


def two_densities() -> np.ndarray:
    """A square with nine times as many points per area on a tenth of it."""
    rng = np.random.default_rng(0)
    square = np.c_[rng.uniform(0, 1, (4000, 2)), np.zeros(4000)]
    corner = np.c_[rng.uniform(0, 0.3, (3600, 2)), np.zeros(3600)]
    return np.vstack([square, corner])


def scanned_room() -> np.ndarray:
    """The walls of a room from a place in it, in equal steps of two angles: density falls with distance."""
    up, round_ = np.meshgrid(np.linspace(-1.4, 1.4, 90), np.linspace(-3.1, 3.1, 200))
    ray = np.stack([np.cos(up) * np.cos(round_), np.cos(up) * np.sin(round_), np.sin(up)], axis=-1)
    ray = ray.reshape(-1, 3)
    low, high = np.array([-1.0, -3, -1.5]), np.array([12.0, 5, 1.5])
    return ray * np.where(ray > 0, high / ray, low / ray).min(axis=1, keepdims=True)


def scan_lines() -> np.ndarray:
    across, along = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 1, 800))
    height = 0.1 * np.sin(6 * across) * np.cos(5 * along)
    return np.stack([across, along, height], axis=-1).reshape(-1, 3)


CLEAN = {
    "ball": sphere(6000)[0],
    "few points": sphere(300)[0],
    "torus": torus()[0],
    "plate": plate(3.0)[0],
    "noisy ball": noisy(sphere(6000)[0], 0.01),
    "tip": cone(),
    "wire": wire(),
    "two densities": two_densities(),
    "room": scanned_room(),
    "lines": scan_lines(),
    "open rim": sphere(6000)[0][sphere(6000)[0][:, 2] > 0.3],
    "grid": np.stack(np.meshgrid(*3 * [np.arange(12.0)]), axis=-1).reshape(-1, 3)[::2],
}


@pytest.mark.parametrize("name", CLEAN)
def test_nothing_is_taken_from_a_scan_without_outliers(name: str) -> None:
    assert not outliers(CLEAN[name]).any()


@pytest.mark.parametrize("shape", [sphere(6000)[0], torus(10_000)[0], cone()], ids=["ball", "torus", "cone"])
@pytest.mark.parametrize("noise", [0.0, 0.005])
@pytest.mark.parametrize("share", [0.01, 0.05])
def test_uniform_outliers_go_and_the_surface_stays(shape: np.ndarray, noise: float, share: float) -> None:
    points = noisy(shape, noise)
    strays = thrown_in(points, share)
    found = outliers(np.vstack([points, strays]))
    assert found[: len(points)].sum() <= 2
    gone = found[len(points) :]
    assert gone[away(strays, points, 3)].mean() > 0.95
    # What is left lies so close that it is one with the surface.
    assert not gone[~away(strays, points, 0.7)].any()


def test_many_outliers_are_not_each_others_surface() -> None:
    """A dense scan of a small part of its box: neighbours of outliers are outliers."""
    points = np.vstack([0.3 * sphere(20_000)[0], [[-1, -1, -1], [1, 1, 1.0]]])
    strays = thrown_in(points, 0.05)
    found = outliers(np.vstack([points, strays]))
    assert found[20_000:].mean() > 0.98
    assert not found[:20_000].any()


@pytest.mark.parametrize("members", [1, 2, 5, 12, 20])
def test_handfuls_that_float_go(members: int) -> None:
    points = sphere(6000)[0]
    rng = np.random.default_rng(members)
    places = 1.5 * sphere(5, seed=1)[0]
    ghosts = np.repeat(places, members, axis=0) + 0.02 * rng.normal(size=(5 * members, 3))
    found = outliers(np.vstack([points, ghosts]))
    assert found[6000:].all()
    assert not found[:6000].any()


@pytest.mark.parametrize("step", [1.0, 1.4, 1.7, 1.95, 2.05, 3.0])
def test_a_straggler_does_not_save_its_group(step: float) -> None:
    """However far it is from the others, in their spacings, it and they float together or apart."""
    rng = np.random.default_rng(0)
    group = np.array([2.0, 0, 0]) + 0.02 * rng.normal(size=(15, 3))
    spacing = float(np.median(cKDTree(group).query(group, k=[9])[0]))
    straggler = np.array([[group[:, 0].max() + step * spacing, 0, 0]])
    found = outliers(np.vstack([sphere(6000)[0], group, straggler]))
    assert found[6000:].all()
    assert not found[:6000].any()


def test_a_small_part_of_its_own_stays() -> None:
    """Sixty points as dense as the rest are a thing, however far away."""
    part = 0.1 * sphere(60)[0] + np.array([2.0, 0, 0])
    assert not outliers(np.vstack([sphere(6000)[0], part])).any()


@pytest.mark.parametrize("jitter", [0.0, 1e-5, 1e-3])
def test_heaps_of_near_doubles_are_places(jitter: float) -> None:
    rng = np.random.default_rng(0)
    points = np.repeat(sphere(2000)[0], rng.integers(1, 17, 2000), axis=0)
    points = points + jitter * rng.normal(size=points.shape)
    stray = np.array([[0.0, 0, 0]])
    assert outliers(np.vstack([points, stray])).nonzero()[0].tolist() == [len(points)]


@pytest.mark.parametrize(("scale", "offset"), [(1e-4, 0.0), (3e5, 0.0), (1.0, 5e6)])
def test_units_and_offsets_do_not_matter(scale: float, offset: float) -> None:
    points = torus()[0]
    points = np.vstack([points, thrown_in(points, 0.05)])
    moved = PointCloud(scale * points + offset)
    kept = without_outliers(moved)
    assert np.array_equal(kept.points, moved.points[~outliers(points)])


def test_the_note_counts_them_and_columns_follow() -> None:
    points = np.vstack([sphere(3000)[0], [[3.0, 0, 0], [0, -2.5, 0]]])
    colours = np.arange(3 * len(points), dtype=np.uint8).reshape(-1, 3)
    kept = without_outliers(PointCloud(points, colours=colours, notes=("read",)))
    assert len(kept) == 3000
    assert np.array_equal(kept.colours, colours[:3000])
    note = (
        "2 of 3002 points (0.07%) float away from the surface and were dropped (--keep-outliers keeps them)"
    )
    assert kept.notes == ("read", note)


def test_a_clean_cloud_is_returned_as_it_is() -> None:
    cloud = PointCloud(torus()[0])
    assert without_outliers(cloud) is cloud


def test_what_is_no_surface_stays() -> None:
    """More than a quarter of it are handfuls in space."""
    rng = np.random.default_rng(0)
    knots = np.repeat(rng.uniform(-1, 1, (40, 3)), 15, axis=0) + 0.002 * rng.normal(size=(600, 3))
    cloud = PointCloud(np.vstack([0.2 * sphere(1500)[0], knots]))
    kept = without_outliers(cloud)
    assert np.array_equal(kept.points, cloud.points)
    assert "too much for outliers" in kept.notes[-1]


@pytest.mark.parametrize("count", [1, 4, 9, 33, 34, 65])
def test_tiny_scans(count: int) -> None:
    assert outliers(np.random.default_rng(0).normal(size=(count, 3))).shape == (count,)
    assert not outliers(np.zeros((count, 3))).any()


@pytest.mark.parametrize("removed", ["outliers", "at random", "a corner"])
def test_a_second_look_sees_what_a_new_one_would(removed: str) -> None:
    surface = two_densities()
    points = np.vstack([surface, thrown_in(surface, 0.1)])
    first = _Look.at(cKDTree(points))
    gone = {
        "outliers": np.arange(len(points)) >= len(surface),
        "at random": np.random.default_rng(1).random(len(points)) < 0.05,
        "a corner": (points < 0.2).all(axis=1),
    }[removed]
    second, new = first.without(gone), _Look.at(cKDTree(points[~gone]))
    assert 0 < gone.sum() < len(points)
    np.testing.assert_array_equal(second.points, new.points)
    for name in ("spacing", "reach", "near", "close", "lonely", "apart"):
        np.testing.assert_array_equal(getattr(second, name), getattr(new, name), err_msg=name)
    assert (second.doubtful >= new.doubtful).all()  # more may be, the bound is that of the first
    assert second.alone <= new.alone
