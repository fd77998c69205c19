"""Cubic tiles: exact for cubics, derivatives that are those of the value, zero away from the tiles."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.fields import CubicTiles
from sdf_siren.fields.tiles import COEFFICIENTS, EXPONENTS, OVERLAP, REACH, differentiated, monomials

SIDE = 0.3
ALONG = math.ceil(2 / SIDE)


def everywhere():
    return torch.cartesian_prod(*[torch.arange(ALONG)] * 3)


def points(count=300, seed=0, bound=1.0):
    generator = torch.Generator().manual_seed(seed)
    return (torch.rand(count, 3, dtype=torch.float64, generator=generator) * 2 - 1) * bound


def random_tiles(share=0.6, seed=1):
    generator = torch.Generator().manual_seed(seed)
    places = everywhere()
    places = places[torch.rand(len(places), generator=generator) < share]
    coefficients = torch.randn(len(places), COEFFICIENTS, dtype=torch.float64, generator=generator)
    return CubicTiles(SIDE, places, coefficients)


def restating(cubic, places):
    """Tiles that all say the same cubic (20,) of cube coordinates, each in its own coordinates."""
    half = SIDE * REACH
    u = points(60, seed=5)
    coefficients = []
    for place in places:
        centre = (place.double() + 0.5) * SIDE - 1
        wanted = monomials(centre + u * half) @ cubic
        coefficients.append(torch.linalg.lstsq(monomials(u), wanted[:, None]).solution[:, 0])
    return CubicTiles(SIDE, places, torch.stack(coefficients))


def test_monomials_are_products_of_powers():
    u = points()
    for column, (i, j, k) in enumerate(EXPONENTS):
        torch.testing.assert_close(monomials(u)[:, column], u[:, 0] ** i * u[:, 1] ** j * u[:, 2] ** k)


def test_derivatives_of_polynomials():
    u = points().requires_grad_()
    coefficients = torch.randn(1, COEFFICIENTS, dtype=torch.float64)
    (expected,) = torch.autograd.grad((monomials(u) @ coefficients[0]).sum(), u)
    found = monomials(u.detach())[:, :10] @ differentiated(coefficients)[0].T
    torch.testing.assert_close(found, expected)


def test_the_blend_sums_to_one_so_that_a_cubic_comes_back():
    cubic = torch.randn(COEFFICIENTS, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    tiles = restating(cubic, everywhere())
    x = points(bound=0.9)
    value, gradient = tiles.value_and_gradient(x)
    torch.testing.assert_close(value[:, 0], monomials(x) @ cubic)
    slopes = differentiated(cubic[None])[0]
    torch.testing.assert_close(gradient, monomials(x)[:, :10] @ slopes.T)


def test_derivatives_are_those_of_the_value():
    tiles, x, step = random_tiles(), points(bound=1.2), 1e-5
    value, gradient = tiles.value_and_gradient(x)
    torch.testing.assert_close(tiles.value(x), value)
    shifts = torch.eye(3, dtype=torch.float64) * step
    numeric = torch.cat([(tiles.value(x + s) - tiles.value(x - s)) / (2 * step) for s in shifts], dim=1)
    torch.testing.assert_close(gradient, numeric, atol=1e-5, rtol=0)
    again, jacobian, laplacian = tiles.laplacian(x)
    torch.testing.assert_close(again, value)
    torch.testing.assert_close(jacobian[:, 0], gradient)
    slopes = [tiles.value_and_gradient(x + s)[1] - tiles.value_and_gradient(x - s)[1] for s in shifts]
    second = sum(slope[:, i] / (2 * step) for i, slope in enumerate(slopes))
    torch.testing.assert_close(laplacian[:, 0], second, atol=2e-2, rtol=0)


def test_second_derivatives_are_continuous_where_the_blend_begins_and_ends():
    tiles = CubicTiles(SIDE, torch.tensor([[3, 3, 3]]), torch.ones(1, COEFFICIENTS, dtype=torch.float64))
    centre = (3 + 0.5) * SIDE - 1
    for distance in (0.5 - OVERLAP, REACH):
        x = torch.full((2, 3), centre, dtype=torch.float64)
        x[:, 0] += torch.tensor([distance - 1e-9, distance + 1e-9]) * SIDE
        _, _, laplacian = tiles.laplacian(x)
        assert abs(laplacian[0] - laplacian[1]) < 1e-3


@given(
    st.tuples(*[st.integers(0, ALONG - 1)] * 3),
    st.tuples(*[st.floats(-3, 3, allow_nan=False)] * 3),
)
def test_one_tile_bears_on_its_box_only(place, x):
    tiles = CubicTiles(SIDE, torch.tensor([place]), torch.eye(1, COEFFICIENTS, dtype=torch.float64))
    centre = (torch.tensor(place, dtype=torch.float64) + 0.5) * SIDE - 1
    away = (torch.tensor(x, dtype=torch.float64) - centre).abs().max() / SIDE
    value = float(tiles.value(torch.tensor([x], dtype=torch.float64)))
    if away >= REACH + 1e-9:
        assert value == 0
    elif away <= 0.5 - OVERLAP - 1e-9:
        assert value == pytest.approx(1)
    else:
        assert -1e-12 <= value <= 1 + 1e-12


def test_tiles_do_not_bear_on_places_far_outside_of_the_cube():
    tiles = random_tiles(share=1.0)
    reach = 1 + 2 * SIDE
    for far in (1.01 * reach, 3.0, 40.0):
        x = points(200, seed=8, bound=0.9)
        x[torch.arange(200), torch.arange(200) % 3] = far * (2 * (torch.arange(200) % 2) - 1).double()
        value, gradient = tiles.value_and_gradient(x)
        assert not value.any()
        assert not gradient.any()


def test_without_tiles_there_is_nothing():
    tiles = CubicTiles(SIDE, torch.empty(0, 3, dtype=torch.int64), torch.empty(0, COEFFICIENTS))
    value, gradient = tiles.value_and_gradient(torch.zeros(5, 3))
    assert not value.any()
    assert not gradient.any()


def test_the_same_to_the_last_bit_whatever_the_threads():
    tiles = random_tiles().to(dtype=torch.float32)
    x = points(50_000).float()
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one = tiles.value_and_gradient(x)
        torch.set_num_threads(3)
        three = tiles.value_and_gradient(x)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(one[0], three[0])
    assert torch.equal(one[1], three[1])


@pytest.mark.parametrize(
    ("side", "places", "coefficients"),
    [
        (0.0, torch.zeros(1, 3, dtype=torch.int64), torch.zeros(1, COEFFICIENTS)),
        (float("nan"), torch.zeros(1, 3, dtype=torch.int64), torch.zeros(1, COEFFICIENTS)),
        (SIDE, torch.zeros(1, 3), torch.zeros(1, COEFFICIENTS)),
        (SIDE, torch.zeros(2, 3, dtype=torch.int64), torch.zeros(1, COEFFICIENTS)),
        (SIDE, torch.zeros(1, 3, dtype=torch.int64), torch.zeros(1, 19)),
        (SIDE, torch.full((1, 3), ALONG), torch.zeros(1, COEFFICIENTS)),
        (SIDE, torch.full((1, 3), -1), torch.zeros(1, COEFFICIENTS)),
    ],
)
def test_sizes_that_do_not_fit_are_refused(side, places, coefficients):
    with pytest.raises(ValueError, match=r"found|from 0 to"):
        CubicTiles(side, places, coefficients)
