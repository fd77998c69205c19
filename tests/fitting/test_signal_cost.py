"""Costs foreseen: in proportion to the work, and steps from a time."""

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.fitting import signal_cost
from sdf_siren.fitting.signal_cost import estimate_signal_cost, signal_settings_within
from sdf_siren.fitting.signal_settings import resolve_signal_settings
from sdf_siren.signals import IMAGE, Signal

SIGNAL = Signal(np.random.default_rng(0).random((30, 30, 1)), IMAGE, source="noise.png")


@pytest.fixture
def tenth(monkeypatch):
    """A step takes a tenth of a second, measured in no time."""
    monkeypatch.setattr(signal_cost, "seconds_per_step", lambda *_: 0.1)
    monkeypatch.setattr(signal_cost.time, "perf_counter", lambda: 0.0)


def test_a_fit_costs_its_steps(tenth):
    settings = resolve_signal_settings(SIGNAL, steps=70)
    cost = estimate_signal_cost(SIGNAL, settings)
    assert cost.seconds == pytest.approx(7.0)
    assert cost.device == "cpu" or cost.device.startswith("cuda")
    assert 1e5 < cost.bytes < 1e9


def test_steps_within_a_time(tenth):
    assert signal_settings_within(SIGNAL, 60.0) == {"steps": 600} or signal_settings_within(SIGNAL, 60.0) == {
        "steps": 599
    }
    with pytest.raises(
        UsageError, match=r"noise.png: expected time for at least 100 steps, found 5 s, enough for"
    ):
        signal_settings_within(SIGNAL, 5.0)
    with pytest.raises(UsageError, match="exclude each other"):
        signal_settings_within(SIGNAL, 5.0, steps=3)


def test_a_step_is_measured_and_the_network_is_not_kept():
    settings = resolve_signal_settings(SIGNAL, width=8, depth=1)
    found = signal_cost.seconds_per_step(SIGNAL, settings, signal_cost.choose_device("cpu"))
    assert found > 0
