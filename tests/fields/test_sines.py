"""Sines, by NumPy and by torch, against float64, wherever the numbers lie and whoever watches them."""

import math

import numpy as np
import pytest
import torch
from torch.autograd import forward_ad

from sdf_siren.fields import sines
from sdf_siren.fields.sines import cos, in_place, sin

FUNCTIONS = [pytest.param(sin, torch.sin, id="sin"), pytest.param(cos, torch.cos, id="cos")]
UNIT = 2.0**-24
"""Half a unit in the last place of numbers between 1/2 and 1."""


@pytest.fixture(autouse=True, params=[True, False], ids=["numpy", "torch"])
def whose(request, monkeypatch):
    """Either way on every processor."""
    monkeypatch.setattr(sines, "BY_NUMPY", request.param)


def arguments(count, seed=0):
    """Numbers of all sizes that occur, and some beyond, in no order."""
    generator = torch.Generator().manual_seed(seed)
    small = torch.randn(count, generator=generator)
    return small * 10 ** (6 * torch.rand(count, generator=generator) - 1)


def same_bits(a, b):
    return torch.equal(a.contiguous().view(torch.int32), b.contiguous().view(torch.int32))


@pytest.mark.parametrize(("mine", "torchs"), FUNCTIONS)
@pytest.mark.parametrize("largest", [1.0, 30.0, 1e3, 7e4, 1e6])
def test_errors_stay_below_the_last_place_but_one(mine, torchs, largest):
    z = (torch.rand(100_000, generator=torch.Generator().manual_seed(1)) * 2 - 1) * largest
    error = (mine(z).double() - torchs(z.double())).abs()
    assert error.max() < 1.5 * UNIT
    size = torch.from_numpy(np.spacing(torchs(z.double()).abs().float().numpy())).double()
    assert (error / size).max() < 1.7


