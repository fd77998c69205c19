"""Batches: sizes, groups, every part of a pool in every step, every row in its turn."""

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.sampling.sampler import AHEAD, PoolSampler, UniformVolumeSampler, order_by_place

UNUSED = torch.Generator()


def numbered(count):
    """Points that tell their row."""
    return PointGroup(torch.arange(float(count))[:, None].expand(count, 3))


def rows_of(sampler, step, name="surface"):
    return sampler.draw(UNUSED, step)[name].x[:, 0].long()


def test_pool_sampler_draws_matching_rows():
    x = torch.arange(30.0).reshape(10, 3)
    pools = {"near": PointGroup(x, side=x[:, :1]), "far": PointGroup(-x)}
    sampler = PoolSampler(pools, {"near": 50, "far": 7})
    batch = sampler.draw(UNUSED)
    assert {name: len(group) for name, group in batch.items()} == {"near": 50, "far": 7}
    assert torch.equal(batch["near"].side, batch["near"].x[:, :1])


def test_batches_follow_from_seed_and_step_alone():
    one, same, other = (PoolSampler({"surface": numbered(500)}, {"surface": 40}, seed=s) for s in (3, 3, 4))
    before = UNUSED.get_state()
    for step in (0, 7, 100_000):
        assert torch.equal(rows_of(one, step), rows_of(same, step))
        assert not torch.equal(rows_of(one, step), rows_of(other, step))
    assert not torch.equal(rows_of(one, 0), rows_of(one, 1))
    assert torch.equal(UNUSED.get_state(), before)


def test_the_order_of_steps_does_not_matter():
    """A resumed fit begins anywhere."""
    steps = [0, 1, AHEAD - 1, AHEAD, 5 * AHEAD + 7]
    sampler = PoolSampler({"surface": numbered(500)}, {"surface": 40})
    ahead = [rows_of(sampler, step) for step in steps]
    for step, rows in zip(reversed(steps), reversed(ahead), strict=True):
        assert torch.equal(rows_of(PoolSampler({"surface": numbered(500)}, {"surface": 40}), step), rows)
        assert torch.equal(rows_of(sampler, step), rows)


@pytest.mark.parametrize(("total", "count"), [(1000, 100), (1003, 64), (50, 64), (1, 5)])
def test_every_part_of_a_pool_is_in_every_step(total, count):
    sampler = PoolSampler({"surface": numbered(total)}, {"surface": count})
    for step in range(0, 3000, 37):
        rows = rows_of(sampler, step)
        part = torch.arange(count)
        assert torch.all(rows >= (part * total) // count)
        assert torch.all(rows <= torch.clamp(((part + 1) * total) // count, max=total - 1))


def test_every_row_has_its_turns():
    """12.5 rows a part: after 50 steps each is drawn 4 times, up to what a golden sequence leaves over."""
    sampler = PoolSampler({"surface": numbered(1000)}, {"surface": 80})
    drawn = torch.zeros(1000)
    for step in range(50):
        drawn += torch.bincount(rows_of(sampler, step), minlength=1000)
    assert drawn.min() >= 2
    assert drawn.max() <= 6


def test_shares_say_how_often():
    pool = numbered(4)
    shares = {"surface": torch.tensor([0.1, 0.1, 0.7, 1.0], dtype=torch.float64)}
    sampler = PoolSampler({"surface": pool, "near": pool}, {"surface": 50, "near": 200}, shares)
    found = torch.cat([rows_of(sampler, step) for step in range(20)])
    share = torch.bincount(found, minlength=4) / len(found)
    assert torch.allclose(share, torch.tensor([0.1, 0.0, 0.6, 0.3]), atol=0.005)
    alike = torch.bincount(rows_of(sampler, 0, "near"), minlength=4)
    assert torch.equal(alike, torch.tensor([50, 50, 50, 50]))


def test_batches_over_a_sphere_in_order_vary_less_than_independent_ones():
    x = np.random.default_rng(0).standard_normal((5000, 3))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    pool = PointGroup(torch.from_numpy(x)).rows(order_by_place(cKDTree(x)))
    sampler = PoolSampler({"surface": pool}, {"surface": 500})
    means = torch.stack([sampler.draw(UNUSED, step)["surface"].x.mean(0) for step in range(40)])
    independent = (1 / 3 / 500) ** 0.5
    assert (means - pool.x.mean(0)).square().mean().sqrt() < 0.2 * independent


def test_the_order_of_a_tree_is_one_of_all_points_and_keeps_neighbours_together():
    x = np.random.default_rng(0).uniform(size=(3000, 3))
    order = order_by_place(cKDTree(x)).numpy()
    assert np.array_equal(np.sort(order), np.arange(3000))
    apart = np.linalg.norm(np.diff(x[order], axis=0), axis=1).mean()
    assert apart < 0.25 * np.linalg.norm(np.diff(x, axis=0), axis=1).mean()


def test_uniform_sampler_fills_the_cube():
    surface = PointGroup(torch.zeros(5, 3), normals=torch.ones(5, 3))
    batch = UniformVolumeSampler(surface, 4000, 4000).draw(torch.Generator().manual_seed(0))
    assert len(batch["surface"]) == len(batch["volume"]) == 4000
    volume = batch["volume"].x
    uneven = UniformVolumeSampler(surface, 3, 7).draw(torch.Generator().manual_seed(0))
    assert (len(uneven["surface"]), len(uneven["volume"])) == (3, 7)
    assert volume.min() >= -1
    assert volume.max() <= 1
    torch.testing.assert_close(volume.mean(0), torch.zeros(3), atol=0.05, rtol=0)
    torch.testing.assert_close(volume.var(0), torch.full((3,), 1 / 3), atol=0.02, rtol=0)
