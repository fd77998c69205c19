"""Boundary and initial data from arrays: where they lie, how exact they are, and how each fault is told."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from sdf_siren.domains import Ball, Box, Difference, Polygon
from sdf_siren.domains.space_time import SpaceTime
from sdf_siren.errors import InputError
from sdf_siren.fitting import solve_problem
from sdf_siren.io.boundary_arrays import read_boundary_array, read_initial_array
from sdf_siren.io.problem_file import parse_problem

SQUARE = Box([0, 0], [2, 1])
DISK = Ball([1, 0], 2)
CLOCKWISE = Polygon([[0, 0], [0, 2], [3, 0]])


@pytest.fixture
def data(tmp_path):
    """``data(domain, part, array)`` as the condition's values: a function of points (n, d)."""

    def read(domain, part, array, *, is_complex=False):
        np.save(tmp_path / "a.npy", array)
        found = read_boundary_array("a.npy", tmp_path, domain, part, "here", is_complex=is_complex)
        return lambda x: found.function(torch.as_tensor(x, dtype=torch.float64)).value.numpy()

    return read


@pytest.mark.parametrize(
    ("domain", "part", "start", "stop"),
    [
        (SQUARE, "left", [0, 0], [0, 1]),
        (SQUARE, "right", [2, 0], [2, 1]),
        (SQUARE, "bottom", [0, 0], [2, 0]),
        (SQUARE, "top", [0, 1], [2, 1]),
        (CLOCKWISE, "edge_1", [0, 0], [0, 2]),
        (CLOCKWISE, "edge_2", [0, 2], [3, 0]),
        (CLOCKWISE, "edge_3", [0, 0], [3, 0]),
    ],
)
def test_straight_parts_run_from_low_to_high(data, domain, part, start, stop):
    values = data(domain, part, np.array([0.0, 1, 2, 3, 4]))
    t = np.array([0, 0.1, 0.5, 1])[:, None]
    assert values(np.array(start) + t * np.subtract(stop, start)) == pytest.approx(4 * t[:, 0])


def test_circles_run_counter_clockwise_and_close(data):
    angle = np.arange(40) * 2 * np.pi / 40
    values = data(DISK, "circle", np.sin(angle))
    boundary = DISK.boundary(500, 0)
    assert values(boundary.x) == pytest.approx(boundary.normal[:, 1].numpy(), abs=1e-5)


def test_places_in_any_order(data):
    rng = np.random.default_rng(0)
    angle = rng.permutation(np.arange(60) * 2 * np.pi / 60 + rng.uniform(0, 0.05, 60))
    rows = np.stack([1 + 2 * np.cos(angle), 2 * np.sin(angle), np.cos(angle)], 1)
    boundary = DISK.boundary(500, 0)
    assert data(DISK, "circle", rows)(boundary.x) == pytest.approx(boundary.normal[:, 0].numpy(), abs=1e-4)


def test_an_arc_with_values_is_left_open(data):
    angle = np.linspace(-1, 1, 21)
    rows = np.stack([1 + 2 * np.cos(angle), 2 * np.sin(angle), angle], 1)
    values = data(DISK, "circle", rows)
    at = np.array([-0.99, 0.0, 0.55, 1.2, 3.0])
    found = values(np.stack([1 + 2 * np.cos(at), 2 * np.sin(at)], 1))
    assert found[:3] == pytest.approx(at[:3], abs=1e-9)
    assert np.isnan(found[3:]).all()


def test_no_value_beyond_the_places(data):
    x = np.linspace(0.5, 1.5, 9)
    values = data(SQUARE, "top", np.stack([x, np.ones(9), x], 1))
    found = values([[0.5, 1], [1.2, 1], [1.6, 1]])
    assert found[:2] == pytest.approx([0.5, 1.2])
    assert np.isnan(found[2])


