"""Made-up rooms: what a scanner inside of them measures."""

from __future__ import annotations

import numpy as np
import pytest
import rooms


@pytest.fixture(scope="module")
def whole():
    return rooms.room(sensor=True)


def test_nothing_is_measured_beyond_the_walls(whole):
    low, high = whole.points.min(axis=0), whole.points.max(axis=0)
    assert np.all(low > -6 * rooms.NOISE)
    assert np.all(high < np.array([6, 4, 2.7]) + 6 * rooms.NOISE)
    assert len(whole) == pytest.approx(420 * 175, rel=0.01)  # every ray meets something in a closed room


def test_nothing_is_seen_through_furniture(whole):
    """The front of the cupboard (5.2 to 6 by 0 to 1.6 by 0 to 2) is; the wall behind it is not."""
    x, y, z = whole.points.T
    before_the_wall = (y > 0.1) & (y < 1.5) & (z > 0.1) & (z < 1.9)
    assert np.sum(before_the_wall & (np.abs(x - 5.2) < 6 * rooms.NOISE)) > 1000
    assert not np.any(before_the_wall & (x > 5.2 + 6 * rooms.NOISE))


def test_nothing_is_seen_under_the_scanner(whole):
    ray = whole.points - whole.sensors
    down = -ray[:, 2] / np.linalg.norm(ray, axis=1)
    assert down.max() <= np.cos(np.pi - rooms.LOWEST) + 1e-3


def test_half_a_room_is_the_half_that_is_looked_at(whole):
    half = rooms.room(seen=180)
    assert half.sensors is None
    assert half.points[:, 1].min() > 2.0 - 0.01
    assert whole.points[:, 1].min() < 0.01


@pytest.mark.parametrize("name", list(rooms.ROOMS))
def test_every_room_is_the_same_again(name):
    cloud = rooms.ROOMS[name]()
    np.testing.assert_array_equal(cloud.points, rooms.ROOMS[name]().points)
    assert (cloud.sensors is not None) == name.endswith("sensor")
