"""Scales: round numbers inside their ends, texts that fit."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.render.scales import font, number, shortened, span, ticks


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3e-5, 2e-5), (1e10, 1e10 + 3), (-1, 200)])
def test_ticks_are_round_and_inside(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 7
    assert all(low - 1e-9 * (high - low) <= tick <= high + 1e-9 * (high - low) for tick in found)
    steps = np.diff(found)
    assert np.allclose(steps, steps[0])


def test_scale_of_powers_of_ten():
    assert span(np.array([2e-7, 3.0]), False, True) == (-7, 1)
    assert span(np.array([-2.0, 1.0]), True, False) == (-2, 2)


def test_rounded_zero_is_zero():
    assert number(1e-17, 1.0) == "0"
    assert number(0.25, 1.0) == "0.25"


def test_a_text_is_cut_to_its_room():
    assert shortened("short", 200, font()) == "short"
    cut = shortened("a name that is longer than the room, by far", 100, font())
    assert cut.endswith("...")
    assert font().getlength(cut) <= 100
    assert shortened("wide", 1, font()) == "..."