@pytest.mark.parametrize(("mine", "torchs"), FUNCTIONS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_other_precisions_are_torchs(mine, torchs, dtype):
    z = arguments(1000).clamp(-1e4, 1e4).to(dtype)
    assert torch.equal(mine(z), torchs(z))


@pytest.mark.parametrize(("mine", "torchs"), FUNCTIONS)
def test_what_is_not_finite_becomes_nan_without_a_warning(mine, torchs):
    z = torch.tensor([math.inf, 1.0, -math.inf, math.nan, 0.0, -0.0] * 7)
    torch.testing.assert_close(mine(z), torchs(z), equal_nan=True)
    assert torch.equal(mine(z).signbit()[-2:], torchs(z).signbit()[-2:])


@pytest.mark.parametrize(("mine", "_"), FUNCTIONS)
def test_a_number_has_the_same_result_wherever_it_lies(mine, _):
    """Chunks may begin and end anywhere, and vectorised loops do remainders in another way."""
    z = arguments(3000)
    whole = mine(z)
    for start in range(35):
        for length in [*range(70), 255, 256, 257, 1023]:
            part = slice(start, start + length)
            assert same_bits(mine(z[part]), whole[part])
            assert same_bits(mine(z[part].clone()), whole[part])
    for step in (2, 3, 16, 17, 96):
        assert same_bits(mine(z[::step]), whole[::step])


@pytest.mark.parametrize(("mine", "_"), FUNCTIONS)
@pytest.mark.parametrize("width", [1, 2, 7, 16, 33])
def test_layout_does_not_matter(mine, _, width):
    z = arguments(40 * width).view(40, width)
    expected = mine(z)
    by_columns = z.T.contiguous().T
    for other in (by_columns, z.repeat(1, 2)[:, width:], torch.stack([z, -z], 2)[:, :, 0]):
        assert same_bits(mine(other), expected)
    assert same_bits(mine(z.expand(3, 40, width)), expected.expand(3, 40, width))


@pytest.mark.parametrize("layout", [lambda z: z, lambda z: z.T, lambda z: z[:, 1:], lambda z: z[::2, ::3]])
def test_written_in_place_and_nowhere_else(layout):
    z = arguments(40 * 24).view(40, 24)
    expected, beside = z.clone(), torch.full_like(z, 7.0)
    layout(expected).copy_(sin(layout(z)))
    slopes, alone = beside.clone(), z.clone()
    layout(slopes).copy_(cos(layout(z)))
    in_place(layout(z), layout(beside))()
    assert same_bits(beside, slopes)
    assert same_bits(z, expected)
    in_place(layout(alone))()
    assert same_bits(alone, expected)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_written_in_place_in_other_precisions(dtype):
    z, slopes = arguments(100).clamp(-1e4, 1e4).to(dtype), torch.empty(100, dtype=dtype)
    expected = torch.sin(z), torch.cos(z)
    in_place(z, slopes)()
    assert torch.equal(z, expected[0])
    assert torch.equal(slopes, expected[1])


def test_written_in_place_whenever_it_is_asked_to():
    z, slopes = torch.zeros(50), torch.zeros(50)
    overwrite = in_place(z, slopes)
    for seed in range(3):
        now = arguments(50, seed)
        z.copy_(now)
        overwrite()
        assert same_bits(z, sin(now))
        assert same_bits(slopes, cos(now))


def test_infinity_in_place_is_no_reason_to_warn():
    z = torch.tensor([math.inf, 0.0])
    in_place(z, slopes := torch.empty(2))()
    assert z.isnan().tolist() == slopes.isnan().tolist() == [True, False]


def test_empty_and_single_numbers():
    for shape in ((0,), (0, 5), (3, 0), ()):
        z = torch.ones(shape)
        assert sin(z).shape == cos(z).shape == shape
        in_place(z)()
        assert same_bits(z, sin(torch.ones(shape)))
    assert sin(torch.tensor(1.0)).item() == pytest.approx(math.sin(1.0))


@pytest.mark.parametrize(("mine", "torchs"), FUNCTIONS)
def test_autograd_goes_through(mine, torchs):
    z = arguments(50).clamp(-30, 30).requires_grad_()
    for order in range(1, 3):
        found, expected = mine(z), torchs(z)
        for _ in range(order):
            (found,) = torch.autograd.grad(found.sum(), z, create_graph=True)
            (expected,) = torch.autograd.grad(expected.sum(), z, create_graph=True)
        assert torch.equal(found, expected)
    with torch.no_grad():
        assert same_bits(mine(z), mine(z.detach()))


def test_autograd_goes_through_in_place():
    z = arguments(50).clamp(-30, 30).requires_grad_()
    doubled = z * 2
    in_place(doubled)()
    (slope,) = torch.autograd.grad(doubled.sum(), z)
    assert torch.equal(slope, 2 * torch.cos(2 * z.detach()))


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize(("mine", "torchs"), FUNCTIONS)
def test_transformations_go_through(mine, torchs):
    z, towards = arguments(12).clamp(-30, 30).view(3, 4), torch.ones(3, 4)
    assert torch.equal(torch.func.vmap(mine)(z), torchs(z))
    assert torch.equal(
        torch.func.vmap(torch.func.grad(lambda row: mine(row).sum()))(z),
        torch.func.vmap(torch.func.grad(lambda row: torchs(row).sum()))(z),
    )
    found, expected = (torch.func.jvp(f, (z,), (towards,)) for f in (mine, torchs))
    torch.testing.assert_close(found, expected, rtol=0, atol=0)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(z, towards)
        found, expected = (forward_ad.unpack_dual(f(dual)).tangent for f in (mine, torchs))
    assert torch.equal(found, expected)


def test_tensors_without_numbers():
    z = torch.empty(3, 4, device="meta")
    in_place(z, torch.empty_like(z))()
    for found in (sin(z), cos(z)):
        assert found.is_meta
        assert found.shape == (3, 4)
