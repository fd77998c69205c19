"""Which points are in which tile's box, against every point and every box."""

import pytest
import torch

from sdf_siren.fields.tiles import REACH
from sdf_siren.fitting.membership import FEWEST_POINTS, MOST_POINTS, PADDING, Membership, memberships

SIDE = 0.3


def cube(count, half=1.0, seed=0):
    return half * (2 * torch.rand(count, 3, generator=torch.Generator().manual_seed(seed)) - 1)


def in_box(points, place, side=SIDE):
    centre = (torch.tensor(place) + 0.5) * side - 1
    return set(((points - centre).abs() < REACH * side).all(dim=1).nonzero()[:, 0].tolist())


def members_of(found, tile):
    first, count = int(found.first[tile]), int(found.count[tile])
    return found.rows[first : first + count].tolist()


def test_every_tile_has_the_points_in_its_box_and_no_tile_is_missing():
    points, others = cube(400), cube(60, seed=1)
    found = Membership.of(points, SIDE, None, others)
    expected = {}
    for place in torch.cartesian_prod(*[torch.arange(7)] * 3).tolist():
        own = in_box(points, place)
        if len(own) >= FEWEST_POINTS:
            expected[tuple(place)] = own | {400 + row for row in in_box(others, place)}
    assert {tuple(place) for place in found.places.tolist()} == expected.keys()
    for tile, place in enumerate(found.places.tolist()):
        assert sorted(members_of(found, tile)) == sorted(expected[tuple(place)])
    assert (found.count.diff() >= 0).all()


def test_seen_from_some_points_the_tiles_that_bear_on_them_are_left():
    points, eyes = cube(400), cube(3, seed=2)
    whole, some = (Membership.of(points, SIDE, seen, points[:0]) for seen in (None, eyes))
    seen = {tuple(p) for p in whole.places.tolist() if in_box(eyes, p)}
    assert 0 < len(seen) < len(whole.places)
    assert {tuple(place) for place in some.places.tolist()} == seen
    assert len(Membership.of(points, SIDE, eyes[:0], points[:0]).places) == 0


def test_points_outside_the_cube_make_no_tiles_outside():
    found = Membership.of(cube(2000, half=1.5), SIDE, None, cube(0))
    assert found.places.min() == 0
    assert found.places.max() == 6


@pytest.mark.parametrize("rows", [64, 10_000])
def test_batches_cover_the_tiles_and_are_hardly_padded(rows):
    found = Membership.of(cube(3000), SIDE, None, cube(0))
    batches = found.batches(rows)
    assert [i for part, _ in batches for i in range(part.start, part.stop)] == list(range(len(found.places)))
    for part, most in batches:
        assert most == found.count[part].max() <= PADDING * found.count[part].min()
        assert (part.stop - part.start) * most <= rows or part.stop - part.start == 1
        members = found.members(part, most, 3000)
        for tile, row in zip(range(part.start, part.stop), members.tolist(), strict=True):
            assert [r for r in row if r < 3000] == members_of(found, tile)


def test_a_random_subset_stands_for_many_however_they_are_ordered():
    # All in one box, in the order of a scanner: 40 lines of 80 points.
    line = torch.arange(40)[:, None].expand(40, 80) / 40
    along = torch.arange(80)[None].expand(40, 80) / 80
    points = 0.05 + 0.2 * torch.stack([line, along, torch.zeros(40, 80)], dim=-1).reshape(-1, 3)
    found = Membership.of(points, SIDE, None, points[:0])
    tile = int(found.count.argmax())
    assert found.count[tile] == 3200
    rows = found.members(slice(tile, tile + 1), MOST_POINTS, 3200)[0]
    assert len(rows.unique()) == MOST_POINTS
    assert rows.max() < 3200
    assert len((rows // 80).unique()) == 40
    assert torch.bincount(rows % 80, minlength=80).max() < 20


def test_a_pair_is_a_box_and_a_point_in_it():
    points = cube(500)
    key, row = memberships(points, SIDE)
    _, count = torch.stack([key, row]).unique(dim=1, return_counts=True)
    assert (count == 1).all()
    assert len(key) == sum(
        len(in_box(points, p)) for p in torch.cartesian_prod(*[torch.arange(-1, 8)] * 3).tolist()
    )
