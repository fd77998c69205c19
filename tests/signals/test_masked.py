"""Poisson's equation on masks: both solvers against the operator itself and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren.errors import DivergenceError
from sdf_siren.signals import masked
from sdf_siren.signals.differences import mirrored_second_differences
from sdf_siren.signals.masked import solved_on_mask

shapes = st.lists(st.integers(1, 8), min_size=1, max_size=3).map(tuple)


def iterating(monkeypatch):
    monkeypatch.setattr(masked, "DIRECT", {})


def posed(shape, seed, channels=2):
    """A random mask that is neither empty nor all, a random x on it, and its right-hand sides."""
    rng = np.random.default_rng(seed)
    free = rng.random(shape) < rng.choice([0.2, 0.7, 0.95])
    free.flat[0], free.flat[-1] = False, True
    x = np.zeros((*shape, channels))
    x[free] = rng.standard_normal((free.sum(), channels))
    return free, x[free], -mirrored_second_differences(x)[free]


@given(shape=shapes.filter(lambda s: np.prod(s) > 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_factorised(shape, seed):
    free, x, right = posed(shape, seed)
    assert np.abs(solved_on_mask(free, right) - x).max() < 1e-12


@given(shape=shapes.filter(lambda s: np.prod(s) > 1), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_iterated(shape, seed):
    free, x, right = posed(shape, seed)
    with pytest.MonkeyPatch.context() as patch:
        iterating(patch)
        assert np.abs(solved_on_mask(free, right) - x).max() < 1e-7


def test_large_masks_are_iterated_and_agree(monkeypatch):
    i, j = np.mgrid[:80, :90]
    free = (np.hypot(i - 40, j - 20) < 30) | (abs(i - 10) < 5)
    right = np.random.default_rng(0).standard_normal((free.sum(), 3))
    direct = solved_on_mask(free, right)
    monkeypatch.setattr(masked, "DIRECT", {2: len(right) - 1})
    iterated = solved_on_mask(free, right)
    assert not np.array_equal(iterated, direct)
    assert np.abs(iterated - direct).max() < 1e-8 * np.abs(direct).max()


@pytest.mark.parametrize("solver", ["direct", "iterated"])
def test_nothing_to_change(solver, monkeypatch):
    if solver == "iterated":
        iterating(monkeypatch)
    free = np.ones((6, 5), bool)
    free[2, 2] = False
    assert not solved_on_mask(free, np.zeros((29, 2))).any()


def test_an_iteration_that_does_not_settle(monkeypatch):
    iterating(monkeypatch)
    monkeypatch.setattr(masked, "_MOST_STEPS", 2)
    free, _, right = posed((12, 12), 3)
    with pytest.raises(DivergenceError, match="did not settle in 2 steps"):
        solved_on_mask(free, right)
