"""Devices by name."""

import pytest

from sdf_siren.errors import UsageError
from sdf_siren.fields import choose_device


def test_devices():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type in ("cpu", "cuda")
    for wrong in ("gpu", "cuda:99", "mps", ""):
        with pytest.raises(UsageError, match="device"):
            choose_device(wrong)
