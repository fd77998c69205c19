"""Least squares on tiles: exact for cubics, convergent for smooth functions, deaf to noise where told."""

import pytest
import torch

from sdf_siren.fields.tiles import REACH
from sdf_siren.fitting.local import MOST_WEIGHT, Scatter, Trust, fit_tiles
from sdf_siren.fitting.membership import FEWEST_POINTS, MOST_POINTS

EXACT = Trust(gradient_weight=0.1, ridge=1e-9)


def sphere(count, radius=0.6, seed=0):
    """Points uniform on a sphere and their unit normals."""
    generator = torch.Generator().manual_seed(seed)
    direction = torch.randn(count, 3, dtype=torch.float64, generator=generator)
    direction /= direction.norm(dim=1, keepdim=True)
    return (radius * direction).float(), direction.float()


def wave(x, frequency=4.0):
    """A smooth function and its gradient, small enough not to be doubted."""
    phase = frequency * x @ torch.tensor([1.0, 0.5, -0.7])
    slope = frequency * torch.cos(phase)[:, None] * torch.tensor([1.0, 0.5, -0.7])
    return 0.03 * torch.sin(phase), 0.03 * slope


def cubic(x):
    a, b, c = x.unbind(1)
    value = a**3 - 2 * a * b * c + b**2 - 0.3 * c + 0.1
    slope = torch.stack([3 * a**2 - 2 * b * c, -2 * a * c + 2 * b, -2 * a * b - 0.3], dim=1)
    return 0.1 * value, 0.1 * slope  # gradients of half a unit and more would be doubted


def test_a_cubic_is_taken_up_exactly():
    x, _ = sphere(20_000)
    value, slope = cubic(x)
    tiles = fit_tiles(x, value, slope, 0.15, EXACT)
    found = tiles.value_and_gradient(x)
    torch.testing.assert_close(found[0][:, 0], value, atol=1e-5, rtol=0)
    torch.testing.assert_close(found[1], slope, atol=1e-3, rtol=0)


def test_values_converge_with_the_fourth_power_of_the_side():
    x, _ = sphere(100_000)
    y, _ = sphere(2000, seed=1)
    errors = []
    for side in (0.4, 0.2):
        value, slope = wave(x)
        tiles = fit_tiles(x, value, slope, side, EXACT)
        errors.append(float((tiles.value(y)[:, 0] - wave(y)[0]).abs().mean()))
    assert 9 < errors[0] / errors[1] < 30


def test_the_ridge_shrinks_what_is_taken_up():
    x, n = sphere(5000)
    left = []
    for ridge in (1e-6, 1.0, 100.0):
        tiles = fit_tiles(x, torch.full((len(x),), 0.01), 0 * n, 0.2, Trust(0.1, ridge))
        left.append(float((tiles.value(x) - 0.01).abs().mean()) / 0.01)
    assert left[0] < 1e-3
    assert left[0] < left[1] < left[2]
    assert left[2] > 0.9


def test_noise_is_averaged_and_more_in_larger_tiles():
    x, n = sphere(20_000)
    noise = 0.01 * torch.randn(len(x), generator=torch.Generator().manual_seed(3))
    trust = Trust(gradient_weight=0.4, ridge=0.5)
    left = [float(fit_tiles(x, noise, 0 * n, side, trust).value(x).abs().mean()) for side in (0.1, 0.2)]
    assert left[0] < 0.5 * float(noise.abs().mean())
    assert left[1] < 0.7 * left[0]


def test_values_and_normals_of_a_noisy_scan_count_by_their_errors():
    x, n = sphere(5000)
    value, slope = wave(x)
    half = REACH * 0.15
    told = fit_tiles(x, value, slope, 0.15, Trust(0.02 / half, 1.5))
    found = fit_tiles(x, value, slope, 0.15, Trust(1.0, 1.5), scatter=Scatter(distance=0.004, turn=0.2))
    torch.testing.assert_close(found.value(x), told.value(x), atol=1e-6, rtol=0)
    most = fit_tiles(x, value, slope, 0.15, Trust(MOST_WEIGHT, 1.5))
    found = fit_tiles(x, value, slope, 0.15, Trust(1.0, 1.5), scatter=Scatter(distance=0.4, turn=0.2))
    torch.testing.assert_close(found.value(x), most.value(x), atol=1e-6, rtol=0)
    # The less they err, the more normals are believed against values that know nothing of their slope.
    told = []
    for turn in (0.05, 0.5, 5.0):
        tiles = fit_tiles(x, 0 * value, 0.1 * n, 0.15, Trust(1.0, 0.01), scatter=Scatter(0.004, turn))
        told.append(float((tiles.value_and_gradient(x)[1] * n).sum(dim=1).mean()) / 0.1)
    assert told == sorted(told, reverse=True)
    assert told[0] > 0.9
    assert told[2] < 0.4


