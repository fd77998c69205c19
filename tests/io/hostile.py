"""Damaged files: what every reader must turn into a valid signal or one line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from sdf_siren.errors import InputError
from sdf_siren.signals import Signal

hostile = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
"""Files are rewritten by every example, so one folder for all of them does no harm."""


@st.composite
def damaged(draw, whole: bytes) -> bytes:
    """``whole`` cut off, or with some bytes replaced, most of them in the header."""
    if draw(st.booleans()):
        return whole[: draw(st.integers(0, len(whole) - 1))]
    data = bytearray(whole)
    reach = st.one_of(st.integers(0, min(200, len(data)) - 1), st.integers(0, len(data) - 1))
    for place in draw(st.lists(reach, min_size=1, max_size=8)):
        data[place] = draw(st.integers(0, 255))
    return bytes(data)


def check_reading(read, path, data: bytes) -> None:
    """Read ``data`` as a file: a signal that holds what it should, or an InputError of one line."""
    path.write_bytes(data)
    message, signal = "", None
    try:
        signal = read(path)
    except InputError as error:
        message = str(error)
    if signal is None:
        assert str(path) in message
        assert "\n" not in message
    else:
        assert isinstance(signal, Signal)
        assert np.isfinite(signal.samples).all()
    assert path.read_bytes() == data


def refused(read, path, data: bytes, match: str) -> None:
    """``data`` must be refused in one line that matches."""
    path.write_bytes(data)
    with pytest.raises(InputError, match=match) as caught:
        read(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
