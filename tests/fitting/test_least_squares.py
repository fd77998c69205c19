"""Frozen layers and their exact solve."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch

from sdf_siren import jets
from sdf_siren.conditions import BoundaryCondition, Problem, Rows, Solution, ansatz_for, helmholtz, poisson
from sdf_siren.conditions.operators import AbsorbingLayer
from sdf_siren.domains import Ball, Box
from sdf_siren.errors import InputError
from sdf_siren.fields import Siren
from sdf_siren.fitting.least_squares import (
    Candidate,
    collocate,
    design,
    frozen_network,
    influence,
    solve_columns,
    solved,
)
from sdf_siren.jets import Jet

SQUARE = Box([0, 0], [1, 1])


def sines(x):
    a, b = Jet.coordinates(x)
    return jets.sin(a * math.pi) * jets.sin(b * math.pi)


def manufactured(domain, exact, operator=None, **data):
    operator = operator or poisson()
    conditions = (BoundaryCondition("dirichlet", domain.parts, **data),)
    return Problem(domain, operator, lambda x: operator.applied(exact(x), x), conditions, exact)


def test_columns_of_zeros_get_zeros():
    matrix = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]], dtype=torch.float64)
    target = torch.tensor([3.0, 4.0, 5.0], dtype=torch.float64)
    assert torch.allclose(solve_columns(matrix.clone(), target), target.new_tensor([1.0, 0.0, 2.0]))
    assert torch.equal(solve_columns(torch.zeros_like(matrix), target), torch.zeros(3).double())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_not_finite_are_no_system(bad):
    matrix, target = torch.eye(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    with pytest.raises(torch.linalg.LinAlgError):
        solve_columns(matrix.clone(), target * bad)
    matrix[1, 0] = bad
    with pytest.raises(torch.linalg.LinAlgError):
        solve_columns(matrix, target)


class TestNetwork:
    def test_frequencies_fill_the_ball_of_the_bandwidth(self):
        problem = manufactured(SQUARE, sines)
        network = frozen_network(problem, ansatz_for(problem), Candidate(5000, 1, 7.0), 0)
        lengths = network.weights[0].norm(dim=1) * 0.5  # half the domain's extent
        assert lengths.max() <= 7.0
        assert float((lengths < 3.5).double().mean()) == pytest.approx(0.25, abs=0.02)

    def test_the_seed_decides(self):
        problem = manufactured(SQUARE, sines)
        ansatz = ansatz_for(problem)
        first, again, other = (
            frozen_network(problem, ansatz, Candidate(50, 2, 3.0), seed).weights[1] for seed in (0, 0, 1)
        )
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


class TestDesign:
    @pytest.mark.parametrize("layer", [None, AbsorbingLayer((0, 0), (1, 1), 0.3)])
    def test_the_matrix_times_coefficients_is_what_the_solution_says(self, layer):
        operator = helmholtz(lambda x: Jet.constant(5.0, x), layer)
        conditions = (BoundaryCondition("dirichlet", SQUARE.parts),)
        problem = Problem(SQUARE, operator, lambda x: x[:, 0], conditions, layer=layer)
        ansatz = ansatz_for(problem)
        network = frozen_network(problem, ansatz, Candidate(40, 2, 3.0), 0)
        collocation = collocate(problem, ansatz, 40, 0)
        matrix, target = design(network, collocation)
        solution = solved(network, ansatz, collocation)
        output = [network.weights[-1], network.biases[-1]]
        assert all(not tensor.any() for tensor in output), "the frozen network itself stays as it is"
        coefficients = torch.cat(
            [
                torch.complex(*solution.network.weights[-1]) if layer else solution.network.weights[-1][0],
                torch.complex(*solution.network.biases[-1])[None] if layer else solution.network.biases[-1],
                solution.amplitudes.to(matrix.dtype),
            ]
        )
        residual = (matrix @ coefficients - target).norm() / collocation.scale
        assert float(residual) == pytest.approx(collocation.residual(solution), rel=1e-6)

    def test_columns_are_solved_like_numpy_does(self):
        g = torch.Generator().manual_seed(0)
        matrix = torch.randn(60, 20, generator=g, dtype=torch.float64) * torch.logspace(-3, 3, 20)
        target = torch.randn(60, generator=g, dtype=torch.float64)
        expected = np.linalg.lstsq(matrix.numpy(), target.numpy(), rcond=None)[0]
        assert np.allclose(solve_columns(matrix.clone(), target), expected, rtol=1e-9)


class TestCollocation:
    def test_misses_are_weighted_as_errors(self):
        """Of ``-lap u = 1`` on a disk, u = 0 leaves a residual of one everywhere: an error of R^2 / 2d."""
        disk = Ball([0, 0], 3.0)
        problem = Problem(
            disk, poisson(), lambda x: torch.ones_like(x[:, 0]), (BoundaryCondition("dirichlet", disk.parts),)
        )
        assert influence(problem) == pytest.approx(9 / 4)
        ansatz = ansatz_for(problem)
        network = frozen_network(problem, ansatz, Candidate(20, 1, 1.0), 0)
        nothing = Solution(ansatz, network, torch.zeros(0, dtype=torch.float64))
        assert collocate(problem, ansatz, 100, 0).residual(nothing) == pytest.approx(1.0)

    def test_data_without_a_value_are_refused(self):
        problem = Problem(
            SQUARE,
            poisson(),
            lambda x: torch.log(x[:, 0] - 0.5),
            (BoundaryCondition("dirichlet", SQUARE.parts),),
            title="log",
        )
        with pytest.raises(InputError, match=r"^log: expected finite data everywhere, found none at \(0\."):
            collocate(problem, ansatz_for(problem), 50, 0)


class TestAccuracy:
    """Observed convergence on manufactured solutions; nothing is known to the solver."""

    def errors(self, problem, candidates):
        ansatz = ansatz_for(problem)
        x = problem.domain.interior(500, 99)
        exact = problem.exact(x).value
        for candidate in candidates:
            collocation = collocate(problem, ansatz, candidate.width, 0)
            solution = solved(frozen_network(problem, ansatz, candidate, 0), ansatz, collocation)
            yield float((solution.value(x) - exact).norm() / exact.norm())

    def test_convergence_is_spectral(self):
        candidates = [Candidate(width, 1, math.sqrt(width) / 2) for width in (25, 50, 100, 200)]
        errors = list(self.errors(manufactured(SQUARE, sines), candidates))
        ratios = [a / b for a, b in pairwise(errors)]
        assert all(ratio > 10 for ratio in ratios)
        assert errors[-1] < 1e-11

    @pytest.mark.parametrize(
        "domain", [Box([0], [1]), Box([-1, 0], [1, 2]), Box([0, 0, 0], [1, 1, 1]), Ball([0, 0], 1)]
    )
    def test_data_by_rows(self, domain):
        def exact(x):
            total = Jet.constant(1.0, x)
            for k, c in enumerate(Jet.coordinates(x)):
                total = total + jets.exp(c * (0.5 + 0.2 * k)) * (k + 1)
            return total

        problem = manufactured(domain, exact, value=exact)
        (error,) = self.errors(problem, [Candidate(300, 1, 3.0)])
        assert error < (1e-8 if domain.dimension < 3 else 1e-6)

    def test_neumann_and_robin_data(self):
        def exact(x):
            a, b = Jet.coordinates(x)
            return jets.exp(a) * jets.cos(b * 2)

        def slope(sign, axis):
            def evaluate(x):
                jet = exact(x)
                return Jet.constant(0.0, x) + Jet(
                    sign * jet.gradient[:, axis], jet.gradient * 0, jet.hessian * 0
                )

            return evaluate

        conditions = (
            BoundaryCondition("dirichlet", ("left",), exact),
            BoundaryCondition("neumann", ("right",), slope(1, 0)),
            BoundaryCondition("neumann", ("bottom",), slope(-1, 1)),
            BoundaryCondition(
                "robin",
                ("top",),
                lambda x: slope(1, 1)(x) + exact(x) * 2,
                lambda x: Jet.constant(2.0, x),
            ),
        )
        operator = poisson()
        problem = Problem(SQUARE, operator, lambda x: operator.applied(exact(x), x), conditions, exact)
        (error,) = self.errors(problem, [Candidate(300, 1, 4.0)])
        assert error < 1e-8


def test_an_absorbing_layer_lets_nothing_back():
    """Outside a wide source the field is a cylinder wave; a border that reflected would make it stand."""
    layer = AbsorbingLayer((-1, -1), (1, 1), 0.5)
    operator = helmholtz(lambda x: Jet.constant(6.0, x), layer)
    source = lambda x: torch.exp(-x.square().sum(1) / (2 * 0.15**2)).to(torch.complex128)  # noqa: E731
    problem = Problem(SQ2, operator, source, (BoundaryCondition("dirichlet", SQ2.parts),), layer=layer)
    ansatz = ansatz_for(problem)
    collocation = collocate(problem, ansatz, 500, 0)
    solution = solved(frozen_network(problem, ansatz, Candidate(500, 1, 16.0), 0), ansatz, collocation)
    angle = torch.linspace(0, 2 * math.pi, 40, dtype=torch.float64)[:-1]
    ring = 0.48 * torch.stack([angle.cos(), angle.sin()], 1)
    size = solution.value(ring).abs()
    assert float(size.std() / size.mean()) < 0.02
    edge = SQ2.boundary(100, 0).x * 0.98
    assert solution.value(edge).abs().max() < 0.1 * size.mean()


SQ2 = Box([-1, -1], [1, 1])


def test_rows_of_real_networks_may_have_complex_coefficients():
    problem = manufactured(SQUARE, sines)
    solution = Solution(
        ansatz_for(problem),
        frozen_network(problem, ansatz_for(problem), Candidate(20, 1, 3.0), 0),
        torch.zeros(0, dtype=torch.float64),
    )
    weights = [*solution.network.weights[:-1], torch.randn(1, 20, dtype=torch.float64)]
    network = Siren(solution.network.shape, weights, solution.network.biases)
    solution = Solution(solution.ansatz, network, solution.amplitudes)
    x = SQUARE.interior(10, 0)
    rows = Rows(x, torch.zeros(10), alpha=torch.full((10,), 1 + 2j, dtype=torch.complex128))
    assert torch.allclose(solution.of(rows)[0], (1 + 2j) * solution.value(x))
