"""Nearest neighbours of all points: each once, in any order, as a plain search finds them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from sdf_siren.clouds import neighbours as module
from sdf_siren.clouds.neighbours import neighbours


@pytest.mark.parametrize("count", [1, 5])
def test_every_point_comes_once_with_its_nearest(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK", 64)
    points = np.random.default_rng(0).random((200, 3))
    pieces = list(neighbours(cKDTree(points), count))
    assert [len(rows) for rows, _, _ in pieces] == [64, 64, 64, 8]
    rows, distance, index = (np.concatenate(column) for column in zip(*pieces, strict=True))
    np.testing.assert_array_equal(np.sort(rows), np.arange(200))
    apart = np.linalg.norm(points[rows, None] - points, axis=2)
    np.testing.assert_array_equal(index, np.argsort(apart, axis=1)[:, :count])
    np.testing.assert_allclose(distance, np.sort(apart, axis=1)[:, :count], atol=1e-15)
