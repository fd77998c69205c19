"""What is a number, a whole one, a text or a truth, and what is not."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.fitting.kinds import check_kind, plain

GOOD = [
    ("str", "a"),
    ("bool", True),
    ("int", 3),
    ("int", np.int64(3)),
    ("float", 3),
    ("float", np.float32(3)),
]
BAD = [
    ("str", 1), ("bool", 1), ("bool", "no"), ("int", 1.5), ("int", True), ("int", "3"), ("float", False),
    ("float", None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), GOOD)
def test_what_a_field_may_hold(kind: str, value: object) -> None:
    check_kind("fit.steps", value, kind)


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_another_kind_is_refused_by_name(kind: str, value: object) -> None:
    with pytest.raises(UsageError, match=r"^fit\.steps must be .*, found "):
        check_kind("fit.steps", value, kind)


def test_numbers_of_numpy_become_ones_of_python() -> None:
    for given, wanted in ((np.int64(3), int), (np.float32(0.5), float), (np.bool_(True), bool), ("a", str)):
        assert type(plain(given)) is wanted
        assert plain(given) == given
