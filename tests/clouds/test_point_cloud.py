"""The point cloud: what it refuses, and that a selection takes every column along."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError

POINTS = np.random.default_rng(0).normal(size=(6, 3))
COLUMNS = {
    "normals": POINTS.astype(np.float32),
    "colours": np.arange(18, dtype=np.uint8).reshape(6, 3),
    "sensors": POINTS + 1e6,
    "intensity": np.arange(6, dtype=np.float32),
}


@pytest.mark.parametrize("rows", [np.array([4, 0]), np.array([1, 0, 0, 0, 1, 0], dtype=bool)])
def test_a_selection_takes_every_column_along(rows: np.ndarray) -> None:
    part = PointCloud(POINTS, notes=("a",), **COLUMNS).select(rows, "b")
    np.testing.assert_array_equal(part.points, POINTS[rows])
    for name, value in COLUMNS.items():
        np.testing.assert_array_equal(getattr(part, name), value[rows])
    assert part.notes == ("a", "b")
    bare = PointCloud(POINTS).select(rows)
    assert all(getattr(bare, name) is None for name in COLUMNS)


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_of_another_length_or_width_are_refused(name: str) -> None:
    for wrong in (COLUMNS[name][:5], COLUMNS[name][..., None]):
        with pytest.raises(InputError, match=f"expected {name} of shape"):
            PointCloud(POINTS, **{name: wrong})


def test_a_sensor_is_somewhere() -> None:
    sensors = np.broadcast_to([0.0, np.nan, 1.0], (6, 3))
    with pytest.raises(InputError, match="finite sensor positions"):
        PointCloud(POINTS, sensors=sensors)
    one = PointCloud(POINTS, sensors=np.broadcast_to([1e6, 2e6, 1.0], (6, 3)))
    assert one.sensors is not None
    assert one.sensors.dtype == np.float64
    assert one.sensors.flags.c_contiguous


def test_an_intensity_may_be_missing() -> None:
    values = np.array([1, np.nan, 3, 4, 5, 6])
    np.testing.assert_array_equal(PointCloud(POINTS, intensity=values).intensity, values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "colours", [np.full((4, 3), 0.5), np.full((4, 3), 300), -np.ones((4, 3)), np.full((4, 3), np.nan)]
)
def test_colours_that_are_no_bytes_are_refused(colours: np.ndarray) -> None:
    with pytest.raises(InputError, match="colours as whole numbers from 0 to 255"):
        PointCloud(np.eye(4)[:, :3], colours=colours)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float64])
def test_colours_of_any_type_may_be_bytes(dtype: type) -> None:
    colours = np.array([[0, 128, 255]] * 4, dtype=dtype)
    np.testing.assert_array_equal(PointCloud(np.eye(4)[:, :3], colours=colours).colours, colours)
