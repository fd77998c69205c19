"""Formulas: their values and derivatives agree with torch, and their text reads back as themselves."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren.errors import UsageError
from sdf_siren.expressions import Expression, parse
from sdf_siren.expressions.nodes import (
    Call,
    Comparison,
    Constant,
    Coordinate,
    Joined,
    Literal,
    Negation,
    Not,
    Power,
    Product,
    Sum,
    Where,
)

X = 0.1 + 0.8 * torch.rand(30, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
FORMULAS = {
    "2": lambda x, y: 2 + 0 * x,
    "x": lambda x, y: x,
    "-x^2": lambda x, y: -(x**2),
    "2^-x": lambda x, y: 2**-x,
    "2**3**2*x": lambda x, y: 512 * x,
    "x - y - 1": lambda x, y: x - y - 1,
    "x/y/2": lambda x, y: x / y / 2,
    "x / (y*2)": lambda x, y: x / (y * 2),
    "-x*-y": lambda x, y: x * y,
    "+x - -y": lambda x, y: x + y,
    ".5e1*x + 1.e-1": lambda x, y: 5 * x + 0.1,
    "sin(pi*x)*cos(2*pi*y)": lambda x, y: torch.sin(math.pi * x) * torch.cos(2 * math.pi * y),
    "tan(x)+asin(x)+acos(y)+atan(y)": lambda x, y: x.tan() + x.asin() + y.acos() + y.atan(),
    "sinh(x)+cosh(y)*tanh(x*y)": lambda x, y: x.sinh() + y.cosh() * (x * y).tanh(),
    "exp(-x) + log(y) + sqrt(x*y)": lambda x, y: torch.exp(-x) + y.log() + (x * y).sqrt(),
    "e**x": lambda x, y: math.e**x,
    "x**y": lambda x, y: x**y,
    "erf(x)*abs(x - y)*sign(x - y)": lambda x, y: x.erf() * (x - y),
    "atan2(y, x) + hypot(x, y)": lambda x, y: torch.atan2(y, x) + torch.hypot(x, y),
    "min(x, y, 1/2) - max(x, y)": lambda x, y: (
        torch.minimum(torch.minimum(x, y), 0 * x + 0.5) - torch.maximum(x, y)
    ),
    "where(x < y, x*y, 3)": lambda x, y: torch.where(x < y, x * y, 3 + 0 * x),
    "where((x<0.5 and y>=0.4) or not x!=y, x, y^2)": lambda x, y: torch.where(
        ((x < 0.5) & (y >= 0.4)) | (x == y), x, y**2
    ),
    "where(((x + 1)*2 <= 3), x, y)": lambda x, y: torch.where((x + 1) * 2 <= 3, x, y),
    "where(((x < 0.5)) and (where(x < y, 1, 2)) > 1, x, y)": lambda x, y: torch.where(
        (x < 0.5) & (x >= y), x, y
    ),
    "heaviside(x - 1/2)*y": lambda x, y: torch.where(x > 0.5, y, 0 * y),
    "real(x) + imag(y) + conj(x)": lambda x, y: 2 * x,
}


def derivatives(f, x):
    x = x.clone().requires_grad_()
    value = f(*x.unbind(1))
    (gradient,) = torch.autograd.grad(value.sum(), x, create_graph=True)
    rows = [torch.autograd.grad((g + 0 * x.sum(1)).sum(), x, retain_graph=True)[0] for g in gradient.T]
    return value.detach(), gradient.detach(), torch.stack(rows, 1)


@pytest.mark.parametrize("text", FORMULAS)
class TestFormula:
    def test_value_and_derivatives_agree_with_autograd(self, text):
        jet = parse(text, ["x", "y"])(X)
        value, gradient, hessian = derivatives(FORMULAS[text], X)
        torch.testing.assert_close(jet.value, value, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(jet.gradient, gradient, rtol=1e-10, atol=1e-10)
        torch.testing.assert_close(jet.hessian, hessian, rtol=1e-9, atol=1e-9)

    def test_its_text_reads_back(self, text):
        expression = parse(text, ["x", "y"])
        assert parse(str(expression), ["x", "y"]) == expression


class TestComplex:
    def test_a_wave(self):
        jet = parse("exp(i*(3*x + 4*y))", ["x", "y"], complex=True)(X)
        torch.testing.assert_close(jet.value, torch.exp(1j * (X @ torch.tensor([3.0, 4.0]).double())))
        assert (jet.laplacian + 25 * jet.value).abs().max() < 1e-12

    def test_a_real_formula_answers_in_complex_numbers(self):
        jet = parse("x", ["x", "y"], complex=True)(X)
        assert {jet.value.dtype, jet.gradient.dtype, jet.hessian.dtype} == {torch.complex128}

    def test_modulus_and_parts_are_real_and_may_be_compared(self):
        text = "where(abs(x + i*y) < real(1 + i), hypot(x, imag(i*y)), 1)"
        jet = parse(text, ["x", "y"], complex=True)(X)
        torch.testing.assert_close(jet.value.real, X.norm(dim=1).clamp_max(1))


class TestEvaluation:
    def test_names_used_in_the_order_of_the_columns(self):
        assert parse("t*x + where(z < 1, 2, 3)", ["x", "y", "z", "t"]).names_used == ("x", "z", "t")
        assert parse("pi", ["x"]).names_used == ()

    def test_points_with_other_columns_are_refused(self):
        with pytest.raises(UsageError, match=r"needs points with 1 coordinates \(x\), found \(30, 2\)"):
            parse("x", ["x"])(X)

    def test_no_points(self):
        assert parse("x*y + sin(2)", ["x", "y"])(X[:0]).hessian.shape == (0, 2, 2)

    def test_a_long_sum_is_not_deep(self):
        text = "+".join(["x*y"] * 900)
        torch.testing.assert_close(parse(text, ["x", "y"])(X).value, 900 * X.prod(1))


# Random trees. Constants are kept out of where a tree of them could be refused (0 division, overflow).
LEAVES = st.one_of(
    st.sampled_from(["x", "y"]).map(Coordinate),
    st.sampled_from(["pi", "e"]).map(Constant),
    st.floats(1e-3, 1e3).map(Literal),
    st.integers(1, 10**6).map(float).map(Literal),
)


def chains(kind, signs, children):
    return st.lists(st.tuples(children, st.sampled_from(signs)), min_size=2, max_size=4).map(
        lambda pairs: kind(tuple(node for node, _ in pairs), "".join(sign for _, sign in pairs[1:]))
    )


@st.composite
def conditions(draw, children, depth=2):
    kind = draw(st.sampled_from(["comparison", "and", "or", "not"] if depth else ["comparison"]))
    if kind == "comparison":
        sign = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
        return Comparison(sign, draw(children), draw(children))
    if kind == "not":
        return Not(draw(conditions(children, depth - 1)))
    return Joined(kind, tuple(draw(conditions(children, depth - 1)) for _ in range(2)))


@st.composite
def trees(draw, depth=3):
    """A random tree; composed by hand because Hypothesis writes out nested strategies at great length."""
    below = trees(depth - 1) if depth and draw(st.booleans()) else LEAVES
    if not depth:
        return draw(LEAVES)
    return draw(draw(st.sampled_from(grown(below))))


def grown(children):
    anchored = children.map(lambda node: Sum((Product((Coordinate("x"), Literal(2.0)), "*"), node), "+"))
    return [
        st.builds(Negation, children),
        chains(Sum, "+-", children),
        chains(Product, "*/", anchored | children.filter(lambda node: node.names)),
        st.builds(Power, anchored, children.filter(lambda node: node.names) | st.just(Literal(3.0))),
        st.builds(Call, st.sampled_from(["sin", "abs"]), st.tuples(anchored)),
        st.builds(Call, st.sampled_from(["atan2", "min"]), st.tuples(anchored, children)),
        st.builds(Where, conditions(anchored), children, children),
    ]


@settings(max_examples=150, deadline=None)
@given(trees())
def test_what_is_written_reads_back_as_the_same(root):
    expression = Expression(root, ("x", "y"))
    again = parse(str(expression), ["x", "y"])
    assert again == expression
    assert str(again) == str(expression)
