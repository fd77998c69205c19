"""Settings from a scan and a quality, and schedules as text."""

import numpy as np
import pytest

from sdf_siren.clouds.spacing import ScanGauge
from sdf_siren.errors import UsageError
from sdf_siren.fitting.settings import resolve_settings

CLEAN, NOISY = ScanGauge(0.01, 0.0), ScanGauge(0.01, 0.004)


def test_the_paper_preset_is_the_reference_codes():
    s = resolve_settings(CLEAN, "paper")
    assert (s.steps, s.width, s.depth, s.omega_0, s.learning_rate) == (10_000, 256, 3, 30.0, 1e-4)
    assert (s.surface_weight, s.normal_weight, s.eikonal_weight, s.off_surface_weight) == (3e3, 1e2, 5e1, 1e2)
    assert s.surface_points == s.far_points == 1400
    assert s.surface_smoothing == s.normal_smoothing == s.first_omega == 0


def test_presets_are_points_on_one_curve():
    steps = [resolve_settings(CLEAN, quality).steps for quality in ("draft", "standard", "high")]
    assert steps == sorted(set(steps))


def test_a_long_fit_takes_shorter_steps():
    draft, standard, high = (resolve_settings(CLEAN, quality) for quality in ("draft", "standard", "high"))
    assert draft.learning_rate == standard.learning_rate > high.learning_rate


def test_noise_widens_the_tolerances():
    clean, noisy = (resolve_settings(gauge, "standard") for gauge in (CLEAN, NOISY))
    assert noisy.noise == NOISY.noise
    assert clean.noise == 0
    assert noisy.surface_smoothing > clean.surface_smoothing
    assert noisy.normal_smoothing > clean.normal_smoothing


def test_waves_are_no_shorter_than_the_points_are_apart():
    spacings = (0.0, 0.01, 0.0188, 0.05, 0.1, 1.0)
    omegas = [resolve_settings(ScanGauge(h, 0.0), "draft").first_omega for h in spacings]
    assert omegas == pytest.approx([45, 45, 45, 17, 8.5, 8], rel=0.01)


def test_given_values_win_and_none_is_not_given():
    s = resolve_settings(CLEAN, "draft", steps=7, width=None, eikonal_schedule=((0.0, 1.0),))
    assert s.steps == 7
    assert s.width == resolve_settings(CLEAN, "draft").width
    assert s.eikonal_schedule == ((0.0, 1.0),)


def schedule_of(text):
    return resolve_settings(CLEAN, "draft", normal_schedule=text).normal_schedule


def test_schedules_as_text():
    assert schedule_of("0:1, 0.5:1, 1:0.1") == ((0.0, 1.0), (0.5, 1.0), (1.0, 0.1))
    assert schedule_of("0.3:2") == ((0.3, 2.0),)


@pytest.mark.parametrize(
    "text", ["", "1", "0:1,0:2", "0.5:1,0.2:1", "0:1,2:1", "-1:1", "0:-1", "0:nan", "a:b", "0:1:2"]
)
def test_wrong_schedules_are_refused(text):
    with pytest.raises(UsageError, match="normal_schedule"):
        schedule_of(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("surface_weight", -1), ("near_points", -1), ("near_spread", -1), ("steps", 1.5), ("width", True),
        ("omega_0", "30"), ("refit", "no"), ("mend", 1), ("surface_schedule", ((1, 0), (0, 1))),
        ("normal_schedule", ((0, -1),)), ("eikonal_schedule", 3), ("noise", 0.0), ("detail", "2"),
    ],
)  # fmt: skip
def test_what_is_given_in_python_is_checked_like_text(name, value):
    with pytest.raises(UsageError, match=name):
        resolve_settings(CLEAN, "draft", **{name: value})


def test_numbers_of_numpy_and_whole_ones_are_numbers():
    found = resolve_settings(CLEAN, "draft", steps=np.int64(7), surface_weight=3, near_points=0)
    assert (found.steps, found.surface_weight, found.near_points) == (7, 3, 0)


def test_detail_divides_the_noise_that_is_borne_and_not_the_noise():
    rough, plain, fine = (resolve_settings(NOISY, "draft", detail=x) for x in (0.5, None, 2.0))
    assert rough.surface_smoothing == 2 * plain.surface_smoothing == 4 * fine.surface_smoothing
    assert rough.normal_smoothing > plain.normal_smoothing > fine.normal_smoothing
    assert rough.noise == plain.noise == fine.noise
    assert resolve_settings(NOISY, "draft", detail=1.0) == plain


@pytest.mark.parametrize("detail", [0.0, -1.0, 0.09, 11.0, float("nan"), float("inf")])
def test_detail_out_of_range(detail):
    with pytest.raises(UsageError, match=r"fit.sdf.detail must be from 0.1 to 10"):
        resolve_settings(NOISY, "draft", detail=detail)


def test_the_paper_has_no_detail():
    with pytest.raises(UsageError, match="paper"):
        resolve_settings(NOISY, "paper", detail=2.0)
