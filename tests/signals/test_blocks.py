"""Blocks of samples: which samples, and where in the cube."""

import pytest
import torch

from sdf_siren.frames import GridFrame
from sdf_siren.signals.blocks import block_side, blocks_at


@pytest.mark.parametrize("side", [(1, 1), (2, 3), (4, 5)])
def test_samples_and_coordinates_are_those_of_the_grid(side):
    frame = GridFrame.fitting((4, 5), (1.0, 2.0))
    corners = torch.tensor([[0, 0], [4 - side[0], 5 - side[1]]])
    blocks = blocks_at(corners, side, frame, torch.float64)
    assert blocks.size == side[0] * side[1]
    grid = torch.arange(20).view(4, 5)
    for corner, samples in zip(corners.tolist(), blocks.samples, strict=True):
        expected = grid[corner[0] : corner[0] + side[0], corner[1] : corner[1] + side[1]]
        assert torch.equal(samples.view(side), expected)
    places = torch.stack([blocks.samples.flatten() // 5, blocks.samples.flatten() % 5], dim=1)
    torch.testing.assert_close(blocks.x, torch.from_numpy(frame.to_cube(places.numpy())), rtol=0, atol=1e-15)


def test_a_part_keeps_whole_blocks():
    blocks = blocks_at(torch.tensor([[0], [3], [5]]), (2,), GridFrame.fitting((8,)))
    part = blocks.at(slice(2, 6))
    assert len(part) == 2
    assert torch.equal(part.samples, blocks.samples[1:])
    assert torch.equal(part.x, blocks.x[2:])


@pytest.mark.parametrize(
    ("shape", "side"),
    [((100,), (64,)), ((10,), (10,)), ((512, 512), (8, 8)), ((3, 512), (3, 8)), ((9, 9, 9), (4, 4, 4))],
)
def test_sides(shape, side):
    assert block_side(shape) == side