def test_parts_of_combinations(data):
    ring = Difference(Ball([0, 0], 2), Ball([0, 0], 1), names=["outer", "inner"])
    angle = np.arange(50) * 2 * np.pi / 50
    values = data(ring, "inner.circle", np.cos(angle))
    assert values([[0.6, 0.8]]) == pytest.approx([0.6], abs=1e-5)


@pytest.mark.parametrize("domain", [Box([0, 0, 0], [1, 2, 3]), SpaceTime([0, 0, 0], [1, 2, 3])])
def test_faces_take_two_axes(data, domain):
    y, z = np.meshgrid(np.linspace(0, 2, 30), np.linspace(0, 3, 40), indexing="ij")
    values = data(domain, "right", np.sin(y) * np.cos(z))
    assert values([[1, 0.77, 2.1]]) == pytest.approx([math.sin(0.77) * math.cos(2.1)], abs=1e-5)


def test_complex_values_where_they_may_be(data):
    array = np.arange(5) * (1 + 2j)
    assert data(SQUARE, "top", array, is_complex=True)([[1, 1]]) == pytest.approx([2 + 4j])
    with pytest.raises(InputError, match="array of numbers"):
        data(SQUARE, "top", array)


@pytest.mark.parametrize(
    ("domain", "part", "array", "words"),
    [
        (SQUARE, "top", np.zeros(3), "at least 4 values at different places, found 3"),
        (SQUARE, "top", np.zeros((5, 2)), r"\(n,\), or x, y and value \(n, 3\), found .* \(5, 2\)"),
        (SQUARE, "top", np.array([0, 1, np.nan, 2]), r"finite values, found NaN or infinity at \(3,\)"),
        (SQUARE, "top", np.array([[0, 1, 1], [1, 1, 1], [1.5, 0.9, 1], [2, 1, 1]]), "on top, found .* row 3"),
        (SQUARE, "top", np.array([[0, 1, 1], [1, 1, 1], [1.5, 1, 1], [2.1, 1, 1]]), "on top, found .* row 4"),
        (SQUARE, "top", np.array([[0, 1, 1], [1, 1, 1], [1, 1, 1], [2, 1, 1]]), "different places, found 3"),
        (DISK, "circle", np.array([[1.0, 0, 1]] * 4), "on circle, found .* row 1"),
        (Box([0, 0, 0], [1, 2, 3]), "top", np.zeros(9), r"2 axes of at least 4 values, found \(9,\)"),
        (Ball([0, 0, 0], 1), "sphere", np.zeros((9, 9)), "write a formula"),
        (Box([0], [1]), "left", np.zeros(9), "write a formula"),
    ],
)
def test_faults(data, domain, part, array, words):
    with pytest.raises(InputError, match=words) as caught:
        data(domain, part, array)
    assert "\n" not in str(caught.value)


def test_initial_values_have_derivatives(tmp_path):
    domain = SpaceTime([0, 0, 0], [1, 2, 5])
    x, y = np.meshgrid(np.linspace(0, 1, 30), np.linspace(0, 2, 41), indexing="ij")
    np.save(tmp_path / "a.npy", np.sin(2 * x) * np.cos(y))
    jet = read_initial_array("a.npy", tmp_path, domain, "here").function(
        torch.tensor([[0.3, 1.1, 0.7]], dtype=torch.float64)
    )
    s, c, u, v = math.sin(0.6), math.cos(0.6), math.cos(1.1), math.sin(1.1)
    assert jet.value.item() == pytest.approx(s * u, abs=1e-8)
    assert jet.gradient[0].tolist() == pytest.approx([2 * c * u, -s * v, 0], abs=1e-6)
    expected = [-4 * s * u, -2 * c * v, 0, -2 * c * v, -s * u, 0, 0, 0, 0]
    assert jet.hessian[0].flatten().tolist() == pytest.approx(expected, abs=1e-4)