def test_only_the_tiles_that_bear_on_given_points_are_solved_and_alike():
    x, _ = sphere(5000)
    value, slope = wave(x)
    whole = fit_tiles(x, value, slope, 0.15, EXACT)
    y = x[:5]
    some = fit_tiles(x, value, slope, 0.15, EXACT, seen_from=y)
    assert 5 <= len(some) <= 40
    torch.testing.assert_close(some.value(y), whole.value(y), atol=1e-6, rtol=0)


def test_a_tile_of_few_points_is_left_out_and_one_of_many_is_thinned():
    few = torch.full((FEWEST_POINTS - 1, 3), 0.05)
    assert len(fit_tiles(few, few[:, 0], few, 0.1, EXACT)) == 0
    generator = torch.Generator().manual_seed(0)
    many = 0.02 + 0.06 * torch.rand(3 * MOST_POINTS, 3, generator=generator)
    value, slope = cubic(many)
    tiles = fit_tiles(many, value, slope, 0.1, EXACT)
    torch.testing.assert_close(tiles.value(many)[:, 0], value, atol=1e-4, rtol=0)


def test_points_outside_the_cube_do_no_harm():
    x, n = sphere(3000, radius=1.3)
    tiles = fit_tiles(x, 0.01 * torch.ones(len(x)), 0 * n, 0.2, EXACT)
    inside = (x.abs() < 0.9).all(dim=1)
    assert inside.any()
    torch.testing.assert_close(
        tiles.value(x[inside])[:, 0], 0.01 * torch.ones(int(inside.sum())), atol=3e-3, rtol=0
    )


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_to_the_last_bit_whatever_the_threads(threads):
    x, _ = sphere(8000)
    value, slope = wave(x)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        tiles = fit_tiles(x, value, slope, 0.1, EXACT)
        torch.set_num_threads(2)
        again = fit_tiles(x, value, slope, 0.1, EXACT)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(tiles.places, again.places)
    assert torch.equal(tiles.coefficients, again.coefficients)


def test_one_wrong_normal_presses_no_pit():
    x, n = sphere(5000)
    missing_gradient = torch.zeros_like(n)
    missing_gradient[0] = -1.7 * n[0]
    tiles = fit_tiles(x, torch.zeros(len(x)), missing_gradient, 0.1, Trust(0.1, 1e-2))
    assert float(tiles.value(x).abs().max()) < 1e-4


def test_places_beside_say_what_the_points_do_not():
    # Two walls without normals, between which a cubic may do as it likes.
    generator, trust = torch.Generator().manual_seed(0), Trust(0.0, 1e-6)
    x = torch.rand(4000, 3, generator=generator) - 0.5
    x[:, 2] = torch.where(x[:, 2] > 0, 0.04, -0.04)
    zero, middle = torch.zeros(len(x)), x * torch.tensor([1.0, 1.0, 0.0])
    beside = middle, torch.full((len(x),), 0.02)
    alone = fit_tiles(x, zero, torch.zeros(len(x), 3), 0.2, trust)
    told = fit_tiles(x, zero, torch.zeros(len(x), 3), 0.2, trust, beside=beside)
    assert alone.value(middle).abs().max() < 1e-4
    assert (told.value(middle)[:, 0] - 0.02).abs().mean() < 1e-3
    assert told.value(x).abs().mean() < 1e-3


def test_no_tile_is_made_for_places_beside():
    x, n = sphere(2000)
    there = (0.5 * n, torch.full((2000,), 0.01))
    alone, told = (
        fit_tiles(x, torch.zeros(2000), 0 * n, 0.1, EXACT, beside=beside) for beside in (None, there)
    )
    assert sorted(alone.places.tolist()) == sorted(told.places.tolist())


def test_seen_from_nowhere_there_are_no_tiles():
    x, n = sphere(2000)
    assert len(fit_tiles(x, torch.zeros(2000), 0 * n, 0.1, EXACT, seen_from=x[:0])) == 0
