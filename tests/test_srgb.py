"""Bytes to light and back."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.srgb import from_linear, to_linear


def test_every_byte_comes_back():
    every = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(from_linear(to_linear(every)), every)


def test_known_values():
    # Grey of 18 % is byte 118, half of the light 188 (IEC 61966-2-1); black and white stay.
    np.testing.assert_array_equal(from_linear(np.array([0, 0.18, 0.5, 1])), [0, 118, 188, 255])
    assert to_linear(np.array([10], np.uint8)) == pytest.approx(10 / 255 / 12.92)  # the straight part


def test_what_is_no_light_is_clipped():
    np.testing.assert_array_equal(from_linear(np.array([-1.0, 2.0, np.inf])), [0, 255, 255])
