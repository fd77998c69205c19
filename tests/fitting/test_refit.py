"""The refit: chosen by points that it has not seen, refused where it does not help."""

import re

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from torus_scans import SOLID, torus_scan

from sdf_siren.clouds import PointCloud, unit_normals
from sdf_siren.clouds.spacing import gauge
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting import folds
from sdf_siren.fitting.levels import MOST_CLOSED, Level
from sdf_siren.fitting.refit import EXACT, NOISY, OPENING, SLIGHT, detail_sentence, held_out_rows, refit
from sdf_siren.fitting.scan import OrientedScan


class Wavy:
    """A network that is a torus up to ripples: exact shape minus what a refit should take up."""

    def __init__(self, amplitude):
        self.amplitude = amplitude

    def value_and_gradient(self, x):
        value, gradient = SOLID.value_and_gradient(x)
        value, gradient = value.clone(), gradient.clone()
        value += self.amplitude * torch.sin(9 * x[:, :1])
        gradient[:, :1] += 9 * self.amplitude * torch.cos(9 * x[:, :1])
        return value, gradient

    def value(self, x):
        return self.value_and_gradient(x)[0]

    def to(self, *, device, dtype=None):
        return self


def error_of(field, count=2000):
    """Mean distance of true surface points to the level set."""
    generator = torch.Generator().manual_seed(9)
    x = torch.rand(count, 3, generator=generator) * 2 - 1
    value, normal = SOLID.value_and_gradient(x)
    x = x - value * normal
    f, g = field.value_and_gradient(x)
    return float((f[:, 0].abs() / g.norm(dim=1)).mean())


def test_ripples_are_taken_out_of_a_clean_scan():
    scan = torus_scan(8000)
    network = Wavy(0.004)
    found = refit(network, scan, held_out_rows(8000, 0))
    assert {level.trust for level in found.levels} == {EXACT}
    assert found.after < 0.1 * found.before
    assert error_of(found.field) < 0.1 * error_of(network)


def test_ripples_are_taken_out_of_a_noisy_scan_and_the_noise_is_not_put_in():
    scan = torus_scan(12_000, noise=0.004, normal_noise=0.2)
    assert scan.gauge.noisy
    network = Wavy(0.004)
    found = refit(network, scan, held_out_rows(12_000, 0))
    trusts = [level.trust for level in found.levels if not level.opening]
    assert trusts
    assert set(trusts) == {NOISY}
    assert error_of(found.field) < 0.4 * error_of(network)


@pytest.mark.parametrize("normal_noise", [0.02, 0.1])
def test_noise_that_is_slight_does_not_hold_back_what_is_larger(monkeypatch, normal_noise):
    scan = torus_scan(12_000, noise=0.0015, normal_noise=normal_noise)
    assert scan.gauge.noisy
    assert scan.gauge.noise < SLIGHT * scan.gauge.spacing
    network, held_out = Wavy(0.004), held_out_rows(12_000, 0)
    found = refit(network, scan, held_out)
    monkeypatch.setattr("sdf_siren.fitting.refit.SLIGHT", 0.0)
    held_back = refit(network, scan, held_out)
    assert {level.trust for level in held_back.levels if not level.opening} == {NOISY}
    assert not {NOISY} & {level.trust for level in found.levels}
    assert found.after < held_back.after
    assert error_of(found.field) < 0.6 * error_of(held_back.field)


class Flat:
    """A network that has closed what is below z = 0."""

    def value_and_gradient(self, x):
        return x[:, 2:].clone(), torch.tensor([[0.0, 0.0, 1.0]], dtype=x.dtype).repeat(len(x), 1)

    def value(self, x):
        return x[:, 2:].clone()

    def to(self, *, device, dtype=None):
        return self


DEPTH, WIDTH = 0.016, 0.012
"""Of a groove; the coarse level of its scan has tiles of 0.06."""


def groove(x):
    """Height (n,) at ``x`` (n,), and unit normals (n, 3)."""
    height = -DEPTH * np.exp(-((x / WIDTH) ** 2))
    normals = np.column_stack([2 * x / WIDTH**2 * height, np.zeros_like(x), np.ones_like(x)])
    return height, unit_normals(normals)


def noisy_groove(count=16_000, noise=0.004, half_length=0.9):
    generator = np.random.default_rng(0)
    x, y = generator.uniform(-half_length, half_length, count), generator.uniform(-0.3, 0.3, count)
    height, normals = groove(x)
    points = np.column_stack([x, y, height]) + generator.normal(scale=noise, size=(count, 3))
    points = points.astype(np.float32)
    normals = unit_normals(normals + generator.normal(scale=0.2, size=normals.shape))
    tree = cKDTree(points)
    return OrientedScan(points, normals, tree, gauge(points, normals, tree))


