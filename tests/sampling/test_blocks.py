"""Blocks drawn: inside the grid, every sample seen, the same again from the same generator."""

import torch

from sdf_siren.frames import GridFrame
from sdf_siren.sampling.blocks import BlockSampler


def draw(side, count, seed=0):
    sampler = BlockSampler(GridFrame.fitting((12, 7)), side, count)
    return sampler.draw(torch.Generator().manual_seed(seed))


def test_every_sample_is_drawn_about_alike():
    for side in ((1, 1), (3, 3)):
        blocks = draw(side, 20_000)
        seen = torch.bincount(blocks.samples.flatten(), minlength=84) / (blocks.samples.numel() / 84)
        assert len(seen) == 84
        # Blocks at the border are moved in, so that it is seen more often, the corners of a 3 x 3 block most.
        assert seen.min() > (0.8 if side == (1, 1) else 0.5)
        assert seen.max() < (1.2 if side == (1, 1) else 3.5)


def test_the_same_generator_draws_the_same():
    assert torch.equal(draw((2, 2), 50).samples, draw((2, 2), 50).samples)
    assert not torch.equal(draw((2, 2), 50).samples, draw((2, 2), 50, seed=1).samples)
