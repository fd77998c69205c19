"""Jets carry exact derivatives: checked against autograd and against identities."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren import jets
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet

UNARY = {
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "exp": torch.exp,
    "log": torch.log,
    "sqrt": torch.sqrt,
    "sinh": torch.sinh,
    "cosh": torch.cosh,
    "tanh": torch.tanh,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "erf": torch.erf,
    "reciprocal": torch.reciprocal,
}
REAL_ONLY = {"erf"}


def points(n=40, d=3, low=0.1, high=0.9):
    generator = torch.Generator().manual_seed(7)
    return low + (high - low) * torch.rand(n, d, dtype=torch.float64, generator=generator)


def by_autograd(f, x):
    """Value, gradient and Hessian of a torch function of the coordinates."""
    x = x.clone().requires_grad_()
    value = f(*x.unbind(1)) + 0 * x.sum(1)
    if value.is_complex():
        real, imag = by_autograd(lambda *a: f(*a).real, x), by_autograd(lambda *a: f(*a).imag, x)
        return tuple(torch.complex(r, i) for r, i in zip(real, imag, strict=True))
    (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    rows = []
    for k in range(x.shape[1]):
        grown = gradient[:, k] + 0 * x.sum(1)
        rows.append(torch.autograd.grad(grown.sum(), x, retain_graph=True)[0])
    return value.detach(), gradient.detach(), torch.stack(rows, 1)


def agrees(jet, f, x, rtol=1e-10, atol=1e-10):
    for found, expected in zip((jet.value, jet.gradient, jet.hessian), by_autograd(f, x), strict=True):
        torch.testing.assert_close(found, expected, rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_jet(name):
    x = points()
    a, b, c = Jet.coordinates(x)
    agrees(getattr(jets, name)(a * b + c / 3), lambda p, q, r: UNARY[name](p * q + r / 3), x)


@pytest.mark.parametrize("name", sorted(set(UNARY) - REAL_ONLY))
def test_functions_of_a_complex_jet_are_holomorphic(name):
    x = points(d=2)
    a, b = Jet.coordinates(x)
    jet = getattr(jets, name)(a * (1 + 0.5j) + b * 0.3j)
    assert jet.hessian.dtype == torch.complex128
    agrees(jet, lambda p, q: UNARY[name](p * (1 + 0.5j) + q * 0.3j), x, rtol=1e-9)
    # df/dy = (df/dx) * (dz/dy) / (dz/dx), which only a holomorphic function obeys
    torch.testing.assert_close(jet.gradient[:, 1], jet.gradient[:, 0] * (0.3j / (1 + 0.5j)))


class TestFunctionsOfTwo:
    @pytest.mark.parametrize("low", [0.1, -0.9])
    def test_hypot_and_angle(self, low):
        x = points(d=2, low=low)
        a, b = Jet.coordinates(x)
        agrees(jets.hypot(a * b, b), lambda p, q: torch.hypot(p * q, q), x, rtol=1e-8)
        agrees(jets.atan2(a * b, b + 0.05), lambda p, q: torch.atan2(p * q, q + 0.05), x, rtol=1e-8)

    def test_radius_and_angle_are_what_is_known_of_them(self):
        x = points(d=2, low=-0.9)
        a, b = Jet.coordinates(x)
        radius, angle = jets.hypot(a, b), jets.atan2(b, a)
        torch.testing.assert_close(radius.gradient.norm(dim=1), torch.ones(40, dtype=torch.float64))
        torch.testing.assert_close(radius.laplacian, 1 / x.norm(dim=1))
        assert angle.laplacian.abs().max() < 1e-9

    def test_powers(self):
        x = points()
        a, b, c = Jet.coordinates(x)
        agrees(a ** (b + c), lambda p, q, r: p ** (q + r), x)
        agrees(2.5 ** (a * b), lambda p, q, r: 2.5 ** (p * q), x)
        agrees((a - 2) ** 3, lambda p, q, r: (p - 2) ** 3, x)
        agrees(a**-1.5, lambda p, q, r: p**-1.5, x)
        agrees(a ** (1 + 2j), lambda p, q, r: torch.exp(torch.log(p) * (1 + 2j)), x)

    @pytest.mark.parametrize("exponent", [0, 1, 2, 3, 2.0])
    def test_integer_powers_at_zero_have_no_nan(self, exponent):
        (a,) = Jet.coordinates(torch.zeros(1, 1, dtype=torch.float64))
        jet = a**exponent
        assert jet.value == (1 if exponent == 0 else 0)
        assert jet.gradient == (1 if exponent == 1 else 0)
        assert jet.hessian == (2 if exponent == 2 else 0)

    def test_choice(self):
        x = points(low=-0.9)
        a, b, c = Jet.coordinates(x)
        agrees(jets.minimum(a * c, b), lambda p, q, r: torch.minimum(p * r, q), x)
        agrees(jets.maximum(a * c, b), lambda p, q, r: torch.maximum(p * r, q), x)
        agrees(jets.absolute(a * b), lambda p, q, r: (p * q).abs(), x)
        agrees(
            jets.where(x[:, 0] < 0, a * b, jets.sin(c)),
            lambda p, q, r: torch.where(p < 0, p * q, torch.sin(r)),
            x,
        )

    def test_what_is_not_chosen_does_not_spoil_the_rest(self):
        (a,) = Jet.coordinates(torch.tensor([[0.0], [4.0]], dtype=torch.float64))
        jet = jets.where(a.value > 0, jets.sqrt(a), a)
        assert jet.hessian.flatten().tolist() == [0.0, -1 / 32]

    def test_steps(self):
        (a,) = Jet.coordinates(torch.tensor([[-2.0], [0.0], [3.0]], dtype=torch.float64))
        assert jets.sign(a).value.tolist() == [-1, 0, 1]
        assert jets.heaviside(a).value.tolist() == [0, 0.5, 1]
        assert jets.heaviside(a).gradient.abs().max() == 0


class TestComplex:
    def test_parts_and_modulus(self):
        x = points(d=2)
        a, b = Jet.coordinates(x)
        z = jets.exp((a + b * 2) * 1j) * a
        agrees(z.real, lambda p, q: p * torch.cos(p + 2 * q), x)
        agrees(z.imag, lambda p, q: p * torch.sin(p + 2 * q), x)
        agrees(z.conj() * z, lambda p, q: p * p + 0j, x)
        agrees(jets.absolute(z), lambda p, q: p, x)
        assert torch.equal(a.real.value, a.value)
        assert a.imag.hessian.abs().max() == 0

    def test_a_plane_wave_solves_helmholtz(self):
        a, b, _ = Jet.coordinates(points())
        wave = jets.exp((3 * a + 4 * b) * 1j)
        assert (wave.laplacian + 25 * wave.value).abs().max() < 1e-12

    def test_a_complex_number_makes_every_part_complex(self):
        (a,) = Jet.coordinates(points(d=1))
        for jet in (a + 1j, a * 1j, 1j - a, a / 1j, Jet.constant(1j, points(d=1))):
            assert {jet.value.dtype, jet.gradient.dtype, jet.hessian.dtype} == {torch.complex128}


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_laplacian_of_the_squared_radius_is_twice_the_dimension(d):
    squares = [a * a for a in Jet.coordinates(points(d=d))]
    total = sum(squares[1:], squares[0])
    torch.testing.assert_close(total.laplacian, torch.full((40,), 2.0 * d, dtype=torch.float64))


def test_a_constant_has_no_derivatives_and_no_points_are_fine():
    jet = Jet.constant(3, torch.zeros(0, 2, dtype=torch.float64))
    assert jet.value.shape == (0,)
    assert jet.hessian.shape == (0, 2, 2)
    assert (5 - Jet.constant(3, points())).value.unique().item() == 2
    assert Jet.constant(math.pi, points()).gradient.abs().max() == 0


@pytest.mark.parametrize(
    "x", [torch.zeros(3), torch.zeros(3, 1, 1), torch.zeros(3, 2, dtype=torch.complex64)]
)
def test_points_of_another_shape_are_refused(x):
    with pytest.raises(UsageError, match=r"real points of shape \(n, d\)"):
        Jet.coordinates(x)
    with pytest.raises(UsageError, match=r"real points of shape \(n, d\)"):
        Jet.constant(1.0, x)


# Random expressions, as pairs of functions: of jets and of torch tensors.
LEAVES = st.one_of(
    st.integers(0, 2).map(lambda k: (lambda *a: a[k], lambda *a: a[k])),
    st.floats(-2, 2).map(lambda c: (lambda *a: c + 0 * a[0], lambda *a: c + 0 * a[0])),
)
SMOOTH = {name: UNARY[name] for name in ("sin", "cos", "tanh", "atan", "erf")}


def grown(children):
    one = st.tuples(children, st.sampled_from(sorted(SMOOTH))).map(
        lambda p: (lambda *a: getattr(jets, p[1])(p[0][0](*a)), lambda *a: SMOOTH[p[1]](p[0][1](*a)))
    )
    two = st.tuples(children, children)
    rules = [
        lambda f, g: f + g,
        lambda f, g: f - g,
        lambda f, g: f * g,
        lambda f, g: f / (g * g + 1),
        lambda f, g: (f * f + 0.5) ** (g * 0.25),
        lambda f, g: 1 - 2 / (3 + f**2) + g / 3,
    ]
    both = st.tuples(two, st.sampled_from(rules)).map(
        lambda p: (
            lambda *a: p[1](p[0][0][0](*a), p[0][1][0](*a)),
            lambda *a: p[1](p[0][0][1](*a), p[0][1][1](*a)),
        )
    )
    return one | both


@settings(max_examples=80, deadline=None)
@given(st.recursive(LEAVES, grown, max_leaves=8))
def test_any_composition_agrees_with_autograd(pair):
    of_jets, of_tensors = pair
    x = points(n=5)
    jet = of_jets(*Jet.coordinates(x))
    scale = max(1.0, jet.value.abs().max().item(), jet.gradient.abs().max(), jet.hessian.abs().max())
    agrees(jet, of_tensors, x, rtol=1e-7, atol=1e-9 * scale)
    assert (
        torch.equal(jet.hessian, jet.hessian.mT) or (jet.hessian - jet.hessian.mT).abs().max() < 1e-12 * scale
    )
