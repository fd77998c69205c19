"""Samples come back from their derivatives; from others the nearest ones do."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.signals import spectral
from sdf_siren.signals.differences import differences, second_differences, transposed_differences
from sdf_siren.signals.integration import (
    from_differences,
    from_gradient,
    from_laplacian,
    from_second_differences,
)

WAYS = {
    "differences": lambda u: from_differences(differences(u), mean_of(u)),
    "gradient": lambda u: from_gradient(spectral.gradient(u), mean_of(u)),
    "laplacian": lambda u: from_laplacian(spectral.laplacian(u), mean_of(u)),
    "second differences": lambda u: from_second_differences(second_differences(u), hollow(u)),
}


def mean_of(u):
    return u.mean(axis=tuple(range(u.ndim - 1)))


def hollow(u):
    """The outermost samples, NaN within: what is not to be read is not read."""
    boundary = u.copy()
    boundary[(slice(1, -1),) * (u.ndim - 1)] = np.nan
    return boundary


@pytest.mark.parametrize("way", WAYS)
class TestRoundTrips:
    def test_random_samples(self, way, samples):
        found = WAYS[way](samples)
        assert np.abs(found - samples).max() < 1e-12 * np.abs(samples).max()

    def test_a_photograph(self, way, camera):
        assert np.abs(WAYS[way](camera) - camera).max() < 1e-12

    def test_ramp_and_quadratic(self, way):
        i, j = np.meshgrid(np.arange(20.0), np.arange(30.0), indexing="ij")
        u = np.stack([3 * i - 2 * j, i**2 - i * j / 2], axis=-1)
        assert np.abs(WAYS[way](u) - u).max() < 1e-12 * np.abs(u).max()

    def test_channels_do_not_mix(self, way):
        u = np.random.default_rng(5).standard_normal((6, 5, 3))
        found = WAYS[way](u)
        for channel in range(3):
            assert np.allclose(found[..., [channel]], WAYS[way](u[..., [channel]]), atol=1e-13)


def test_a_long_sound_keeps_its_digits():
    sound = np.random.default_rng(0).standard_normal((200_000, 1))
    found = from_differences(differences(sound), sound.mean())
    assert np.abs(found - sound).max() < 1e-12 * np.abs(sound).max()


class TestNearest:
    """The residual of a least-squares answer is orthogonal to whatever the samples could still change."""

    def test_differences(self, samples):
        rng = np.random.default_rng(2)
        asked = tuple(rng.standard_normal(step.shape) for step in differences(samples))
        found = from_differences(asked, 0.0)
        left = [step - a for step, a in zip(differences(found), asked, strict=True)]
        assert np.abs(transposed_differences(left)).max() < 1e-12
        assert np.abs(mean_of(found)).max() < 1e-13

    def test_differences_weighed_by_axis(self):
        rng = np.random.default_rng(2)
        asked, weights = (rng.standard_normal((4, 6, 2)), rng.standard_normal((5, 5, 2))), (1.0, 7.0)
        found = from_differences(asked, 0.0, weights)
        left = [w * (s - a) for w, s, a in zip(weights, differences(found), asked, strict=True)]
        assert np.abs(transposed_differences(left)).max() < 1e-12
        assert np.abs(found - from_differences(asked, 0.0)).max() > 0.1
        consistent = differences(found)
        assert np.allclose(from_differences(consistent, 0.0, weights), found, atol=1e-12)

    def test_gradient(self, samples):
        rng = np.random.default_rng(2)
        asked = rng.standard_normal((*samples.shape, samples.ndim - 1))
        left = spectral.gradient(from_gradient(asked)) - asked
        for _ in range(5):
            change = spectral.gradient(rng.standard_normal(samples.shape))
            assert abs(np.vdot(left, change)) < 1e-11

    def test_laplacian_leaves_its_mean_only(self, samples):
        asked = np.random.default_rng(2).standard_normal(samples.shape)
        left = spectral.laplacian(from_laplacian(asked)) - asked
        assert np.allclose(left, -mean_of(asked), atol=1e-12)


class TestSecondDifferences:
    def test_the_border_is_kept_bit_for_bit(self, camera):
        found = from_second_differences(second_differences(camera), hollow(camera))
        for border in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
            assert np.array_equal(found[border], camera[border])

    def test_any_right_hand_side_has_an_answer(self):
        rng = np.random.default_rng(0)
        inner, boundary = rng.standard_normal((4, 5, 6, 2)), rng.standard_normal((6, 7, 8, 2))
        assert np.allclose(second_differences(from_second_differences(inner, boundary)), inner, atol=1e-12)

    def test_harmonic_between_its_borders(self):
        i, j = np.meshgrid(np.arange(12.0), np.arange(9.0), indexing="ij")
        u = (i**2 - j**2 + 3 * i * j)[..., None]
        found = from_second_differences(np.zeros((10, 7, 1)), hollow(u))
        assert np.abs(found - u).max() < 1e-12 * np.abs(u).max()

    def test_the_callers_boundary_is_left_alone(self):
        boundary = np.ones((5, 5, 1))
        from_second_differences(np.ones((3, 3, 1)), boundary)
        assert np.array_equal(boundary, np.ones((5, 5, 1)))


class TestMean:
    def test_one_number_or_one_per_channel(self):
        steps = differences(np.random.default_rng(0).standard_normal((5, 4, 2)))
        assert np.allclose(mean_of(from_differences(steps, 0.5)), 0.5, atol=1e-14)
        assert np.allclose(mean_of(from_differences(steps, [1, -2])), [1, -2], atol=1e-14)

    @pytest.mark.parametrize("mean", [[1, 2, 3], [[1, 2]]])
    def test_others(self, mean):
        with pytest.raises(UsageError, match="mean: expected one number or 2, one per channel"):
            from_laplacian(np.zeros((3, 3, 2)), mean)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: from_differences((np.zeros((3, 4, 1)),)), "one shorter along it"),
        (lambda: from_differences((np.zeros((3, 1)),), weights=(1, 2)), "expected 1 positive weights"),
        (lambda: from_differences((np.zeros((3, 1)),), weights=(-1,)), "expected 1 positive weights"),
        (lambda: from_gradient(np.zeros((3, 4, 3))), "last axis runs over the axes of the grid"),
        (lambda: from_gradient(np.zeros((3, 2))), "last axis runs over the axes of the grid"),
        (lambda: from_laplacian(np.zeros(3)), "laplacian: expected"),
        (
            lambda: from_second_differences(np.zeros((3, 3, 1)), np.zeros((4, 5, 1))),
            r"expected shape \(2, 3, 1\)",
        ),
        (
            lambda: from_second_differences(np.zeros((2, 3, 2)), np.zeros((4, 5, 1))),
            r"expected shape \(2, 3, 1\)",
        ),
    ],
)
def test_shapes_that_do_not_fit(call, message):
    with pytest.raises(UsageError, match=message):
        call()
