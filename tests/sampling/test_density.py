"""Points drawn evenly over a surface that has them unevenly."""

from __future__ import annotations

import numpy as np
import torch
from scipy.spatial import cKDTree

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.sampling.density import MOST, drawn, shares
from sdf_siren.sampling.sampler import PoolSampler


def square(left: int, right: int) -> np.ndarray:
    """Points on a unit square, so many on either half."""
    rng = np.random.default_rng(0)
    points = np.c_[rng.uniform(0, 1, (left + right, 2)), np.zeros(left + right)]
    points[:, 0] = np.r_[0.5 * points[:left, 0], 0.5 + 0.5 * points[left:, 0]]
    return points


def test_halves_of_a_square_have_half_each_whatever_their_points() -> None:
    points = square(4000, 600)
    cumulative = shares(points, cKDTree(points))
    assert cumulative[-1] == 1
    assert np.all(np.diff(cumulative) > 0)
    assert abs(cumulative[3999] - 0.5) < 0.05


def test_no_point_counts_for_much_more_or_less_than_a_typical_one() -> None:
    points = np.vstack([square(500, 500), [[50.0, 0, 0]]])
    share = np.diff(shares(points, cKDTree(points)), prepend=0)
    assert share.max() <= MOST * np.median(share) * (1 + 1e-9)
    assert share.min() >= np.median(share) / MOST * (1 - 1e-9)


def test_doubles_have_shares_too() -> None:
    points = np.zeros((20, 3))
    assert np.allclose(np.diff(shares(points, cKDTree(points))), 1 / 20)


def test_rows_are_drawn_with_their_shares() -> None:
    cumulative = torch.tensor([0.1, 0.1, 0.7, 1.0], dtype=torch.float64)
    rows = drawn(cumulative, 20_000, torch.Generator().manual_seed(0))
    found = torch.bincount(rows, minlength=4) / 20_000
    assert torch.allclose(found, torch.tensor([0.1, 0.0, 0.6, 0.3]), atol=0.015)


def test_a_sampler_draws_one_pool_by_shares_and_the_other_alike() -> None:
    pool = PointGroup(torch.arange(12.0).reshape(4, 3))
    only_last = {"surface": torch.tensor([0.0, 0.0, 0.0, 1.0], dtype=torch.float64)}
    sampler = PoolSampler({"surface": pool, "near": pool}, {"surface": 50, "near": 200}, only_last)
    batch = sampler.draw(torch.Generator().manual_seed(1))
    assert (batch["surface"].x == pool.x[3]).all()
    assert len(torch.unique(batch["near"].x[:, 0])) == 4
