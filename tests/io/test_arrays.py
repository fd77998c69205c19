from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.io import write_array


def test_round_trip(tmp_path):
    array = np.random.default_rng(0).normal(size=(3, 4, 2, 2)).astype(np.float32)
    write_array(array, tmp_path / "a.NPY")
    found = np.load(tmp_path / "a.NPY")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, array)
    with pytest.raises(UsageError):
        write_array(array, tmp_path / "missing" / "a.npy")