def test_what_the_network_has_closed_is_opened_on_a_noisy_scan(monkeypatch):
    scan = noisy_groove()
    assert scan.gauge.noisy
    x = np.linspace(-WIDTH / 4, WIDTH / 4, 50)
    bottom = np.column_stack([x, np.linspace(-0.25, 0.25, 50), groove(x)[0]]).astype(np.float32)

    def error_at_the_bottom():
        found = refit(Flat(), scan, held_out_rows(len(scan.points), 0))
        value, gradient = found.field.value_and_gradient(torch.from_numpy(bottom))
        return found.levels, float((value[:, 0].abs() / gradient.norm(dim=1)).mean())

    levels, opened = error_at_the_bottom()
    assert levels[0] == Level(levels[0].side, OPENING, opening=True)
    assert opened < 0.4 * DEPTH
    monkeypatch.setattr(folds, "MISSED", np.inf)
    levels, closed = error_at_the_bottom()
    assert not any(level.opening for level in levels)
    assert opened < 0.6 * closed


def test_a_scan_that_is_closed_off_in_much_of_it_is_not_opened():
    scan = noisy_groove(2700, half_length=0.15)
    assert scan.gauge.noisy
    points, normals = torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
    assert folds.closed_off(points, normals, -points[:, 2]).float().mean() > MOST_CLOSED
    found = refit(Flat(), scan, held_out_rows(len(scan.points), 0))
    assert not any(level.opening for level in found.levels)


def test_nothing_is_changed_where_nothing_is_missing():
    scan = torus_scan(6000, noise=0.004, normal_noise=0.2)
    network = Wavy(0.0)
    found = refit(network, scan, held_out_rows(6000, 0))
    assert found.levels == ()
    assert found.field.tiles == ()
    assert found.after == found.before


def test_sparse_places_get_a_level_of_their_own():
    scan = torus_scan(12_000, sparse_half=0.05)
    network = Wavy(0.004)
    found = refit(network, scan, held_out_rows(12_000, 0))
    sides = [level.side for level in found.levels]
    assert len(sides) > 2
    assert sides[0] > 3 * sides[-1]
    assert sides == sorted(sides, reverse=True)
    assert error_of(found.field) < 0.2 * error_of(network)


def test_progress_counts_every_candidate():
    scan, reports = torus_scan(2000), []
    refit(Wavy(0.004), scan, held_out_rows(2000, 0), progress=reports.append)
    assert {report.task for report in reports} == {"refit"}
    assert [report.done for report in reports] == list(range(1, len(reports) + 1))
    assert len(reports) <= reports[0].total == reports[-1].total
    distances = [report.values["distance"] for report in reports]
    assert distances == sorted(distances, reverse=True)


def test_the_description_is_json(tmp_path):
    import json

    scan = torus_scan(2000)
    network = initialise(SirenShape(width=8), seed=0)
    description = refit(network, scan, held_out_rows(2000, 0)).description()
    assert json.loads(json.dumps(description)) == description
    assert {"levels", "tiles", "before", "after"} == description.keys()


@pytest.mark.parametrize(("count", "held"), [(100, 0), (999, 0), (1000, 50), (20_000, 1000), (10**6, 3000)])
def test_how_many_points_are_kept_back(count, held):
    rows = held_out_rows(count, 0)
    assert len(rows) == held
    assert len(np.unique(rows)) == held
    assert (np.diff(rows) > 0).all()
    np.testing.assert_array_equal(rows, held_out_rows(count, 0))


@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_what_detail_can_be_expected_is_said_in_the_scans_units(noise):
    scan = torus_scan(8000, noise=noise)
    found = detail_sentence(PointCloud(100.0 * scan.points.astype(float), scan.normals))
    spacing, size, detail = re.fullmatch(
        r"points (\S+) apart, (?:clean|with noise of (\S+)): detail from about (\S+) on", found
    ).groups()
    assert float(spacing) == pytest.approx(100 * scan.gauge.spacing, rel=0.06)
    assert (size is None) if noise == 0 else (0.3 < float(size) < 0.5)
    assert 3 < float(detail) < 12  # 8,000 points on 6.6 square units: the eighth neighbour is 0.046 away


def test_a_slightly_noisy_scan_may_be_told_as_finely_as_a_clean_one_and_a_noisy_one_not():
    def smallest(noise):
        scan = torus_scan(8000, noise=noise)
        return float(detail_sentence(PointCloud(scan.points, scan.normals)).split()[-2])

    assert smallest(0.002) == pytest.approx(smallest(0.0), rel=0.1)
    assert smallest(0.008) > 1.2 * smallest(0.0)
