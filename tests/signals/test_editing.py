"""Poisson editing: what must come back unchanged, what must vanish, and what must not jump."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren.errors import InputError, UsageError
from sdf_siren.signals.differences import differences, transposed_differences
from sdf_siren.signals.editing import clone, mix


def picture(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def disc(n, m, radius, row=None, column=None):
    i, j = np.mgrid[:n, :m]
    return np.hypot(i - (n // 2 if row is None else row), j - (m // 2 if column is None else column)) < radius


MASKS = {
    "disc": disc(20, 24, 6),
    "two discs": disc(20, 24, 4, 5, 5) | disc(20, 24, 4, 14, 18),
    "at the border": disc(20, 24, 7, 0, 3),
    "ring": disc(20, 24, 8) & ~disc(20, 24, 4),
    "one sample": disc(20, 24, 0.5),
    "corners": ~disc(20, 24, 9),
    "all but one": ~disc(20, 24, 0.5),
    "all": np.ones((20, 24), bool),
    "confetti": np.random.default_rng(4).random((20, 24)) < 0.5,
}


def assert_least_squares(edit):
    """What is left of the differences asked for is orthogonal to all changes of samples that do not stay."""
    assert np.array_equal(edit.solution[edit.stays], edit.known[edit.stays])
    steps = zip(differences(edit.solution), edit.differences, edit.holds, strict=True)
    left = [np.where(hold[..., None], step - asked, 0) for step, asked, hold in steps]
    assert np.abs(transposed_differences(left)[~edit.stays]).max() < 1e-11


@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize("guidance", ["source", "mixed"])
class TestEveryMask:
    def test_a_source_that_is_the_target(self, mask, guidance):
        target = picture(20, 24, 3)
        assert np.array_equal(clone(target, target, mask, (0, 0), guidance).solution, target)

    def test_a_constant_added_to_the_source_vanishes(self, mask, guidance):
        target = picture(20, 24, 3)
        found = clone(target, target + np.array([5, -3, 0.1]), mask, (0, 0), guidance).solution
        assert np.abs(found - target).max() < 1e-13

    def test_least_squares(self, mask, guidance):
        edit = clone(picture(20, 24, 2), picture(20, 24, 2, seed=1), mask, (0, 0), guidance)
        assert np.array_equal(edit.stays, ~mask)
        assert edit.cut == 0
        assert_least_squares(edit)
        if mask.all():
            assert np.allclose(edit.solution.mean((0, 1)), edit.known.mean((0, 1)), atol=1e-13)

    def test_channels_are_alike_to_pictures_of_their_own(self, mask, guidance):
        target, source = picture(20, 24, 2), picture(20, 24, 2, seed=1)
        if guidance == "mixed":  # which chooses for all channels at once
            source[..., 1], target[..., 1] = 2 * source[..., 0], 2 * target[..., 0]
        found = clone(target, source, mask, (0, 0), guidance).solution
        for c in ([0], [1]):
            alone = clone(target[..., c], source[..., c], mask, (0, 0), guidance).solution
            assert np.allclose(found[..., c], alone, atol=1e-12)

    def test_flipped_and_transposed(self, mask, guidance):
        target, source = picture(20, 24, 2), picture(20, 24, 2, seed=1)
        found = clone(target, source, mask, (0, 0), guidance).solution
        flipped = clone(target[::-1], source[::-1], mask[::-1], (0, 0), guidance).solution
        turned = clone(target.swapaxes(0, 1), source.swapaxes(0, 1), mask.T, (0, 0), guidance).solution
        assert np.allclose(flipped, found[::-1], atol=1e-12)
        assert np.allclose(turned, found.swapaxes(0, 1), atol=1e-12)


class TestCloning:
    def test_only_differences_with_an_end_under_the_mask_are_asked_for(self):
        mask = np.zeros((5, 6), bool)
        mask[2, 3] = True
        source = picture(5, 6, 1)
        edit = clone(np.zeros((5, 6, 1)), source, mask, (0, 0))
        down, across = edit.holds
        assert np.argwhere(down).tolist() == [[1, 3], [2, 3]]
        assert np.argwhere(across).tolist() == [[2, 2], [2, 3]]
        for asked, hold, step in zip(edit.differences, edit.holds, differences(source), strict=True):
            assert np.array_equal(asked[hold], step[hold])
            assert not asked[~hold].any()

    def test_a_flat_source_gives_a_harmonic_patch(self):
        i, j = np.meshgrid(np.arange(24.0), np.arange(20.0), indexing="ij")
        harmonic = (i**2 - j**2 + 2 * i * j - 3 * j)[..., None]
        mask = disc(24, 20, 7)
        target = np.where(mask[..., None], 99.0, harmonic)
        found = clone(target, np.zeros((24, 20, 1)), mask, (0, 0)).solution
        assert np.abs(found - harmonic).max() < 1e-12 * np.abs(harmonic).max()

    def test_the_change_is_smooth_and_within_that_at_the_rim(self, camera):
        """Solution minus source is harmonic: it has no jump and no extremum inside the mask."""
        target, source, mask = camera[:64, :64], camera[100:164, 100:164], disc(64, 64, 20)
        edit = clone(target, source, mask, (0, 0))
        change = (edit.solution - source)[..., 0]
        inside, middle = mask[1:-1, 1:-1], change[1:-1, 1:-1]
        around = [change[:-2, 1:-1], change[2:, 1:-1], change[1:-1, :-2], change[1:-1, 2:]]
        assert np.abs(middle - np.mean(around, axis=0))[inside].max() < 1e-13
        rim = disc(64, 64, 22) & ~mask
        assert change[rim].min() <= change[mask].min()
        assert change[mask].max() <= change[rim].max()

    def test_where_the_rim_fits_the_source_comes_in_whole(self, camera):
        """The target is the source plus a constant around the mask: then no difference is compromised."""
        source, mask = camera[:64, :64], disc(64, 64, 20)
        target = np.where(disc(64, 64, 21.5)[..., None], source + 0.25, picture(64, 64, 1))
        target[mask] = 7.0
        edit = clone(target, source, mask, (0, 0))
        for asked, hold, step in zip(edit.differences, edit.holds, differences(edit.solution), strict=True):
            assert np.abs(step - asked)[hold].max() < 1e-13
        assert np.abs(edit.solution - source - 0.25)[mask].max() < 1e-13

    def test_mixed_takes_the_larger_difference(self):
        target, source = np.zeros((6, 8, 2)), np.zeros((6, 8, 2))
        target[:, 4:] = [1.0, 0.2]  # a step across columns 3 and 4
        source[3:] = [0.1, 0.9]  # a step across rows 2 and 3
        edit = clone(target, source, np.ones((6, 8), bool), (0, 0), "mixed")
        down, across = edit.differences
        assert np.allclose(down[2], [0.1, 0.9])
        assert np.allclose(across[:, 3], [1.0, 0.2])
        source[:, 4:] += [0.0, 1.1]  # larger over both channels together, smaller in the first
        _, across = clone(target, source, np.ones((6, 8), bool), (0, 0), "mixed").differences
        assert np.allclose(across[:, 3], [0.0, 1.1])

    def test_the_solution_is_a_copy_and_inputs_are_left_alone(self):
        arrays = picture(9, 9, 1), picture(9, 9, 1, seed=1), disc(9, 9, 3)
        before = [a.copy() for a in arrays]
        edit = clone(*arrays, (0, 0))
        for a, b in zip(arrays, before, strict=True):
            assert np.array_equal(a, b)
        assert not np.shares_memory(edit.solution, arrays[0])


class TestOffsets:
    def test_the_source_lands_where_it_is_put(self):
        target, patch = picture(12, 14, 2), picture(6, 5, 2, seed=1)
        mask = np.zeros((6, 5), bool)
        mask[1:-1, 1:-1] = True
        edit = clone(target, patch, mask, (4, 7))
        large, where = picture(12, 14, 2, seed=2), np.zeros((12, 14), bool)
        large[4:10, 7:12], where[5:9, 8:11] = patch, True
        assert np.array_equal(edit.stays, ~where)
        assert edit.cut == 0
        assert np.allclose(edit.solution, clone(target, large, where, (0, 0)).solution, atol=1e-13)

    def test_the_outermost_samples_of_a_source_within_the_target_are_cut(self):
        edit = clone(picture(12, 14, 1), picture(6, 5, 1), np.ones((6, 5), bool), (4, 7))
        assert edit.cut == 6 * 5 - 4 * 3
        assert np.argwhere(~edit.stays).min(0).tolist() == [5, 8]
        assert np.argwhere(~edit.stays).max(0).tolist() == [8, 10]

    @given(offset=st.tuples(st.integers(-5, 7), st.integers(-4, 8)), seed=st.integers(0, 99))
    @settings(max_examples=80, deadline=None)
    def test_sources_that_stick_out(self, offset, seed):
        """A patch of the target in its own place, a constant apart, changes nothing wherever it is cut."""
        whole = picture(30, 30, 2)
        target = whole[10:18, 10:19]
        patch = whole[10 + offset[0] : 16 + offset[0], 10 + offset[1] : 15 + offset[1]]
        mask = np.random.default_rng(seed).random((6, 5)) < 0.8
        edited = self.by_definition(target.shape, mask, offset)
        if not edited.any():
            with pytest.raises(UsageError, match="choose another offset"):
                clone(target, patch, mask, offset)
            return
        edit = clone(target, patch + 3.0, mask, offset)
        assert np.array_equal(~edit.stays, edited)
        assert edit.cut == mask.sum() - edited.sum()
        assert np.abs(edit.solution - target).max() < 1e-13

    @staticmethod
    def by_definition(shape, mask, offset):
        """Samples of the target under the mask whose neighbours in the target are in the source too."""
        edited = np.zeros(shape[:2], bool)
        for i, j in np.argwhere(mask) + offset:
            if 0 <= i < shape[0] and 0 <= j < shape[1]:
                beside = [(i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)]
                beside = [(a, b) for a, b in beside if 0 <= a < shape[0] and 0 <= b < shape[1]]
                edited[i, j] = all(
                    0 <= a - offset[0] < mask.shape[0] and 0 <= b - offset[1] < mask.shape[1]
                    for a, b in beside
                )
        return edited

    def test_flush_with_the_border_nothing_is_cut_there(self):
        """At the border of the target there is no step to know: both pictures end."""
        edit = clone(picture(8, 9, 1), picture(8, 9, 1, seed=1), np.ones((8, 9), bool), (3, 0))
        assert np.array_equal(np.argwhere(~edit.stays).min(0), [4, 0])
        assert np.array_equal(np.argwhere(~edit.stays).max(0), [7, 8])
        assert edit.cut == 8 * 9 - 4 * 9
        assert_least_squares(edit)


@pytest.mark.parametrize("shape", [(30,), (12, 10), (6, 7, 8)])
def test_any_number_of_axes(shape):
    mask = np.zeros(shape, bool)
    mask[(slice(2, -1),) * len(shape)] = True
    edit = clone(picture(*shape, 2), picture(*shape, 2, seed=1), mask, (0,) * len(shape))
    assert_least_squares(edit)


class TestMixing:
    def test_a_picture_with_itself_or_a_flat_one(self, camera):
        assert np.array_equal(mix(camera, camera).solution, camera)
        assert np.array_equal(mix(camera, np.ones_like(camera)).solution, camera)
        assert np.array_equal(mix(camera, -camera).solution, camera)  # as large everywhere: the first's
        found = mix(np.full_like(camera, 0.5), camera).solution
        assert np.abs(found - camera + camera.mean() - 0.5).max() < 1e-13

    def test_larger_differences_of_either_and_the_mean_of_the_first(self):
        first, second = picture(9, 8, 3), picture(9, 8, 3, seed=1)
        edit = mix(first, second)
        assert not edit.stays.any()
        assert all(hold.all() for hold in edit.holds)
        for asked, one, other in zip(edit.differences, differences(first), differences(second), strict=True):
            larger = np.linalg.norm(one, axis=-1) >= np.linalg.norm(other, axis=-1)
            assert 0.2 < larger.mean() < 0.8
            assert np.array_equal(asked, np.where(larger[..., None], one, other))
        assert np.allclose(edit.solution.mean((0, 1)), first.mean((0, 1)), atol=1e-14)
        assert_least_squares(edit)

    def test_shapes(self):
        with pytest.raises(UsageError, match=r"second: expected the shape \(4, 4, 1\) of the first"):
            mix(picture(4, 4, 1), picture(4, 4, 3))


OK = {"target": picture(8, 8, 3), "source": picture(4, 4, 3), "mask": np.ones((4, 4), bool), "offset": (1, 1)}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"source": picture(4, 4, 1)}, "source: expected 2 axes and 3 channels as the target has"),
        ({"source": picture(4, 3)}, "source: expected 2 axes and 3 channels"),
        ({"target": picture(8)}, "target: expected an array"),
        ({"mask": np.ones((8, 8), bool)}, r"mask: expected booleans of the source's shape \(4, 4\)"),
        ({"mask": np.ones((4, 4, 1), bool)}, "mask: expected booleans"),
        ({"mask": np.ones((4, 4))}, "found float64 of shape"),
        ({"mask": np.zeros((4, 4), bool)}, "mask: expected at least one sample to clone, found none"),
        ({"offset": (1,)}, "offset: expected 2 whole numbers"),
        ({"offset": (1, 0.5)}, "offset: expected 2 whole numbers"),
        ({"offset": (8, 0)}, r"offset: at \(8, 0\) the source \(4, 4\) lies outside the target \(8, 8\)"),
        ({"offset": (0, -4)}, "lies outside the target"),
        ({"offset": (7, 7)}, "none of its 16 samples lies, with its neighbours, in both"),
        ({"guidance": "sauce"}, "unknown guidance 'sauce'; did you mean source"),
    ],
)
def test_what_does_not_fit(changed, message):
    with pytest.raises(UsageError, match=message) as caught:
        clone(**{**OK, **changed})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_not_finite(bad):
    target = OK["target"].copy()
    target[0, 0, 0] = bad
    with pytest.raises(InputError, match="expected finite samples"):
        clone(**{**OK, "target": target})
    with pytest.raises(InputError, match="expected finite samples"):
        mix(OK["target"], target)
