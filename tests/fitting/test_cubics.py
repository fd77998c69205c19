"""Normal equations of cubics, against the same least squares row by row."""

import numpy as np
import pytest
import torch

from sdf_siren.fields.tiles import COEFFICIENTS, differentiated, monomials
from sdf_siren.fitting.cubics import MEMBER, _legendre_in_monomials, solved

HALF = 0.05


def problem(tiles=3, points=7, seed=0):
    """Members with random weights, some of them no points, and the centres of their boxes."""
    generator = torch.Generator().manual_seed(seed)

    def random(*size):
        return torch.rand(*size, generator=generator, dtype=torch.float64)

    centres = random(tiles, 3) - 0.5
    members = random(tiles, points, MEMBER)
    members[..., :3] = centres[:, None] + HALF * (2 * members[..., :3] - 1)
    members[..., 9] = 1
    members[0, -2:] = 0
    return members, centres


def row_by_row(members, centre, ridge):
    """The same solution (20,) from one row per value, derivative and coefficient."""
    legendre = _legendre_in_monomials()
    u = (members[:, :3] - centre) / HALF
    a, b = members[:, 3].sqrt(), members[:, 4].sqrt()
    value = monomials(u) @ _legendre_in_monomials().T
    slope = monomials(u)[:, :10] @ differentiated(legendre).transpose(
        1, 2
    )  # (20, k, 3) of every basis function
    rows = torch.cat(
        [
            value * a[:, None],
            (slope.permute(1, 2, 0) * b[:, None, None]).flatten(0, 1),
            (ridge * members[:, 9].sum()).sqrt() * torch.eye(COEFFICIENTS, dtype=torch.float64),
        ]
    )
    per_value = members[:, 5] / a.clamp_min(1e-300)
    per_slope = members[:, 6:9] / b.clamp_min(1e-300)[:, None]
    wanted = torch.cat([per_value, per_slope.flatten(), torch.zeros(COEFFICIENTS, dtype=torch.float64)])
    return torch.linalg.lstsq(rows, wanted[:, None]).solution[:, 0] @ legendre


@pytest.mark.parametrize("ridge", [1e-3, 0.5])
def test_the_solution_is_that_of_all_rows(ridge):
    members, centres = problem()
    found, failed = solved(members, centres, HALF, ridge)
    assert not failed.any()
    for solution, of_tile, centre in zip(found, members, centres, strict=True):
        torch.testing.assert_close(solution, row_by_row(of_tile, centre, ridge), rtol=1e-9, atol=1e-10)


def test_rows_of_zeros_are_no_points():
    members, centres = problem()
    padded = torch.cat([members, members.new_zeros(len(members), 5, MEMBER)], dim=1)
    here, there = (solved(m, centres, HALF, 0.1)[0] for m in (members, padded))
    torch.testing.assert_close(here, there, rtol=1e-9, atol=1e-11)


def test_without_a_ridge_too_few_points_are_noticed():
    members, centres = problem(points=4)
    assert solved(members, centres, HALF, 0.0)[1].any()


def test_legendre_products_are_orthonormal():
    # Four points of Gauss are exact up to degree 7, products of two cubics have 6.
    node, weight = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(4))
    weight = weight / 2
    u, w = torch.cartesian_prod(node, node, node), torch.cartesian_prod(weight, weight, weight).prod(dim=1)
    value = monomials(u) @ _legendre_in_monomials().T
    identity = torch.eye(COEFFICIENTS, dtype=torch.float64)
    torch.testing.assert_close((value * w[:, None]).T @ value, identity, atol=1e-13, rtol=0)
