"""What every domain promises: distance, boundary, interior, measures and determinism."""

import math
from functools import partial

import pytest
import torch
from scipy.stats import qmc

from sdf_siren.domains import Ball, Box, Difference, Intersection, Polygon, Union
from sdf_siren.errors import UsageError

EXACT = partial(torch.cdist, compute_mode="donot_use_mm_for_euclid_dist")
ELL = ((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2))
PRIMITIVES = {
    "interval": Box([-1], [2]),
    "box": Box([0, -1], [2, 0.5]),
    "box_3d": Box([0, 0, 0], [1, 2, 3]),
    "box_5d": Box([0] * 5, [1, 1, 2, 1, 1]),
    "disk": Ball([0.3, -0.2], 0.7),
    "ball": Ball([1, 2, 3], 0.5),
    "ball_6d": Ball([0.0] * 6, 2.0),
    "ell": Polygon(ELL),
    "ell_clockwise": Polygon(ELL[::-1]),
    "triangle": Polygon([(0, 0), (3, 1), (1, 2)]),
    "far_away": Box([1e6, 1e6], [1e6 + 1, 1e6 + 2]),
}
SQUARE = Box([0, 0], [1, 1])
COMBINATIONS = {
    "holes": Difference(Box([0, 0], [3, 2]), Ball([1, 1], 0.4), Ball([2.2, 1], 0.3)),
    "ell_of_boxes": Difference(Box([0, 0], [2, 2]), Box([1, 1], [2, 2])),
    "two_disks": Union(Ball([0, 0], 1), Ball([1, 0], 1)),
    "lens": Intersection(Ball([0, 0], 1), Ball([1, 0], 1)),
    "side_by_side": Union(SQUARE, Box([1, 0], [2, 1])),
    "pacman": Difference(Ball([0, 0], 1), Polygon([(0, 0), (2, -2), (2, 2)])),
    "nested": Difference(Union(SQUARE, Box([0.5, 0.5], [2, 2])), Ball([1, 1], 0.25)),
    "shell": Difference(Ball([0, 0, 0], 1), Ball([0, 0, 0], 0.5)),
    "drilled": Difference(Box([0, 0, 0], [1, 1, 1]), Ball([0.5, 0.5, 1], 0.25)),
    "two_intervals": Difference(Box([0], [3]), Box([1], [2])),
    "far_away": Difference(Box([1e6, 1e6], [1e6 + 2, 1e6 + 2]), Ball([1e6 + 1, 1e6 + 1], 0.5)),
}
ALL = PRIMITIVES | {f"{name}_combined": domain for name, domain in COMBINATIONS.items()}
LENS_ARC = 2 * math.pi / 3  # of each unit circle, inside the other at distance 1
LENGTHS = {
    "holes": {"left": 2, "top": 3, "hole_1.circle": 0.8 * math.pi, "hole_2.circle": 0.6 * math.pi},
    "ell_of_boxes": {
        "outer.left": 2,
        "outer.right": 1,
        "outer.top": 1,
        "outer.bottom": 2,
        "hole_1.left": 1,
        "hole_1.bottom": 1,
        "hole_1.right": 0,
        "hole_1.top": 0,
    },
    "two_disks": {"shape_1.circle": 2 * math.pi - LENS_ARC, "shape_2.circle": 2 * math.pi - LENS_ARC},
    "lens": {"shape_1.circle": LENS_ARC, "shape_2.circle": LENS_ARC},
    "side_by_side": {"shape_1.right": 0, "shape_2.left": 0, "shape_1.top": 1, "shape_2.bottom": 1},
    "pacman": {"circle": 1.5 * math.pi, "edge_1": 1, "edge_2": 0, "edge_3": 1},
    "nested": {"shape_1.right": 0.5, "shape_1.top": 0.5, "shape_2.left": 1, "circle": 0.5 * math.pi},
    "shell": {"outer.sphere": 4 * math.pi, "hole_1.sphere": math.pi},
    "drilled": {"sphere": 2 * math.pi / 16, "front": 1 - math.pi / 16, "left": 1},
    "two_intervals": {"outer.left": 1, "outer.right": 1, "hole_1.left": 1, "hole_1.right": 1},
    "far_away": {"left": 2, "circle": math.pi},
}


