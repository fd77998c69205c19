"""What is accepted as samples."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.signals.arrays import along, as_samples


@pytest.mark.parametrize("shape", [(), (5,), (0, 1), (4, 4, 0)])
def test_what_is_no_grid_of_samples(shape):
    with pytest.raises(UsageError, match=r"source: expected an array .* found shape"):
        as_samples(np.zeros(shape), "source")


def test_samples_become_float64_and_are_not_copied_without_need():
    exact = np.zeros((3, 1))
    assert as_samples(exact) is exact
    assert as_samples(np.ones((3, 1), np.uint8)).dtype == np.float64


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_numbers_along_an_axis(axis):
    shape = (2, 3, 4, 5)
    numbers = np.arange(shape[axis], dtype=float)
    spread = np.zeros(shape) + along(numbers, axis, 3)
    assert np.array_equal(spread, np.indices(shape)[axis])
