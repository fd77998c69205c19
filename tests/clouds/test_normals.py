"""Completing normals: good ones stay, wrong ones are mended, missing ones are estimated."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from solids import Oriented, box, lying, plate, right, shell, sphere, tetrahedron, torus, two_balls

from sdf_siren.clouds import PointCloud, unit_normals
from sdf_siren.clouds.normals import check_volume, complete_normals
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import read_points

ROOT = Path(__file__).parents[2]


def directions(count: int = 2000, seed: int = 0) -> np.ndarray:
    return sphere(count, seed=seed)[1]


def test_given_normals_are_normalised_and_nothing_is_said() -> None:
    n = directions()
    lengths = np.random.default_rng(1).uniform(1e-6, 1e6, (len(n), 1))
    cloud = complete_normals(PointCloud(3 * n, n * lengths))
    assert cloud.normals is not None
    np.testing.assert_allclose(cloud.normals, n, atol=2e-7)
    assert cloud.notes == ()


def test_a_scan_that_is_inside_out_is_turned_and_its_normals_stay_otherwise() -> None:
    points, n = torus()
    cloud = complete_normals(PointCloud(points, -n))
    np.testing.assert_array_equal(cloud.normals, n.astype(np.float32))
    assert cloud.notes == (
        "the normals point into the closed surface (--normals keep leaves them): all were turned",
    )
    kept = complete_normals(PointCloud(points, -n), "keep")
    np.testing.assert_array_equal(kept.normals, -n.astype(np.float32))
    assert kept.notes == ()


@pytest.mark.parametrize("name", ["spot_points_12k", "hammer_points_30k"])
def test_good_normals_of_a_scan_stay_to_the_last_bit(name: str) -> None:
    scan = read_points(ROOT / "data" / "scans" / f"{name}.ply")
    assert scan.normals is not None
    cloud = complete_normals(scan)
    np.testing.assert_array_equal(cloud.normals, unit_normals(scan.normals))
    assert cloud.notes == scan.notes


@pytest.mark.parametrize("solid", [sphere, torus, shell, two_balls])
def test_good_normals_of_solids_stay_with_noise_and_errors(solid: Callable[[], Oriented]) -> None:
    points, n = solid()
    rng = np.random.default_rng(3)
    noisy = points + 0.01 * rng.normal(size=points.shape)
    turned = unit_normals(n + 0.15 * rng.normal(size=n.shape))
    for x, m in ((points, n.astype(np.float32)), (noisy, turned)):
        cloud = complete_normals(PointCloud(x, m))
        np.testing.assert_array_equal(cloud.normals, unit_normals(m))
        assert cloud.notes == ()


@pytest.mark.parametrize("spacings", [0.7, 1.0, 1.5])
def test_good_normals_stay_where_a_shape_is_as_thin_as_its_points_are_apart(spacings: float) -> None:
    points, n = plate(spacings, count=600)
    found = complete_normals(PointCloud(points, n)).normals
    np.testing.assert_array_equal(found, n.astype(np.float32))


@pytest.mark.parametrize("part", [0.1, 0.3, 0.45])
def test_turned_normals_are_turned_back_and_the_others_stay(part: float) -> None:
    points, n = torus()
    given = n.astype(np.float32)
    turned = np.random.default_rng(4).random(len(n)) < part
    given[turned] *= -1
    cloud = complete_normals(PointCloud(points, given))
    np.testing.assert_array_equal(cloud.normals, n.astype(np.float32))
    assert "contradict their neighbours" in cloud.notes[0]
    assert f"{turned.mean():.1%} were turned and 0.0% estimated anew" in cloud.notes[0]


@pytest.mark.parametrize("part", [0.05, 0.25])
def test_they_are_on_thin_parts_too(part: float) -> None:
    """Planes through both sides of the plate say the same side of both; the normals know better."""
    (points, n), (ball, m) = plate(1.0, count=1000), sphere(3000, 0.8)
    points, n = np.vstack([points, ball + np.array([3.0, 0, 0])]), np.vstack([n, m])
    turned = np.random.default_rng(4).random(len(n)) < part
    cloud = complete_normals(PointCloud(points, np.where(turned[:, None], -n, n)))
    assert "contradict their neighbours" in cloud.notes[0]
    assert right(cloud.normals, n) > 0.98


@pytest.mark.parametrize("spacings", [0.5, 1.0])
def test_good_normals_stay_on_one_thin_part_beside_the_other(spacings: float) -> None:
    points, n = plate(spacings, count=600)
    gap = 4 * np.ptp(points[:, 2])
    stack = np.vstack([points + np.array([0, 0, k * gap]) for k in range(12)])
    given = np.tile(n, (12, 1)).astype(np.float32)
    np.testing.assert_array_equal(complete_normals(PointCloud(stack, given)).normals, given)


def test_turned_normals_of_a_scan_are_turned_back() -> None:
    scan = read_points(ROOT / "data" / "scans" / "spot_points_12k.ply")
    assert scan.normals is not None
    given = unit_normals(scan.normals)
    given[np.random.default_rng(0).random(len(scan)) < 0.3] *= -1
    cloud = complete_normals(replace(scan, normals=given))
    assert right(cloud.normals, scan.normals) > 0.999


def test_a_part_that_is_inside_out_is_turned() -> None:
    points, n = two_balls()
    small = points[:, 0] > 1.5
    cloud = complete_normals(PointCloud(points, np.where(small[:, None], -n, n)))
    np.testing.assert_array_equal(cloud.normals, n.astype(np.float32))
    assert "whole parts of the scan are inside out" in cloud.notes[0]


def test_a_ball_in_a_box_may_be_no_hollow() -> None:
    """What the scan says of a closed surface inside another one is not known better."""
    points, n = shell()
    outward = np.where((np.linalg.norm(points, axis=1) < 0.8)[:, None], -n, n)
    np.testing.assert_array_equal(
        complete_normals(PointCloud(points, outward)).normals, outward.astype(np.float32)
    )


def test_directions_that_do_not_go_with_the_surface_are_estimated() -> None:
    points, n = torus()
    noise = unit_normals(np.random.default_rng(5).normal(size=n.shape))
    given = np.where((np.arange(len(n)) % 10 == 0)[:, None], noise, n.astype(np.float32))
    cloud = complete_normals(PointCloud(points, given))
    assert cloud.normals is not None
    assert (np.einsum("nd,nd->n", cloud.normals, n) > 0.4).all()
    along = np.cross(n, np.roll(n, 1, axis=0))
    cloud = complete_normals(PointCloud(points, along))
    assert right(cloud.normals, n) == 1
    assert "most of the scan's normals do not go with its surface" in cloud.notes[0]


@pytest.mark.parametrize("turned", [False, True])
def test_normals_that_were_interpolated_over_edges_are_straightened(turned: bool) -> None:
    points, n = box(20_000)
    given = points / np.linalg.norm(points, axis=1, keepdims=True)  # about what shading gives a box
    cloud = complete_normals(PointCloud(points, -given if turned else given))
    assert cloud.normals is not None
    assert "lean away from a flat surface" in cloud.notes[0]
    angle = np.degrees(np.arccos(np.clip(np.einsum("nd,nd->n", cloud.normals, n), -1, 1)))
    inner = np.sort(np.abs(points), axis=1)[:, 1] < 0.9
    assert angle[inner].max() < 0.1
    assert np.mean(angle[~inner] < 10) > 0.93, "beside edges too"


def test_normals_are_not_straightened_by_less_than_their_planes_know() -> None:
    points, n = torus()
    rows = np.arange(len(n)) % 20 == 0
    given = unit_normals(n + 0.03 * np.random.default_rng(6).normal(size=n.shape))
    given[rows] = unit_normals(n[rows] + 0.8 * np.cross(n[rows], np.array([0, 0, 1.0])))
    cloud = complete_normals(PointCloud(points, given))
    assert cloud.normals is not None
    kept = (cloud.normals == given).all(axis=1)
    assert kept[~rows].mean() > 0.85
    assert np.einsum("nd,nd->n", cloud.normals, n)[rows & ~kept].min() > 0.9


def test_the_side_of_normals_that_lie_in_the_surface_is_that_of_their_neighbours() -> None:
    points, n = box(20_000)
    given = n.copy()
    rows = np.flatnonzero(np.arange(len(n)) % 20 == 0)
    given[rows] = np.roll(n[rows], 1, axis=1) - 0.05 * n[rows]
    cloud = complete_normals(PointCloud(points, given))
    assert cloud.normals is not None
    inner = np.sort(np.abs(points[rows]), axis=1)[:, 1] < 0.9
    assert np.einsum("nd,nd->n", cloud.normals[rows], n[rows])[inner].min() > 0.99


def test_edges_keep_their_normals_to_the_last_bit() -> None:
    points, n = box(20_000)
    np.testing.assert_array_equal(complete_normals(PointCloud(points, n)).normals, n.astype(np.float32))


def test_a_few_bad_normals_are_taken_from_their_neighbours_and_counted() -> None:
    n = directions()
    given = n.astype(np.float32)
    given[:10] = 0
    given[10:15] = np.nan
    given[15] = np.inf
    cloud = complete_normals(PointCloud(n, given, notes=("earlier",)))
    assert cloud.normals is not None
    assert len(cloud) == len(n)
    assert (np.einsum("nd,nd->n", cloud.normals[:16], n[:16]) > 0.98).all()
    assert cloud.notes[0] == "earlier"
    assert cloud.notes[1].startswith("16 of 2000 normals are zero or not finite: 16 were taken")


def test_points_whose_neighbours_disagree_are_dropped() -> None:
    # A bad point half way between two spheres that nearly touch, with opposite normals around it.
    n = directions(400)
    shift = np.array([1.001, 0, 0])
    left, right = n - shift, n + shift
    caps = 1e-3 * np.array([[-1, 0, 0], [1, 0, 0], [-1, 1, 0], [1, -1, 0], [-1, 0, 2], [1, 0, 2]])
    cap_normals = np.array([[1.0, 0, 0], [-1, 0, 0]] * 3)
    points = np.vstack([left, right, caps, [[0, 0, 0]]])
    normals = np.vstack([n, n, cap_normals, [[0, 0, 0]]])
    cloud = complete_normals(PointCloud(points, normals))
    assert len(cloud) == len(points) - 1
    assert "1 points with unclear neighbours were dropped" in cloud.notes[0]


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("solid", [sphere, torus])
def test_missing_normals_are_estimated_and_point_outward(
    solid: Callable[[], Oriented], offset: float
) -> None:
    points, normals = solid()
    cloud = complete_normals(PointCloud(points + offset))
    assert cloud.normals is not None
    agreement = np.einsum("nd,nd->n", cloud.normals, normals)
    assert (agreement > 0.8).all()
    assert agreement.mean() > 0.99
    assert cloud.notes == (
        "the scan has no normals: they were estimated from planes through their neighbours; they point"
        " outward (the surface closes around 100% of it)",
    )
    np.testing.assert_array_equal(cloud.points, points + offset)


@pytest.mark.parametrize("solid", [shell, two_balls, lambda: plate(3)], ids=["shell", "balls", "plate"])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_hollows_pieces_and_thin_plates_are_oriented(solid: Callable[[], Oriented], noise: float) -> None:
    points, normals = solid()
    thickness = np.ptp(points[:, 2])
    noise = min(noise, 0.1 * thickness)
    cloud = complete_normals(PointCloud(points + noise * np.random.default_rng(0).normal(size=points.shape)))
    assert right(cloud.normals, normals) > 0.99


@pytest.mark.parametrize("cut", [0.06, 0.12, 0.25])
def test_what_stood_on_the_ground_is_oriented_up_to_the_rim_of_its_hole(cut: float) -> None:
    points, normals = lying(cut)
    assert right(complete_normals(PointCloud(points)).normals, normals) > 0.9998  # one point on an edge


def test_a_scan_without_normals_is_oriented_wherever_it_is_and_however_it_lies() -> None:
    scan = read_points(ROOT / "data" / "scans" / "spot_points_12k.ply")
    assert scan.normals is not None
    found = complete_normals(replace(scan, normals=None)).normals
    assert right(found, scan.normals) > 0.999
    np.testing.assert_array_equal(complete_normals(scan, "estimate").normals, found)  # and again the same
    shifted = PointCloud(scan.points + np.array([500000.123, 4900000.456, 1200.789]))
    assert right(complete_normals(shifted).normals, scan.normals) > 0.999
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)
    turned = complete_normals(PointCloud(scan.points @ rotation))
    assert right(turned.normals, scan.normals @ rotation) > 0.999


def test_noisy_scans_are_oriented() -> None:
    scan = read_points(ROOT / "data" / "scans" / "spot_points_12k.ply")
    assert scan.normals is not None
    noise = 0.0025 * np.linalg.norm(scan.extent) * np.random.default_rng(0).normal(size=scan.points.shape)
    assert right(complete_normals(PointCloud(scan.points + noise)).normals, scan.normals) > 0.99


def test_sensors_decide_the_side_of_open_scans() -> None:
    points, n = sphere(4000)
    half = points[:, 2] < 0.3
    points, n = points[half], n[half]
    for place, outward in (((0.0, 0, 0.2), 0.0), ((0.0, 0, -9), 1.0)):
        seen = np.einsum("nd,nd->n", n if outward else -n, place - points) > 0
        measured = PointCloud(points, sensors=np.tile(place, (len(n), 1)))
        for cloud in (complete_normals(PointCloud(points), viewpoint=place), complete_normals(measured)):
            assert right(cloud.normals[seen], n[seen]) == pytest.approx(outward, abs=0.01)
            assert cloud.notes[0].endswith("they point to where the scan was seen from")


def test_the_users_viewpoint_counts_more_than_the_sensors() -> None:
    points, n = sphere()
    cloud = PointCloud(points, sensors=np.zeros_like(points))
    assert right(complete_normals(cloud).normals, n) == 0
    assert right(complete_normals(cloud, viewpoint=(0.0, 0, 1e-3)).normals, n) < 0.01
    far = PointCloud(points, sensors=9 * points)
    assert right(complete_normals(far).normals, n) == 1
    assert right(complete_normals(far, viewpoint=(0.0, 0, 0)).normals, n) == 0


def test_a_point_at_its_own_sensor_has_no_line_of_sight() -> None:
    points, n = sphere()
    sensors = 5 * n
    sensors[::2] = points[::2]
    assert right(complete_normals(PointCloud(points, sensors=sensors)).normals, n) == 1


def test_given_normals_that_look_away_from_the_sensor_are_turned() -> None:
    points, n = sphere()
    cloud = complete_normals(PointCloud(points, n), viewpoint=(0, 0, 0))
    np.testing.assert_array_equal(cloud.normals, -n.astype(np.float32))
    assert cloud.notes[0].startswith("only 0% of the normals point to where the scan was seen from")


def test_sensors_go_with_the_points_that_are_left() -> None:
    """Where neighbours disagree, a point without a normal is dropped, and with it where it was seen from."""
    n = directions(600)
    n = n[np.argsort(n[:, 2])]
    looking = np.where(n[:, 2:] > 0, 1.0, -1.0) * n  # the lower half was seen from inside
    normals = looking.copy()
    normals[295:305] = 0  # around the line between the two
    found = complete_normals(PointCloud(n, -normals, sensors=n + 0.5 * looking))
    assert len(found) < 600
    side = (found.normals * found.points).sum(axis=1) * np.sign(found.points[:, 2])
    assert np.mean(side > 0) > 0.97


def test_terrain_points_up_and_says_that_this_was_guessed() -> None:
    ground = np.random.default_rng(6).uniform(-1, 1, (4000, 3))
    ground[:, 2] = 0.1 * np.sin(5 * ground[:, 0]) * np.cos(4 * ground[:, 1])
    cloud = complete_normals(PointCloud(ground))
    assert cloud.normals is not None
    assert (cloud.normals[:, 2] > 0).all()
    assert "up was guessed; --flip-normals turns them" in cloud.notes[0]
    down = complete_normals(PointCloud(ground), flip=True)
    np.testing.assert_array_equal(down.normals, -cloud.normals)
    assert down.notes[-1] == "all normals were turned, as asked"


@pytest.mark.parametrize("count", [100, 3000])
def test_clouds_that_are_no_surface_get_some_unit_normals(count: int) -> None:
    rng = np.random.default_rng(8)
    volume = rng.random((count, 3))
    heaps = np.repeat(rng.random((count // 20, 3)), 20, axis=0)
    islands = (100 * rng.random((count // 20, 1, 3)) + rng.random((20, 3))).reshape(-1, 3)
    for points in (volume, heaps, islands):
        normals = complete_normals(PointCloud(points)).normals
        assert normals is not None
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)


def test_what_cannot_be_asked_is_refused() -> None:
    cloud = PointCloud(directions())
    with pytest.raises(UsageError, match="auto, keep or estimate"):
        complete_normals(cloud, "guess")  # type: ignore[arg-type]
    for place in ((0.0, 1.0), (0.0, np.nan, 1.0)):
        with pytest.raises(UsageError, match="viewpoint: expected three finite coordinates, found"):
            complete_normals(cloud, viewpoint=place)


def test_normals_that_are_mostly_zero_count_as_missing() -> None:
    n = directions()
    given = np.where(np.arange(len(n))[:, None] < 1500, 0, n)
    cloud = complete_normals(PointCloud(n, given))
    assert cloud.normals is not None
    assert (np.einsum("nd,nd->n", cloud.normals, n) > 0.8).all()
    assert cloud.notes[0].startswith("1500 of 2000 normals are zero or not finite: all were estimated")


def test_points_in_perfect_symmetry_do_not_stop_the_orientation() -> None:
    steps = np.linspace(-1, 1, 9)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3)
    shell = grid[np.abs(grid).max(axis=1) == 1]
    corners = np.stack(np.meshgrid([0, 1.0], [0, 1.0], [0, 1.0]), axis=-1).reshape(-1, 3)
    for points in (shell, corners):
        normals = complete_normals(PointCloud(points)).normals
        assert normals is not None
        np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-25, 1.0, 1e25])
def test_flat_scans_have_one_normal_and_no_volume(offset: float, scale: float) -> None:
    plane = np.random.default_rng(2).uniform(size=(500, 2)) @ np.array([[1.0, 2, 3], [-3, 1, 1]])
    scan = PointCloud((plane + offset) * scale, source="scan.ply")
    normals = complete_normals(scan).normals
    assert normals is not None
    truth = np.cross([1.0, 2, 3], [-3, 1, 1])
    truth /= np.linalg.norm(truth)
    np.testing.assert_allclose(np.abs(normals @ truth), 1, atol=1e-3)
    assert (normals @ normals[0] > 0).all()
    with pytest.raises(InputError, match=r"scan\.ply: .*one plane; leave out --surface closed"):
        check_volume(scan)


def test_lines_and_too_few_points_are_refused() -> None:
    for points in (np.outer(np.arange(50.0), [1, 2, 3]), np.eye(3)[:2], np.ones((5, 3))):
        with pytest.raises(InputError, match="one place or on one line"):
            complete_normals(PointCloud(points))


def test_thin_scans_are_not_flat() -> None:
    check_volume(PointCloud(directions() * [1, 1, 1e-4]))


def test_normals_do_not_load_open3d() -> None:
    code = (
        "import sys, numpy as np\n"
        "from sdf_siren.clouds import PointCloud\n"
        "assert 'scipy' not in sys.modules, 'clouds stays light'\n"
        "from sdf_siren.clouds.normals import complete_normals\n"
        "n = np.vstack([np.eye(3), -np.eye(3)])\n"
        "complete_normals(PointCloud(n, n))\n"
        "complete_normals(PointCloud(n))\n"
        "assert 'open3d' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_input_cloud_is_not_modified() -> None:
    n = directions()
    cloud = PointCloud(n.copy(), (5 * n).astype(np.float32))
    before = replace(cloud, normals=None if cloud.normals is None else cloud.normals.copy())
    complete_normals(cloud)
    np.testing.assert_array_equal(cloud.normals, before.normals)
    np.testing.assert_array_equal(cloud.points, n)


def test_ground_points_up_whatever_grows_on_it() -> None:
    """A wood has no normals; those that are estimated in it must not outvote the ground's."""
    generator = np.random.default_rng(0)
    ground = generator.uniform(-1, 1, (4000, 3)) * [1, 1, 0.005]
    wood = generator.uniform([-0.9, -0.9, 0.1], [0.9, 0.9, 1.2], (8000, 3))
    cloud = complete_normals(PointCloud(np.vstack([ground, wood])))
    assert "up was guessed" in cloud.notes[0]
    assert cloud.normals is not None
    assert np.mean(cloud.normals[:4000, 2] > 0.5) > 0.95


def test_planes_through_many_neighbours_are_straightened_beside_edges() -> None:
    """What other programs give where they round the edges."""
    points, n = box(6000)
    around = points[cKDTree(points).query(points, k=31)[1]]
    around -= around.mean(axis=1, keepdims=True)
    given = np.linalg.eigh(np.swapaxes(around, 1, 2) @ around)[1][:, :, 0]
    given *= np.sign(np.einsum("nd,nd->n", given, n))[:, None]
    cloud = complete_normals(PointCloud(points, given))
    assert cloud.normals is not None
    before, after = (
        np.degrees(np.arccos(np.clip(np.einsum("nd,nd->n", some, n), -1, 1)))
        for some in (given, cloud.normals)
    )
    assert np.mean(before > 10) > 0.1
    assert np.mean(after > 10) < 0.03


@pytest.mark.parametrize("count", [1000, 4000])
def test_acute_edges_are_sharp(count: int) -> None:
    points, n = tetrahedron(count)
    cloud = complete_normals(PointCloud(points))
    assert cloud.normals is not None
    cosine = np.einsum("nd,nd->n", cloud.normals, n)
    assert (cosine > 0.99).mean() > 0.9
    assert (cosine < 0).mean() < 0.02
