"""Batches: sizes, groups, and randomness from the generator alone."""

import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.sampling.sampler import PoolSampler, UniformVolumeSampler


def test_pool_sampler_draws_matching_rows():
    x = torch.arange(30.0).reshape(10, 3)
    pools = {"near": PointGroup(x, side=x[:, :1]), "far": PointGroup(-x)}
    sampler = PoolSampler(pools, {"near": 50, "far": 7})
    batch = sampler.draw(torch.Generator().manual_seed(0))
    assert {name: len(group) for name, group in batch.items()} == {"near": 50, "far": 7}
    assert torch.equal(batch["near"].side, batch["near"].x[:, :1])
    assert len(batch["near"].x[:, 0].unique()) > 8
    again = sampler.draw(torch.Generator().manual_seed(0))
    assert torch.equal(again["far"].x, batch["far"].x)


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
