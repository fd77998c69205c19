"""Blocks drawn: inside the grid, every sample seen, the same again from the same generator."""

import torch

from sdf_siren.frames import GridFrame
from sdf_siren.sampling import blocks
from sdf_siren.sampling.blocks import BlockSampler

FRAME = GridFrame.fitting((12, 7))


def draw(side, count, seed=0):
    return BlockSampler(FRAME, side, count).draw(torch.Generator().manual_seed(seed))


def test_single_samples_all_come_before_any_comes_again():
    sampler, generator = BlockSampler(FRAME, (1, 1), 10), torch.Generator().manual_seed(0)
    drawn = [sampler.draw(generator, step).samples.flatten() for step in range(16)]
    for shuffle in (drawn[:8], drawn[8:]):
        assert len(torch.cat(shuffle).unique()) == 80
    assert not torch.equal(drawn[0], drawn[8])


def test_a_shuffle_follows_from_seed_and_step():
    one, other = (BlockSampler(FRAME, (1, 1), 10, seed=3) for _ in range(2))
    for step in (0, 3, 11, 9):
        drawn = one.draw(torch.Generator().manual_seed(0), step)
        assert torch.equal(drawn.samples, other.draw(torch.Generator().manual_seed(9), step).samples)
    third = BlockSampler(FRAME, (1, 1), 10, seed=4)
    assert not torch.equal(third.draw(torch.Generator(), 0).samples, one.draw(torch.Generator(), 0).samples)


def test_a_batch_of_all_samples_is_all_of_them():
    assert len(draw((1, 1), 84).samples.unique()) == 84


def test_blocks_cover_the_grid_and_favour_its_border_a_little(monkeypatch):
    monkeypatch.setattr(blocks, "LARGEST_SHUFFLE", 0)
    for side in ((1, 1), (3, 3)):
        found = draw(side, 20_000)
        seen = torch.bincount(found.samples.flatten(), minlength=84) / (found.samples.numel() / 84)
        assert len(seen) == 84
        # Blocks at the border are moved in, so that it is seen more often, the corners of a 3 x 3 block most.
        assert seen.min() > (0.8 if side == (1, 1) else 0.5)
        assert seen.max() < (1.2 if side == (1, 1) else 3.5)


def test_the_same_generator_draws_the_same_blocks():
    assert torch.equal(draw((2, 2), 50).samples, draw((2, 2), 50).samples)
    assert not torch.equal(draw((2, 2), 50).samples, draw((2, 2), 50, seed=1).samples)
