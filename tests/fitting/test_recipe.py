"""What settings mean: terms with their weights, points per step, the first layer."""

import numpy as np
import pytest
import torch

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.spacing import ScanGauge
from sdf_siren.errors import InputError
from sdf_siren.fitting.optimizers import Adam, Soap
from sdf_siren.fitting.recipe import network_of, objective_of, optimizer_of, rate_of, sampler_of
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.settings import resolve_settings
from sdf_siren.sampling.density import BENT

CLEAN, NOISY = ScanGauge(0.01, 0.0), ScanGauge(0.01, 0.004)


@pytest.fixture(scope="module")
def sphere():
    x = np.random.default_rng(0).standard_normal((2000, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    return x


def test_all_losses_are_active_with_their_weights():
    for quality in ("draft", "standard", "high", "paper"):
        settings = resolve_settings(CLEAN, quality, eikonal_weight=7.0, normal_schedule="0:1,1:0")
        objective = objective_of(settings)
        weights = {t.term.name: t.weight for t in objective.terms}
        direction = {} if quality == "paper" else {"direction": ()}
        assert set(weights) == {"surface", "normal", "eikonal", *direction, "off_surface"}
        assert all(weight > 0 for weight in weights.values())
        assert weights["eikonal"] == 7.0
        schedules = {t.term.name: t.schedule for t in objective.terms}
        assert schedules == {
            "surface": (),
            "normal": ((0.0, 1.0), (1.0, 0.0)),
            "eikonal": (),
            **direction,
            "off_surface": (),
        }
        assert objective.over_all_points == (quality == "paper")


@pytest.mark.parametrize(
    ("gauge", "quality", "groups"),
    [
        (CLEAN, "standard", {"near"}),
        (NOISY, "standard", {"near", "surface"}),
        (NOISY, "paper", {"surface", "volume"}),
    ],
)
def test_where_the_slope_is_asked_for(gauge, quality, groups):
    terms = {t.term.name: t.term for t in objective_of(resolve_settings(gauge, quality)).terms}
    assert set(terms["eikonal"].groups) == groups


def test_paper_draws_scan_and_cube_in_equal_numbers(sphere):
    settings = resolve_settings(CLEAN, "paper")
    scan = oriented_scan(PointCloud(sphere, sphere))
    batch = sampler_of(settings, scan, 0, torch.device("cpu")).draw(torch.Generator().manual_seed(0))
    assert {name: len(group) for name, group in batch.items()} == {"surface": 1400, "volume": 1400}
    network = network_of(settings, 0)
    assert isinstance(optimizer_of(settings, network), Adam)
    assert {rate_of(settings)(step) for step in (0, 5000, 9999)} == {1e-4}
    assert network.biases[1].abs().max() > 0


def test_the_fast_recipe_draws_what_the_settings_say(sphere):
    settings = resolve_settings(CLEAN, "standard", surface_points=50, near_points=20, far_points=10)
    scan = oriented_scan(PointCloud(sphere, sphere))
    batch = sampler_of(settings, scan, 0, torch.device("cpu")).draw(torch.Generator().manual_seed(0))
    assert {name: len(group) for name, group in batch.items()} == {"surface": 50, "near": 20, "far": 10}
    network = network_of(settings, 0)
    assert isinstance(optimizer_of(settings, network), Soap)
    assert all(bias.abs().max() == 0 for bias in network.biases[1:])


def test_scans_without_usable_normals_are_refused(sphere):
    with pytest.raises(InputError, match="found none"):
        oriented_scan(PointCloud(sphere))
    for bad in (0.0, np.nan):
        normals = sphere.astype(np.float32)
        normals[3] = bad
        with pytest.raises(InputError, match="finite normals above zero"):
            oriented_scan(PointCloud(sphere, normals))


def test_the_scan_in_the_cube_is_gauged_there(sphere):
    small, large = (oriented_scan(PointCloud(sphere * s + s, sphere)).gauge for s in (1.0, 1000.0))
    assert small.spacing == pytest.approx(large.spacing, rel=1e-3)


def share_below(points, normals, gauge=CLEAN):
    """Of the scan points drawn in some steps, those with x < 0."""
    settings = resolve_settings(gauge, "draft")
    sampler = sampler_of(settings, oriented_scan(PointCloud(points, normals)), 0, torch.device("cpu"))
    steps = [sampler.draw(torch.Generator(), step)["surface"].x[:, 0] for step in range(20)]
    return float((torch.cat(steps) < 0).double().mean())


def test_a_scan_much_sparser_in_parts_is_drawn_from_by_area(sphere):
    """Of one half every tenth point: it gets half of the points of a step."""
    sparse = np.vstack([sphere[sphere[:, 0] > 0], sphere[sphere[:, 0] < 0][::10]])
    for gauge in (CLEAN, NOISY):
        assert 0.4 < share_below(sparse, sparse, gauge) < 0.65


def test_what_bends_is_drawn_more_often_unless_the_scan_is_noisy(sphere):
    """A sphere and a wall beside it, as dense and with as many points: BENT of the draws go by the bend."""
    places = np.random.default_rng(0).uniform(-1, 1, (2000, 2)) * np.sqrt(np.pi)
    wall = np.c_[np.full(2000, -3), places]
    points, normals = np.vstack([sphere, wall]), np.vstack([sphere, np.tile([-1, 0, 0], (2000, 1))])
    assert share_below(points, normals) == pytest.approx((1 - BENT) / 2, abs=0.02)
    assert share_below(points, normals, NOISY) == pytest.approx(1 / 2, abs=0.01)
