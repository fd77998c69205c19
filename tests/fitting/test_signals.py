"""Whole fits of small signals: accuracy, the same again, interrupted or not, and derivatives alone."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from sdf_siren.errors import InputError, UsageError
from sdf_siren.fitting import fit_figures, fit_image, fit_signal, supervision, trainer
from sdf_siren.fitting import signals as signals_module
from sdf_siren.fitting.signals import image_signal
from sdf_siren.io import read_image
from sdf_siren.progress import Progress
from sdf_siren.signals import AUDIO, IMAGE, VIDEO, SampleFormat, Signal
from sdf_siren.signals.editing import clone
from sdf_siren.signals.fidelity import psnr, psnr_up_to_constant

CAMERA = Path(__file__).parents[2] / "data" / "images" / "camera.png"
SMALL = {"steps": 150, "width": 32, "depth": 2, "batch": 600}


def picture(rows=40, columns=30, channels=2):
    """Waves in the middle of the range, of different sizes in every channel."""
    r, c = np.meshgrid(np.arange(rows) / 40, np.arange(columns) / 40, indexing="ij")
    found = [0.5 + 0.4 / (k + 1) * np.sin(9 * r + k) * np.cos((7 + k) * c) for k in range(channels)]
    return Signal(np.stack(found, axis=-1).astype(np.float32), IMAGE, source="waves.png")


def score(field, signal):
    return psnr(field.on_grid(field.frame.axes()), signal.samples, signal.format.peak)


@pytest.fixture(autouse=True)
def frequent_looks(monkeypatch):
    monkeypatch.setattr(trainer, "CHECK_EVERY", 10)


def test_an_image_is_fitted_and_says_how_well():
    signal = picture()
    field = fit_signal(signal, **SMALL)
    assert score(field, signal) > 38
    assert field.record["psnr"] == pytest.approx(score(field, signal), abs=1e-3)
    assert field.record["source"] == "waves.png"


def test_numbers_of_numpy_are_settings_of_a_field_that_can_be_written(tmp_path):
    given = {name: np.int64(value) for name, value in SMALL.items()} | {"steps": np.int64(10)}
    options = {"seed": np.int64(1), "psnr": np.float32(20), "learning_rate": np.float64(1e-3)}
    field = fit_signal(picture(), checkpoint=tmp_path / "fit.checkpoint", **options, **given)
    assert json.loads(json.dumps(field.record))["settings"]["steps"] == given["steps"]


@pytest.mark.parametrize("network", ["relu", "tanh", "encoding"])
def test_baselines_walk_the_same_way(network):
    signal = picture(channels=1)
    field = fit_signal(signal, network=network, **SMALL)
    assert score(field, signal) > 12
    assert type(field.network).__name__ == "Perceptron"


def test_sound_and_video_walk_the_same_way():
    t = np.arange(400) / 400
    sound = Signal(0.5 * np.sin(60 * t)[:, None], AUDIO, format=SampleFormat(-1.0, 1.0, 16, rate=8000.0))
    assert score(fit_signal(sound, **SMALL), sound) > 40
    still = picture(12, 10, 3).samples
    video = Signal(np.stack([still, 0.9 * still, 0.8 * still, 0.7 * still]), VIDEO)
    field = fit_signal(video, **SMALL)
    assert field.axes == VIDEO
    assert score(field, video) > 30


def test_the_units_of_the_values_do_not_matter():
    signal = picture()
    scaled = Signal(signal.samples * 4000 - 1000, IMAGE, format=SampleFormat(-1000.0, 3000.0))
    one, other = fit_signal(signal, **SMALL), fit_signal(scaled, **SMALL)
    expected = one.on_grid(one.frame.axes()) * 4000 - 1000
    np.testing.assert_allclose(other.on_grid(other.frame.axes()), expected, atol=20)


def parameters_of(field):
    return [p.clone() for p in field.network.parameters]


def test_the_same_whatever_the_threads():
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(parameters_of(fit_signal(picture(), **SMALL)))
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


class Stop:
    """Presses Ctrl-C when a number of reports have come."""

    def __init__(self, after):
        self.left = after

    def __call__(self, report: Progress):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("psnr_wanted", "after"), [(None, 4), (70.0, 4), (70.0, 19)], ids=["once", "first", "second"]
)
def test_interrupted_and_resumed_is_the_same(tmp_path, psnr_wanted, after):
    """With decibels to reach, the second round starts after 15 reports."""
    signal, options = picture(), {**SMALL, "psnr": psnr_wanted}
    whole = fit_signal(signal, **options)
    file = tmp_path / "fit.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit_signal(signal, checkpoint=file, progress=Stop(after), **options)
    seen = []
    resumed = fit_signal(signal, checkpoint=file, resume=True, progress=seen.append, **options)
    assert all(torch.equal(a, b) for a, b in zip(parameters_of(whole), parameters_of(resumed), strict=True))
    assert resumed.record == whole.record
    assert seen[0].done > 10  # not from the start


@pytest.mark.parametrize("after", [3, 7, 15])
def test_a_smooth_fit_resumes_in_any_of_its_rounds(tmp_path, after):
    """Rounds of 70 and 140 steps give 7 and 14 reports."""
    signal, options = picture(), {**SMALL, "steps": 210, "smooth": True}
    whole = fit_signal(signal, **options)
    file = tmp_path / "fit.checkpoint"
    with pytest.raises(KeyboardInterrupt):
        fit_signal(signal, checkpoint=file, progress=Stop(after), **options)
    resumed = fit_signal(signal, checkpoint=file, resume=True, **options)
    assert all(torch.equal(a, b) for a, b in zip(parameters_of(whole), parameters_of(resumed), strict=True))
    assert resumed.record == whole.record
    assert whole.record["rounds"] >= 2
    assert whole.record["held_out_psnr"] > 25


def test_a_smooth_fit_swings_less_between_the_samples():
    """Every second pixel of a photograph is fitted, the others are judged."""
    u = read_image(CAMERA).samples[64:160, 200:296]
    between = np.ones(u.shape[:2], bool)
    between[::2, ::2] = between[-1] = between[:, -1] = False
    found = {}
    for smooth in (False, True):
        field = fit_signal(Signal(u[::2, ::2], IMAGE), smooth=smooth, steps=420, width=48)
        found[smooth] = field.on_grid([np.arange(96) / 2] * 2)
    assert psnr(found[True][between], u[between], 1.0) > psnr(found[False][between], u[between], 1.0) + 0.5
    assert psnr(found[True][::2, ::2], u[::2, ::2], 1.0) < psnr(found[False][::2, ::2], u[::2, ::2], 1.0)


def test_a_checkpoint_of_another_fit_is_refused(tmp_path):
    file = tmp_path / "fit.checkpoint"
    fit_signal(picture(), checkpoint=file, **{**SMALL, "steps": 10})
    with pytest.raises(UsageError, match="belongs to another input"):
        fit_signal(picture(), checkpoint=file, resume=True, **{**SMALL, "steps": 11})


def test_rounds_go_on_until_the_decibels_are_reached():
    signal = picture()
    easy = fit_signal(signal, psnr=20.0, **SMALL)
    hard = fit_signal(signal, psnr=52.0, **SMALL)
    assert easy.record["rounds"] == 1
    assert easy.record["psnr"] > 20
    assert hard.record["rounds"] > 1
    assert hard.record["psnr"] > easy.record["psnr"] + 3


@pytest.mark.parametrize("derivative", ["stencil", "spectral"])
@pytest.mark.parametrize("of", ["gradient", "laplacian"])
def test_derivatives_alone_return_the_image(of, derivative):
    signal = picture()
    options = {**SMALL, "steps": 400, "value_weight": 0.0, f"{of}_weight": 1.0, "derivative": derivative}
    field = fit_signal(signal, **options)
    found = field.on_grid(field.frame.axes())
    assert psnr_up_to_constant(found, signal.samples, 1.0) > 33
    if not (of == "laplacian" and derivative == "stencil"):  # there the border fixes the constant
        np.testing.assert_allclose(found.mean(axis=(0, 1)), signal.samples.mean(axis=(0, 1)), atol=1e-5)
    assert psnr(found, signal.samples, 1.0) > 33
    assert "psnr" not in field.record


@pytest.mark.parametrize("of", ["gradient", "laplacian"])
@pytest.mark.parametrize("derivative", ["stencil", "spectral"])
def test_the_classical_integral_of_exact_derivatives_is_the_image(of, derivative):
    weights = {"value_weight": 0.0, f"{of}_weight": 1.0, "derivative": derivative}
    field = fit_signal(picture(), steps=1, width=8, depth=1, **weights)
    found = fit_figures(picture(), field)
    assert found["integral_psnr"] > 100
    assert found["integral_seconds"] >= 0


@pytest.mark.parametrize(
    "weights",
    [
        {"gradient_weight": 1.0},
        {"laplacian_weight": 1.0},
        {"value_weight": 0.0, "gradient_weight": 1.0, "warm_start": False},
        {"value_weight": 0.0, "laplacian_weight": 1.0, "warm_start": False, "derivative": "spectral"},
    ],
)
def test_no_integral_is_computed_that_is_not_used(monkeypatch, weights):
    def refuse(*_):
        raise AssertionError("of no use")

    monkeypatch.setattr(supervision, "classical_integral", refuse)
    monkeypatch.setattr(signals_module, "classical_integral", refuse)
    field = fit_signal(picture(), steps=1, width=8, depth=1, **weights)
    if weights.get("value_weight") == 0.0:  # the constant is known all the same
        found = field.on_grid(field.frame.axes()).mean()
        assert found == pytest.approx(picture().samples.mean(), abs=1e-5)
    else:
        assert fit_figures(picture(), field).keys() == {"parameters"}


def test_a_fit_of_values_has_no_integral():
    assert fit_figures(picture(), fit_signal(picture(), steps=1, width=8, depth=1)).keys() == {"parameters"}


def test_without_a_warm_start_only_derivatives_are_learned():
    signal = picture(channels=1)
    options = {**SMALL, "value_weight": 0.0, "gradient_weight": 1.0, "warm_start": False}
    field = fit_signal(signal, **options)
    assert set(field.record["losses"]) == {"gradient"}
    found = field.on_grid(field.frame.axes())
    slopes = [psnr(np.diff(found, axis=a), np.diff(signal.samples, axis=a), 1.0) for a in (0, 1)]
    assert min(slopes) > 30


def test_values_and_derivatives_together():
    signal = picture()
    field = fit_signal(signal, gradient_weight=0.1, laplacian_weight=0.01, derivative="spectral", **SMALL)
    assert set(field.record["losses"]) == {"values", "gradient", "laplacian"}
    assert score(field, signal) > 30


def test_an_edit_is_fitted_as_its_classical_solution():
    target, source = picture(), picture(20, 20)
    mask = np.zeros((20, 20), bool)
    mask[4:16, 4:16] = True
    edit = clone(target.samples, source.samples[:, ::-1] * 0.8, mask, (8, 6))
    field = fit_signal(target, edit=edit, **{**SMALL, "steps": 400})
    found = field.on_grid(field.frame.axes())
    assert psnr(found, edit.solution, 1.0) > 33
    assert psnr(found, target.samples, 1.0) < psnr(found, edit.solution, 1.0) - 6


def test_arrays_of_any_type_are_images():
    eight = (picture(8, 9, 3).samples * 255).astype(np.uint8)
    assert image_signal(eight).format.bits == 8
    assert image_signal(eight.astype(np.uint16)).samples.max() < 0.01
    grey = image_signal(np.linspace(-5, 7, 12).reshape(3, 4))
    assert (grey.channels, grey.format.low, grey.format.high) == (1, -5, 7)
    constant = fit_image(np.full((4, 4), 3.0), **SMALL)
    np.testing.assert_allclose(constant.on_grid(constant.frame.axes()), 3.0, atol=0.05)
    one = fit_image(eight[:1, :1], **{**SMALL, "steps": 60})
    np.testing.assert_allclose(one([[0, 0]])[0] * 255, eight[0, 0], atol=10)
    with pytest.raises(UsageError, match="uint8, uint16 or float, found int64"):
        image_signal(np.ones((3, 3), np.int64))
    with pytest.raises(InputError, match="finite samples"):
        image_signal(np.array([[0.0, np.nan]]))
    with pytest.raises(InputError, match="expected samples along row, column"):
        image_signal(np.ones((3, 3, 3, 3)))


def test_flipped_images_give_flipped_fits():
    """Not the same fit, but as good a one."""
    signal = picture()
    found = [score(fit_signal(s, **SMALL), s) for s in (signal, signal.with_samples(signal.samples[::-1]))]
    assert abs(found[0] - found[1]) < 6


def test_more_training_is_better():
    signal = picture()
    scores = [score(fit_signal(signal, **{**SMALL, "steps": steps}), signal) for steps in (20, 80, 320)]
    assert all(a < b for a, b in pairwise(scores))
