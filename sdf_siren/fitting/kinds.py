"""Whether a setting that is given in Python is what its field says: text was checked when it was read."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np

from sdf_siren.errors import UsageError

_KINDS: dict[str, tuple[Any, str]] = {
    "str": (str, "a text"),
    "bool": (bool, "true or false"),
    "int": (Integral, "a whole number"),
    "float": (Real, "a number"),
}


def plain(value: object) -> object:
    """A number of NumPy as one of Python, which records can hold; all else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def check_kind(name: str, value: object, kind: str) -> None:
    """Refuse ``value`` for the setting ``name`` unless it is of the ``kind`` of its field's annotation.

    Raises:
        UsageError: it is of another one.
    """
    types, what = _KINDS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
        raise UsageError(f"{name} must be {what}, found {value!r}")
