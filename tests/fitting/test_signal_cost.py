"""Costs foreseen: in proportion to the work, and steps from a time."""

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.fitting import signal_cost
from sdf_siren.fitting.signal_cost import estimate_signal_cost, signal_settings_within
from sdf_siren.fitting.signal_settings import PARAMETERS_PER_NUMBER, resolve_signal_settings, shape_of
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


LARGE = Signal(np.random.default_rng(0).random((400, 500, 1)), IMAGE)


@pytest.fixture
def proportional(monkeypatch):
    """A step takes a microsecond per parameter, measured in no time."""

    def each(signal, settings, _):
        return shape_of(settings, signal).parameter_count * 1e-6

    monkeypatch.setattr(signal_cost, "seconds_per_step", each)
    monkeypatch.setattr(signal_cost.time, "perf_counter", lambda: 0.0)


def test_with_more_time_networks_grow_until_more_parameters_are_no_use(proportional):
    found = [signal_settings_within(LARGE, seconds) for seconds in (60, 300, 900, 1e5)]
    assert "width" not in found[0]  # the quality's
    for seconds, options in zip((300, 900), found[1:3], strict=True):
        parameters = shape_of(resolve_signal_settings(LARGE, **options), LARGE).parameter_count
        assert parameters * 1e-6 * options["steps"] == pytest.approx(seconds, rel=1e-3)
        sights = options["steps"] * 8192 / (400 * 500)
        assert sights == pytest.approx(signal_cost.SIGHTS_PER_PARAMETER * parameters / (400 * 500), rel=0.1)
    longest = shape_of(resolve_signal_settings(LARGE, **found[3]), LARGE).parameter_count
    assert longest == pytest.approx(PARAMETERS_PER_NUMBER * 400 * 500, rel=0.05)


@pytest.mark.parametrize(
    "options",
    [
        {"smooth": True},
        {"width": 64},
        {"depth": 2},
        {"parameters": 10_000},
        {"psnr": 30.0},
        {"quality": "paper"},
    ],
)
def test_a_size_that_has_a_reason_stays(proportional, options):
    assert signal_settings_within(LARGE, 1600, **options).keys() == {"steps"}


def test_a_step_is_measured_and_the_network_is_not_kept():
    settings = resolve_signal_settings(SIGNAL, width=8, depth=1)
    found = signal_cost.seconds_per_step(SIGNAL, settings, signal_cost.choose_device("cpu"))
    assert found > 0
