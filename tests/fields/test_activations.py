"""Each derivative against autograd of the one before it, and the combinations against the derivatives."""

import math

import pytest
import torch

from sdf_siren.fields.activations import Encoding, Relu, Sine, Tanh

ACTIVATIONS = [Sine(30.0), Sine(1.0), Tanh(), Relu(), Encoding(2)]


def arguments():
    return torch.randn(11, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_every_derivative_is_that_of_the_one_before(activation):
    z = arguments().requires_grad_()
    below, *derivatives = activation.derivatives(z)
    assert len(derivatives) == 3
    for derivative in derivatives:
        if below.requires_grad and below.grad_fn is not None:
            (expected,) = torch.autograd.grad(below.sum(), z, retain_graph=True, allow_unused=True)
        else:
            expected = None
        expected = torch.zeros_like(z) if expected is None else expected
        torch.testing.assert_close(derivative.detach(), expected, rtol=1e-12, atol=1e-12)
        below = derivative


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_the_folded_activation_is_the_same_function_of_the_scaled_argument(activation):
    z = arguments()
    folded = activation.folded.derivatives(activation.scale * z)
    for k, derivative in enumerate(activation.derivatives(z)):
        torch.testing.assert_close(derivative, activation.scale**k * folded[k], rtol=1e-14, atol=0)
    assert activation.folded.scale == 1.0


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_a_lower_order_gives_the_first_of_the_same_tensors(activation, order):
    z = arguments()
    found = activation.derivatives(z, order)
    assert len(found) == order + 1
    for mine, full in zip(found, activation.derivatives(z), strict=False):
        assert torch.equal(mine, full)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
@pytest.mark.parametrize("present", range(8))
def test_a_combination_is_the_sum_of_products(activation, present):
    z = arguments()
    generator = torch.Generator().manual_seed(1)
    column = torch.randn(11, 1, generator=generator, dtype=torch.float64)
    full = [torch.randn(11, 5, generator=generator, dtype=torch.float64) for _ in range(2)]
    factors = [f if present >> k & 1 else None for k, f in enumerate([column, *full])]
    expected = torch.zeros_like(z)
    for factor, derivative in zip(factors, activation.derivatives(z), strict=False):
        if factor is not None:
            expected += factor * derivative
    before = [None if f is None else f.clone() for f in (z, *factors)]
    torch.testing.assert_close(activation.combination(z, *factors), expected, rtol=1e-12, atol=1e-12)
    for kept, given in zip(before, (z, *factors), strict=True):
        assert kept is None or torch.equal(kept, given)  # nothing that the caller owns is written to


def test_a_sine_needs_a_positive_frequency():
    for wrong in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ValueError, match="omega_0"):
            Sine(wrong)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_in_place_gives_the_value_and_the_slope(activation):
    z = arguments()
    value, slope = activation.derivatives(z, 1)
    buffer, alone, found = (torch.full_like(z, 7.0) for _ in range(3))
    with_slope, without = activation.in_place(buffer, found), activation.in_place(alone)
    for _ in range(2):  # a buffer is filled again and again
        for place, bend in ((buffer, with_slope), (alone, without)):
            place.copy_(z)
            bend()
        torch.testing.assert_close(buffer, value, rtol=1e-15, atol=0)
        torch.testing.assert_close(found, slope, rtol=1e-14, atol=1e-15)
        assert torch.equal(alone, buffer)
