"""Sizes and settings follow from the signal."""

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.fields import SirenShape
from sdf_siren.fitting.signal_settings import (
    LEAST_PARAMETERS,
    PARAMETERS,
    cosines_for,
    resolve_signal_settings,
    shape_of,
)
from sdf_siren.signals import IMAGE, Signal


def noise(rows, columns, channels=1):
    return Signal(np.random.default_rng(0).random((rows, columns, channels)), IMAGE)


def waves(count):
    """A sum of ``count`` cosines of the DCT, each of the same energy."""
    rows, columns = np.arange(64) + 0.5, np.arange(48) + 0.5
    u = sum(
        np.outer(np.cos(np.pi * k * rows / 64), np.cos(np.pi * k * columns / 48)) for k in range(1, count + 1)
    )
    return Signal(u[..., None], IMAGE)


@pytest.mark.parametrize("quality", ["draft", "standard", "high"])
def test_a_large_image_gets_the_qualitys_network_and_a_small_one_less(quality):
    large, small = noise(400, 400), noise(60, 60)
    count = shape_of(resolve_signal_settings(large, quality), large).parameter_count
    assert count == pytest.approx(min(PARAMETERS[quality], 3 * 400**2), rel=0.07)  # of even width
    count = shape_of(resolve_signal_settings(small, quality), small).parameter_count
    assert count == pytest.approx(3 * 3600, rel=0.05)
    one = noise(1, 1)
    assert shape_of(resolve_signal_settings(one), one).parameter_count == pytest.approx(
        LEAST_PARAMETERS, rel=0.05
    )


@pytest.mark.parametrize("parameters", [30_000, 100_000, 400_000, 800_000])
def test_widths_that_matter_fill_cache_lines(parameters):
    settings = resolve_signal_settings(noise(9, 9), parameters=parameters)
    assert settings.width % 16 == 0
    assert resolve_signal_settings(noise(9, 9), width=settings.width + 1).width == settings.width + 1


def test_wide_networks_learn_at_smaller_rates():
    def rate(**options):
        return resolve_signal_settings(noise(9, 9), **options).learning_rate

    assert rate(width=100) == rate(width=256) == rate(width=512, network="relu") == 1e-3
    assert rate(width=1024) == pytest.approx(rate(width=256) / 8)
    assert rate(width=512) < 5e-4
    assert rate(width=512, learning_rate=2e-3) == 2e-3


def test_standard_is_about_the_papers_size():
    settings = resolve_signal_settings(noise(300, 300))
    assert SirenShape(2, 1, settings.width, 3).parameter_count == pytest.approx(198_401, rel=0.02)


def test_as_many_cosines_as_the_decibels_ask_for():
    signal = waves(5)
    assert cosines_for(signal, 60) == 5
    assert cosines_for(signal, 1e-9) < 5
    rich = noise(64, 48)
    assert cosines_for(rich, 10) < cosines_for(rich, 20) < cosines_for(rich, 40) <= 64 * 48


def test_more_decibels_make_a_larger_network():
    signal = noise(200, 200)
    widths = [resolve_signal_settings(signal, psnr=psnr).width for psnr in (15, 25, 45)]
    assert widths == sorted(widths)
    assert widths[0] < widths[-1]


def test_what_is_given_stays():
    settings = resolve_signal_settings(noise(30, 30), width=77, steps=5, learning_rate=None, parameters=9)
    assert (settings.width, settings.steps, settings.learning_rate) == (77, 5, 1e-3)


def test_no_batch_is_larger_than_the_signal():
    assert resolve_signal_settings(noise(11, 17), batch=10**9).batch == 11 * 17
    assert resolve_signal_settings(noise(11, 17), batch=5).batch == 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch", -1),
        ("batch", 2.5),
        ("parameters", 0),
        ("parameters", "many"),
        ("depth", -3),
        ("width", "wide"),
        ("width", 0),
        ("steps", True),
        ("smooth", "x"),
        ("omega_0", "high"),
        ("network", 3),
        ("gradient_weight", -1),
    ],
)
def test_settings_of_another_kind(name, value):
    with pytest.raises(UsageError, match=rf"^fit\.image\.{name} must be"):
        resolve_signal_settings(noise(9, 9), **{name: value})


def test_smooth_paper_and_baselines_keep_the_first_layer_as_drawn():
    signal = noise(30, 30)
    assert resolve_signal_settings(signal).spectrum > 0
    for options in ({"smooth": True}, {"network": "relu"}, {"quality": "paper"}):
        assert resolve_signal_settings(signal, **options).spectrum == 0
    paper = resolve_signal_settings(signal, "paper")
    assert (paper.width, paper.depth, paper.batch, paper.learning_rate) == (256, 3, 0, 1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quality": "best"}, "quality must be one of draft, standard, high, paper, found 'best'"),
        ({"network": "gauss"}, "network must be one of siren, relu, tanh, encoding, found 'gauss'"),
        ({"derivative": "sobel"}, "derivative must be one of stencil, spectral"),
        ({"steps": 0}, "steps must be at least 1, found 0"),
        ({"omega_0": 0.0}, "omega_0 must be above 0"),
        ({"gradient_weight": float("nan")}, "gradient_weight must be finite"),
        ({"value_weight": 0.0}, "a weight above 0 for values, gradient or Laplacian"),
        ({"colour": 1}, "no setting 'colour'"),
        ({"psnr": -3.0}, "psnr must be above 0"),
    ],
)
def test_one_line_about_what_is_wrong(options, message):
    with pytest.raises(UsageError, match=message):
        resolve_signal_settings(noise(9, 9), **options)
