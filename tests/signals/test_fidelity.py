"""PSNR and SSIM against scikit-image, and where they must be blind or exact."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from sdf_siren.errors import UsageError
from sdf_siren.signals import spectral
from sdf_siren.signals.fidelity import derivative_score, psnr, psnr_up_to_constant, ssim

SHAPES = [(40, 1), (16, 19, 1), (16, 19, 3), (9, 8, 10, 2)]


def pair(shape, noise=0.05):
    rng = np.random.default_rng(0)
    true = rng.random(shape)
    return true + noise * rng.standard_normal(shape), true


@pytest.fixture(scope="module")
def camera():
    path = Path(__file__).parents[2] / "data" / "images" / "camera.png"
    return np.asarray(Image.open(path), dtype=np.float64)[::4, ::4, None] / 255


class TestPsnr:
    @pytest.mark.parametrize("shape", SHAPES)
    @pytest.mark.parametrize("peak", [1.0, 255.0, 2.0])
    def test_as_scikit_image(self, shape, peak):
        found, true = pair(shape)
        expected = peak_signal_noise_ratio(true * peak, found * peak, data_range=peak)
        assert psnr(found * peak, true * peak, peak) == pytest.approx(expected, abs=1e-10)

    def test_one_tenth_everywhere_is_twenty_decibels(self):
        assert psnr(np.full((4, 4, 1), 0.6), np.full((4, 4, 1), 0.5), 1.0) == pytest.approx(20)

    def test_identical(self):
        found, _ = pair((5, 5, 1))
        assert psnr(found, found, 1.0) == math.inf

    def test_bytes_do_not_wrap(self):
        dark, bright = np.zeros((3, 3, 1), np.uint8), np.full((3, 3, 1), 255, np.uint8)
        assert psnr(dark, bright, 255) == pytest.approx(0)

    def test_not_finite_is_no_good_score(self):
        found, true = pair((5, 5, 1))
        found[0, 0] = np.inf
        assert psnr(found, true, 1.0) == -math.inf
        found[0, 0] = np.nan
        assert math.isnan(psnr(found, true, 1.0))


class TestUpToConstant:
    def test_constants_per_channel_do_not_count(self):
        found, true = pair((12, 10, 3))
        moved = found + np.array([3.0, -1.0, 0.2])
        best = psnr(found - (found - true).mean((0, 1)), true, 1.0)
        assert psnr_up_to_constant(moved, true, 1.0) == pytest.approx(best, abs=1e-9)
        assert psnr(moved, true, 1.0) < 0

    def test_no_other_constant_is_better(self):
        found, true = pair((12, 10, 2))
        best = psnr_up_to_constant(found, true, 1.0)
        centred = found - (found - true).mean((0, 1))
        assert all(psnr(centred + np.array([step, 0]), true, 1.0) < best for step in (-1e-3, 1e-3))

    def test_exactly_a_constant_apart(self):
        true = np.arange(16.0).reshape(4, 4, 1)
        assert psnr_up_to_constant(true + 2, true, 1.0) == math.inf


class TestSsim:
    @pytest.mark.parametrize("shape", SHAPES)
    def test_as_scikit_image(self, shape):
        found, true = pair(shape)
        expected = structural_similarity(true, found, data_range=1.0, channel_axis=-1)
        assert ssim(found, true, 1.0) == pytest.approx(expected, abs=1e-12)

    def test_single_precision_is_computed_in_double(self):
        found, true = (a.astype(np.float32) for a in pair((16, 16, 1)))
        assert ssim(found, true, 1.0) == ssim(found.astype(float), true.astype(float), 1.0)

    @pytest.mark.parametrize(
        "shape", [(7, 7, 1), (6, 9, 3), (4, 4, 1), (3, 50, 1), (2, 8, 1), (1, 1, 3), (1, 1)]
    )
    def test_small_signals(self, shape):
        found, true = pair(shape)
        assert ssim(true, true, 1.0) == pytest.approx(1)
        assert -1 < ssim(found, true, 1.0) < 1

    def test_worse_is_lower(self, camera):
        rng = np.random.default_rng(0)
        noise = rng.standard_normal(camera.shape)
        scores = [ssim(camera + amount * noise, camera, 1.0) for amount in (0.0, 0.01, 0.1)]
        assert scores[0] == pytest.approx(1)
        assert scores == sorted(scores, reverse=True)


class TestDerivatives:
    def test_peak_is_the_range_of_the_true_map(self, camera):
        true = spectral.gradient(camera), spectral.laplacian(camera)
        found = true[0] + 0.01, true[1] * 1.01
        score = derivative_score(found[0], true[0], found[1], true[1])
        ranges = [np.ptp(t) for t in true]
        assert score.gradient == pytest.approx(psnr(found[0], true[0], ranges[0]))
        assert score.laplacian == pytest.approx(psnr(found[1], true[1], ranges[1]))

    def test_units_do_not_matter(self, camera):
        true, other = spectral.laplacian(camera), spectral.laplacian(camera**2)
        one, scaled = (derivative_score(k * other, k * true, k * other, k * true) for k in (1, 1000))
        assert one.gradient == pytest.approx(scaled.gradient)
        assert one.laplacian == pytest.approx(scaled.laplacian)

    def test_identical_and_constant(self):
        flat, other = np.ones((4, 4, 1)), np.zeros((4, 4, 1))
        score = derivative_score(flat, flat, other, flat)
        assert score.gradient == math.inf
        assert score.laplacian == -math.inf


@pytest.mark.parametrize("metric", [psnr, psnr_up_to_constant, ssim])
class TestRefused:
    def test_other_shapes(self, metric):
        with pytest.raises(UsageError, match=r"same shape, found \(3, 3, 1\) and \(3, 1\)"):
            metric(np.zeros((3, 3, 1)), np.zeros((3, 1)), 1.0)

    @pytest.mark.parametrize("shape", [(0, 3, 1), (), (5,)])
    def test_no_signals(self, metric, shape):
        with pytest.raises(UsageError, match=r"expected two signals \(n_1, .., n_d, channels\)"):
            metric(np.zeros(shape), np.ones(shape), 1.0)

    @pytest.mark.parametrize("peak", [0.0, -1.0, math.nan])
    def test_no_peak(self, metric, peak):
        with pytest.raises(UsageError, match="expected a positive peak"):
            metric(np.zeros((3, 3, 1)), np.ones((3, 3, 1)), peak)
