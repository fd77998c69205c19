"""Sets of cells and nodes as words: the same answers as arrays of booleans."""

import numpy as np
import pytest

from sdf_siren.meshing.bricks import BRICK, Bricks, bits, members, with_next, with_previous, within, word

SIDE = 3


@pytest.fixture
def some():
    """A random set as an array of booleans, and its homes and words."""
    rng = np.random.default_rng(0)
    whole = rng.random((SIDE * BRICK,) * 3) < 0.3
    whole[:BRICK, :BRICK] = False  # a column of bricks that have no member
    return whole, *as_words(whole)


def as_words(whole):
    side = len(whole) // BRICK
    homes = np.argwhere(np.ones((side,) * 3, dtype=bool)).astype(np.int32)
    bricks = whole.reshape(side, BRICK, side, BRICK, side, BRICK).transpose(0, 2, 4, 1, 3, 5)
    words = word(bricks.reshape(-1, BRICK**3))
    return homes[words != 0], words[words != 0]


def as_array(homes, words, side=SIDE):
    """The set with a margin of one brick on every side."""
    whole = np.zeros(((side + 2) * BRICK,) * 3, dtype=bool)
    whole[tuple((members(homes, words) + BRICK).T)] = True
    return whole


def stored(homes, words):
    bricks = Bricks(SIDE)
    bricks.add(homes)
    return bricks, bricks.sets(homes, words)


def test_words_and_bits_are_each_others_inverse():
    some = np.random.default_rng(1).integers(0, 2**64, (5, 7), dtype=np.uint64)
    assert bits(some).shape == (5, 7, 64)
    np.testing.assert_array_equal(word(bits(some)), some)
    assert word(np.arange(64) == 9) == 1 << 9


def test_members_are_where_the_array_has_them(some):
    whole, homes, words = some
    found = np.zeros_like(whole)
    found[tuple(members(homes, words).T)] = True
    np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("axis", range(3))
def test_neighbours_are_added_across_bricks(some, axis):
    _, homes, words = some
    before = as_array(homes, words)
    np.testing.assert_array_equal(as_array(*with_next(homes, words, axis)), before | np.roll(before, 1, axis))
    np.testing.assert_array_equal(
        as_array(*with_previous(homes, words, axis)), before | np.roll(before, -1, axis)
    )


@pytest.mark.parametrize("axis", range(3))
def test_neighbours_are_looked_up_across_bricks(some, axis):
    _, homes, words = some
    bricks, kept = stored(homes, words)
    here, whole = as_array(bricks.homes[1:], np.full(len(bricks) - 1, ~np.uint64(0))), as_array(homes, words)
    ahead, behind = bricks.ahead(kept, axis), bricks.behind(kept, axis)
    assert kept[0] == ahead[0] == behind[0] == 0
    np.testing.assert_array_equal(as_array(bricks.homes, ahead), np.roll(whole, -1, axis) & here)
    np.testing.assert_array_equal(as_array(bricks.homes, behind), np.roll(whole, 1, axis) & here)


def test_cells_with_all_or_any_of_their_corners(some):
    whole, homes, words = some
    bricks, kept = stored(homes, words)
    padded = np.pad(whole, (0, 1))
    corners = [
        padded[i : i + len(whole), j : j + len(whole), k : k + len(whole)] for i, j, k in np.ndindex(2, 2, 2)
    ]
    here = np.zeros_like(whole)
    here[tuple(members(bricks.homes[1:], np.full(len(bricks) - 1, ~np.uint64(0))).T)] = True
    for found, expected in (
        (bricks.all_corners(kept), np.all(corners, axis=0)),
        (bricks.any_corner(kept), np.any(corners, axis=0) & here),
    ):
        array = np.zeros_like(whole)
        array[tuple(members(bricks.homes, found).T)] = True
        np.testing.assert_array_equal(array, expected)


@pytest.mark.parametrize("resolution", [8, 9, 11])
def test_cells_of_the_lattice(resolution):
    homes = np.argwhere(np.ones((5, 5, 5), dtype=bool)).astype(np.int32) - 1
    inside = members(homes, within(homes, resolution))
    assert len(inside) == resolution**3
    assert inside.min() == 0
    assert inside.max() == resolution - 1


def test_bricks_added_later_get_later_rows_and_are_not_added_twice(some):
    _, homes, words = some
    bricks = Bricks(SIDE)
    bricks.add(homes[:5])
    bricks.add(np.concatenate([homes, homes]))
    assert len(bricks) == len(homes) + 1
    np.testing.assert_array_equal(bricks.homes[bricks.rows(homes)], homes)
    np.testing.assert_array_equal(np.sort(bricks.rows(homes)), np.arange(1, len(homes) + 1))
    assert set(bricks.rows(homes[:5])) == set(range(1, 6))
    # The same set in two parts is the same set.
    np.testing.assert_array_equal(
        bricks.sets(
            np.concatenate([homes, homes]), np.concatenate([words & 0xFFFF, words & ~np.uint64(0xFFFF)])
        ),
        bricks.sets(homes, words),
    )
