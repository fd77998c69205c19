"""Damped least squares: both factorisations, and the boundary between them."""

import pytest
import torch

from sdf_siren.fitting.damped import Damped


def jacobian(condition, n=60, q=20, seed=0):
    generator = torch.Generator().manual_seed(seed)
    left = torch.linalg.qr(torch.randn(n, q, generator=generator, dtype=torch.float64))[0]
    right = torch.linalg.qr(torch.randn(q, q, generator=generator, dtype=torch.float64))[0]
    values = torch.logspace(0, -condition, q, dtype=torch.float64)
    return left * values @ right.T, torch.randn(n, generator=generator, dtype=torch.float64)


def by_svd(matrix, r, damping):
    left, values, right = torch.linalg.svd(matrix, full_matrices=False)
    return -right.T @ (values / (values**2 + damping) * (left.T @ r))


@pytest.mark.parametrize("damping", [1.0, 1e-6, 1e-20])
def test_minimises_the_damped_sum(damping):
    matrix, r = jacobian(3)
    damped = Damped(matrix)
    found = damped.solver(damping)(r)
    torch.testing.assert_close(found, by_svd(matrix, r, damping * damped.scale**2), rtol=1e-8, atol=1e-10)


def test_small_dampings_do_not_lose_what_the_normal_matrix_has_lost():
    matrix, r = jacobian(11)
    damped = Damped(matrix)
    damping = 1e-23
    assert damping < damped.least_for_cholesky
    wanted = by_svd(matrix, r, damping * damped.scale**2)
    found = damped.solver(damping)(r)
    assert float((found - wanted).norm() / wanted.norm()) < 1e-3


def test_units_do_not_matter():
    matrix, r = jacobian(3)
    once, scaled = Damped(matrix).solver(1e-4)(r), Damped(matrix * 1e3).solver(1e-4)(r * 1e3)
    torch.testing.assert_close(once, scaled, rtol=1e-8, atol=1e-12)


def test_a_jacobian_of_zeros_moves_nothing():
    assert (
        float(Damped(torch.zeros(5, 3, dtype=torch.float64)).solver(1e-3)(torch.ones(5).double()).norm()) == 0
    )