def test_faults_of_initial_arrays(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(5))
    with pytest.raises(InputError, match="1 axes of at least 6 values"):
        read_initial_array("a.npy", tmp_path, SpaceTime([0, 0], [1, 1]), "here")
    with pytest.raises(InputError, match="one and two dimensions"):
        read_initial_array("a.npy", tmp_path, SpaceTime([0] * 4, [1] * 4), "here")


def test_a_solution_converges_with_the_arrays_spacing(tmp_path):
    """exp(x) sin(y) is harmonic: all there is to know comes from the array on the circle."""
    text = (
        'equation = "poisson"\nexact = "exp(x) * sin(y)"\n'
        '[domain]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\n'
        '[[conditions]]\non = "boundary"\nkind = "dirichlet"\nvalue_array = "edge.npy"\n'
    )
    errors = []
    for count in (10, 20, 40):
        angle = np.arange(count) * 2 * np.pi / count
        np.save(tmp_path / "edge.npy", np.exp(np.cos(angle)) * np.sin(np.sin(angle)))
        problem = parse_problem(text.replace('exact = "exp(x) * sin(y)"\n', ""), tmp_path / "p.toml")
        assert "edge.npy: between its values splines are about" in problem.notes[0]
        x = problem.domain.interior(500, 9)
        exact = x[:, 0].exp() * x[:, 1].sin()
        found = solve_problem(problem, tolerance=1e-6, width=200).solution.value(x)
        errors.append(float((found - exact).norm() / exact.norm()))
    assert all(math.log2(a / b) > 3.7 for a, b in pairwise(errors)), errors


def test_a_wave_from_arrays(tmp_path):
    x = np.linspace(0, 1, 41)
    np.save(tmp_path / "u.npy", np.sin(np.pi * x))
    np.save(tmp_path / "v.npy", 2 * np.pi * np.sin(2 * np.pi * x))
    text = (
        'equation = "wave"\nspeed = 1\n[domain]\nshape = "interval"\nlow = 0\nhigh = 1\nduration = 1\n'
        '[[conditions]]\nkind = "initial"\nvalue_array = "u.npy"\nrate_array = "v.npy"\n'
        '[[conditions]]\non = "boundary"\nkind = "dirichlet"\n'
    )
    problem = parse_problem(text, tmp_path / "p.toml")
    assert len(problem.notes) == 2
    at = problem.domain.interior(500, 9)
    exact = (np.pi * at[:, 0]).sin() * (np.pi * at[:, 1]).cos()
    exact = exact + (2 * np.pi * at[:, 0]).sin() * (2 * np.pi * at[:, 1]).sin()
    found = solve_problem(problem, tolerance=1e-5, width=400).solution.value(at)
    assert float((found - exact).norm() / exact.norm()) < 1e-4


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('value_array = "a.npy"\nvalue = 1', "value_array: found value as well"),
        ('value_array = "../a.npy"', "in the folder of the problem file"),
        ('value_array = "a.npz"', ".npy as suffix"),
        ('rate_array = "a.npy"', "unknown key 'rate_array'"),
        ("value_array = 3", "expected a text"),
    ],
)
def test_faults_of_the_file(tmp_path, line, words):
    np.save(tmp_path / "a.npy", np.zeros(9))
    head = 'equation = "poisson"\n[domain]\nshape = "disk"\ncentre = [0, 0]\nradius = 1\n'
    text = head + f'[[conditions]]\non = "boundary"\nkind = "dirichlet"\n{line}\n'
    with pytest.raises(InputError) as caught:
        parse_problem(text, tmp_path / "p.toml")
    assert words in str(caught.value)


def test_an_array_is_for_one_part(tmp_path):
    head = 'equation = "poisson"\n[domain]\nshape = "box"\nlow = [0, 0]\nhigh = [1, 1]\n'
    text = head + '[[conditions]]\non = "boundary"\nkind = "dirichlet"\nvalue_array = "a.npy"\n'
    with pytest.raises(InputError, match="for one part of the boundary, found left, right"):
        parse_problem(text, tmp_path / "p.toml")
