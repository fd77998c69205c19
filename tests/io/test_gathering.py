"""From pieces to a cloud: the reduction, and columns that only some pieces have."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import read_points
from sdf_siren.io.gathering import Reservoir, gather
from sdf_siren.io.raw_points import RawPoints, joined, remark

POINTS = np.random.default_rng(0).uniform(-1, 1, (5000, 3))


def in_pieces(points: np.ndarray, cuts: list[int]) -> Iterator[RawPoints]:
    for part in np.split(points, cuts):
        yield RawPoints(part, part.astype(np.float32), sensors=part + 1, intensity=part[:, 0].astype("f4"))


def sample(cuts: list[int], most: int) -> RawPoints:
    reservoir = Reservoir(most)
    for piece in in_pieces(POINTS, cuts):
        reservoir.add(piece)
    return reservoir.sample()


@pytest.mark.parametrize("most", [1, 7, 100, 3400, 4999])
def test_the_sample_does_not_depend_on_the_pieces(most: int) -> None:
    whole = sample([], most)
    assert len(whole) == most
    for cuts in ([2500], [1, 2, 3, 4998], list(range(100, 5000, 100))):
        np.testing.assert_array_equal(sample(cuts, most).points, whole.points)


def test_the_sample_is_in_the_order_of_the_file_and_keeps_rows_together() -> None:
    part = sample(list(range(300, 5000, 300)), 1000)
    assert part.sensors is not None
    assert part.intensity is not None
    rows = [int(np.flatnonzero(POINTS[:, 0] == x)[0]) for x in part.points[:, 0]]
    assert rows == sorted(rows)
    np.testing.assert_array_equal(part.sensors, part.points + 1)
    np.testing.assert_array_equal(part.intensity, part.points[:, 0].astype(np.float32))


def test_every_row_is_as_likely() -> None:
    # Of 5000 rows 2500 are kept; each tenth of the file holds 250 of them, give or take 11 (hypergeometric).
    x = sample(list(range(500, 5000, 500)), 2500).points[:, 0]
    kept = np.isin(POINTS[:, 0], x).reshape(10, 500).sum(axis=1)
    assert np.abs(kept - 250).max() < 4 * 11


def test_what_is_small_enough_stays_whole() -> None:
    np.testing.assert_array_equal(sample([10], 5000).points, POINTS)
    assert len(Reservoir(5).sample()) == 0


def test_a_stream_is_held_only_as_far_as_it_is_kept() -> None:
    def stream() -> Iterator[RawPoints]:
        draw = np.random.default_rng(1)
        for _ in range(200):
            yield RawPoints(draw.normal(size=(10_000, 3)))  # 48 MB in all

    tracemalloc.start()
    cloud = gather(Path("a"), stream(), None, 20_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(cloud) == 20_000
    assert peak < 6e6
    assert cloud.notes == (
        "20000 of 2000000 points were kept, drawn at random; read.points.max_points changes how many",
    )


def test_unusable_rows_and_the_crop_come_before_the_reduction(tmp_path: Path) -> None:
    points = POINTS.copy()
    points[::2] = np.nan
    np.save(tmp_path / "a.npy", points)
    inside = (POINTS[1::2, 0] > 0).sum()
    cloud = read_points(tmp_path / "a.npy", crop=(0, -2, -2, 2, 2, 2), max_points=100)
    assert len(cloud) == 100
    assert cloud.notes[0] == "2500 of 5000 rows without finite coordinates were dropped"
    assert cloud.notes[1] == f"{2500 - inside} of 2500 points outside the crop box were dropped"
    assert f"100 of {inside} points were kept" in cloud.notes[2]
    assert (cloud.points[:, 0] > 0).all()
    assert len(read_points(tmp_path / "a.npy", max_points=2500)) == 2500
    with pytest.raises(UsageError, match="max_points: expected at least 4, found 3"):
        read_points(tmp_path / "a.npy", max_points=3)


def test_a_column_that_some_points_lack_is_left_out() -> None:
    normals = np.ones((3, 3), dtype=np.float32)
    pieces = [RawPoints(POINTS[:3], normals), remark("a"), RawPoints(POINTS[3:5], notes=("a", "b"))]
    whole = joined(pieces)
    np.testing.assert_array_equal(whole.points, POINTS[:5])
    assert whole.normals is None
    assert whole.notes == ("a", "b", "2 points of the file have no normals: those of the others are not used")
    alone = joined([pieces[0], remark("c")])
    np.testing.assert_array_equal(alone.normals, normals)


def test_a_sensor_that_cannot_have_seen_the_points_is_not_used() -> None:
    near, far = np.array([5.0, 0, 0]), np.array([5e5, 4e6, 0])
    seen = RawPoints(POINTS, sensors=np.broadcast_to(near, POINTS.shape))
    cloud = gather(Path("a"), [seen], None, 10**6)
    np.testing.assert_array_equal(cloud.sensors, np.tile(near, (5000, 1)))
    unseen = RawPoints(POINTS + far, sensors=np.zeros(POINTS.shape))
    cloud = gather(Path("a"), [unseen], None, 10**6)
    assert cloud.sensors is None
    assert cloud.notes == ("the file's sensor position is far away from its points: it is not used",)


def test_colours_are_scaled_by_the_largest_of_all_pieces() -> None:
    dark = RawPoints(POINTS[:2], colours=np.full((2, 3), 200, dtype=np.uint16))
    light = RawPoints(POINTS[2:4], colours=np.full((2, 3), 65535, dtype=np.uint16))
    cloud = gather(Path("a"), [dark, light], None, 100)
    assert cloud.colours is not None
    assert cloud.colours[:, 0].tolist() == [1, 1, 255, 255]


def test_colours_that_are_all_black_are_none() -> None:
    cloud = gather(
        Path("a"), [RawPoints(POINTS, colours=np.zeros(POINTS.shape, dtype=np.uint16))], None, 10**6
    )
    assert cloud.colours is None
    assert cloud.notes == ("all colours of the file are black: they are not used",)


def test_a_file_without_any_point() -> None:
    with pytest.raises(InputError, match="finite coordinates, found none in 0 rows"):
        gather(Path("a"), [], None, 100)


def test_coordinates_too_large_to_be_lengths_are_told_with_the_limit(tmp_path: Path) -> None:
    points = POINTS[:20].copy()
    points[3, 1], points[4, 0] = 1e31, np.nan
    np.save(tmp_path / "a.npy", points)
    note = "2 of 20 rows without finite coordinates below 1e+30 were dropped"
    assert read_points(tmp_path / "a.npy").notes == (note,)
    np.save(tmp_path / "b.npy", points * 1e200)
    with pytest.raises(InputError, match=r"expected finite coordinates below 1e\+30, found none in 20 rows"):
        read_points(tmp_path / "b.npy")
