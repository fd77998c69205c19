"""The refit: chosen by points that it has not seen, refused where it does not help."""

import re

import numpy as np
import pytest
import torch
from torus_scans import SOLID, torus_scan

from sdf_siren.clouds import PointCloud
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting.refit import EXACT, NOISY, detail_sentence, held_out_rows, refit


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
    assert [level.trust for level in found.levels] == [NOISY]
    assert error_of(found.field) < 0.4 * error_of(network)


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
