"""Batches from Python: what is refused before anything is done."""

from __future__ import annotations

import pytest

from sdf_siren.batch.api import run_batch
from sdf_siren.errors import UsageError


@pytest.mark.parametrize(
    ("manner", "message"),
    [
        ({"timeout": -1}, "timeout: expected seconds above zero, found -1"),
        ({"timeout": float("nan")}, "timeout: expected seconds above zero, found nan"),
        ({"memory_limit": -1}, "memory limit: expected bytes above zero, found -1"),
        ({"memory_limit": float("inf")}, "memory limit: expected bytes above zero, found inf"),
        ({"jobs": -1}, "jobs: expected a whole number of at least 1, found -1"),
        ({"threads": 0}, "threads: expected a whole number of at least 1, found 0"),
        ({"kind": "x"}, "kind: expected scan or image, found 'x'"),
        ({"paths": []}, "expected files, folders or patterns to read, found none"),
    ],
)
def test_wrong_arguments(tmp_path, manner, message):
    (tmp_path / "a.ply").touch()
    with pytest.raises(UsageError) as caught:
        run_batch(**{"paths": tmp_path, "output": tmp_path / "out", **manner})
    assert str(caught.value) == message
    assert not (tmp_path / "out").exists()