def around(domain, count=2000):
    """Points in and around a domain."""
    low, high = domain.bounds
    middle, half = (low + high) / 2, (high - low) / 2
    u = torch.rand(count, domain.dimension, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    return middle + 1.5 * half * (2 * u - 1)


def rounding(domain):
    return 1e-14 * max(1.0, *(bound.abs().max().item() for bound in domain.bounds))


@pytest.mark.parametrize("domain", PRIMITIVES.values(), ids=PRIMITIVES)
def test_the_distance_of_primitives_is_exact(domain):
    x = around(domain).requires_grad_()
    distance = domain.distance(x)
    (gradient,) = torch.autograd.grad(distance.sum(), x)
    torch.testing.assert_close(gradient.norm(dim=1), torch.ones(len(x), dtype=torch.float64))
    assert (distance < 0).any()
    assert (distance > 0).any()
    foot = (x - distance[:, None] * gradient).detach()
    assert domain.distance(foot).abs().max() < 100 * rounding(domain)


@pytest.mark.parametrize("domain", ALL.values(), ids=ALL)
class TestDomain:
    def test_boundary_points_are_on_it_with_normals_outward(self, domain):
        points = domain.boundary(500, seed=3)
        assert points.x.shape == points.normal.shape == (500, domain.dimension)
        assert points.x.dtype == points.normal.dtype == torch.float64
        assert domain.distance(points.x).abs().max() < 100 * rounding(domain)
        torch.testing.assert_close(points.normal.norm(dim=1), torch.ones(500, dtype=torch.float64))
        step = 1e-7 * domain.diameter * points.normal
        assert domain.contains(points.x - step).all()
        assert not domain.contains(points.x + step).any()

    def test_normals_are_the_gradient_of_the_distance(self, domain):
        points = domain.boundary(500, seed=4)
        x = (points.x + 1e-7 * domain.diameter * points.normal).requires_grad_()
        (gradient,) = torch.autograd.grad(domain.distance(x).sum(), x)
        near_corner = (gradient - points.normal).norm(dim=1) > 1e-5
        assert near_corner.double().mean() < 0.01

    def test_parts_have_the_share_of_points_that_they_have_of_the_measure(self, domain):
        count = 4096
        drawn = torch.bincount(domain.boundary(count, seed=0).part, minlength=len(domain.parts)) / count
        share = domain.part_measure / domain.part_measure.sum()
        assert len(domain.parts) == len(domain.part_measure) == len(drawn)
        assert (drawn - share).abs().max() < 0.01
        assert (drawn[domain.part_measure == 0] == 0).all()

    def test_interior_points_are_inside(self, domain):
        x = domain.interior(1000, seed=1)
        assert x.shape == (1000, domain.dimension)
        assert x.dtype == torch.float64
        assert domain.contains(x).all()
        assert (domain.distance(x) < 0).all()

    def test_a_seed_gives_the_same_points_and_fewer_come_first(self, domain):
        assert torch.equal(domain.interior(300, 7)[:200], domain.interior(200, 7))
        assert not torch.equal(domain.interior(200, 7), domain.interior(200, 8))
        many, few, other = domain.boundary(300, 7), domain.boundary(200, 7), domain.boundary(200, 8)
        for name in ("x", "normal", "part"):
            assert torch.equal(getattr(many, name)[:200], getattr(few, name))
        assert domain.dimension == 1 or not torch.equal(few.x, other.x)

    def test_bounds_ball_and_diameter_hold_all_of_it(self, domain):
        x = torch.cat([domain.interior(500, 0), domain.boundary(500, 0).x])
        low, high = domain.bounds
        slack = 100 * rounding(domain)
        assert (x >= low - slack).all()
        assert (x <= high + slack).all()
        centre, radius = domain.bounding_ball
        assert (x - centre).norm(dim=1).max() <= radius + slack
        assert EXACT(x, x).max() <= domain.diameter + slack

    def test_no_points_are_fine_and_points_of_another_dimension_are_not(self, domain):
        d = domain.dimension
        assert domain.interior(0, 0).shape == (0, d)
        assert domain.boundary(0, 0).x.shape == (0, d)
        assert domain.distance(torch.zeros(0, d)).shape == (0,)
        with pytest.raises(UsageError, match=rf"expected points of shape \(n, {d}\), found \(4, {d + 1}\)"):
            domain.distance(torch.zeros(4, d + 1))

    def test_parts_are_found_by_name(self, domain):
        assert [domain.part(name) for name in domain.parts] == list(range(len(domain.parts)))
        with pytest.raises(UsageError, match=f"no side 'lfet'; expected one of {domain.parts[0]}"):
            domain.part("lfet")


@pytest.mark.parametrize("name", COMBINATIONS)
class TestCombination:
    def test_measures_of_what_is_left(self, name):
        domain = COMBINATIONS[name]
        found = dict(zip(domain.parts, domain.part_measure.tolist(), strict=True))
        expected = LENGTHS[name]
        tolerance = 5e-3 if domain.dimension == 3 else 1e-9
        assert {part: found[part] for part in expected} == pytest.approx(expected, abs=tolerance)

    def test_the_size_of_the_distance_is_a_lower_bound(self, name):
        domain = COMBINATIONS[name]
        x = around(domain, 500)
        nearest = EXACT(x, domain.boundary(4000, 0).x).amin(1)
        assert (domain.distance(x).abs() <= nearest + 1e-9 * domain.bounds[1].abs().max()).all()


AREAS = {
    "disk": math.pi * 0.49,
    "ell": 3,
    "triangle": 2.5,
    "holes_combined": 6 - math.pi * 0.25,
    "ell_of_boxes_combined": 3,
    "lens_combined": 2 * math.pi / 3 - math.sqrt(3) / 2,
    "pacman_combined": 0.75 * math.pi,
    "ball": math.pi / 6,
    "shell_combined": math.pi * 7 / 6,
}


@pytest.mark.parametrize("name", AREAS)
def test_membership_has_the_known_area(name):
    domain = ALL[name]
    low, high = domain.bounds
    u = torch.from_numpy(qmc.Sobol(domain.dimension, seed=1).random_base2(16))
    inside = domain.contains(low + (high - low) * u).double().mean()
    assert inside * (high - low).prod() == pytest.approx(AREAS[name], rel=2e-3)


@pytest.mark.parametrize("name", ["box", "disk", "ell", "ball_6d", "holes_combined"])
def test_interior_points_are_spread_better_than_random_ones(name):
    """Means over 1024 points of a linear and a quadratic function, against many points."""
    domain = ALL[name]

    def means(x):
        local = (x - domain.bounding_ball[0]) / domain.bounding_ball[1]
        return torch.cat([local.mean(0), (local**2).mean(0)])

    truth = means(domain.interior(2**17, seed=99))
    random = 0.3 / math.sqrt(1024)
    errors = torch.stack([means(domain.interior(1024, seed)) - truth for seed in range(8)])
    assert errors.square().mean().sqrt() < 0.6 * random


def test_points_along_a_boundary_leave_no_gap():
    for domain in (PRIMITIVES["disk"], PRIMITIVES["ell"], PRIMITIVES["box"], COMBINATIONS["holes"]):
        count = 512
        x = domain.boundary(count, seed=2).x
        dense = domain.boundary(20000, seed=5).x
        spacing = domain.part_measure.sum() / count
        assert EXACT(dense, x).amin(1).max() < 2.5 * spacing


class TestHighDimension:
    def test_a_ball_of_twenty_dimensions_is_filled(self):
        ball = Ball([0.0] * 20, 1.0)
        radius = ball.interior(4000, 0).norm(dim=1)
        assert (radius**20).mean() == pytest.approx(0.5, abs=0.01)

    def test_areas_of_spheres(self):
        assert Ball([0, 0, 0], 2).part_measure.item() == pytest.approx(16 * math.pi)
        assert Ball([0, 0, 0, 0], 1).part_measure.item() == pytest.approx(2 * math.pi**2)
