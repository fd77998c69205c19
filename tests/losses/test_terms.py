"""Loss terms: their adjoints are those of their values, and exact distances satisfy them."""

import math

import pytest
import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import Box, Plane, Sphere, Torus
from sdf_siren.losses import (
    Direction,
    Eikonal,
    Normal,
    NormalCosine,
    OffSurfaceExponential,
    OffSurfaceHinge,
    Surface,
)

TERMS = [
    Surface(),
    Surface(0.01),
    Normal(),
    Normal(0.3),
    NormalCosine(),
    Eikonal(),
    Eikonal(smoothing=0.1),
    Direction(),
    OffSurfaceHinge(),
    OffSurfaceExponential(),
]
SHAPES = [Sphere(0.5), Torus(0.5, 0.2), Plane(), Box()]


def group_about(shape, count=200, seed=0):
    """Points off the surface with exact bounds, and their feet on the surface with exact normals."""
    x = torch.rand(count, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    value, gradient = shape.value_and_gradient(x)
    bounds = {"lower": 0.6 * value.abs(), "upper": 1.05 * value.abs()}
    off = PointGroup(x, side=value.sign(), **bounds, directions=gradient)
    return PointGroup(x - value * gradient, normals=gradient), off


@pytest.mark.parametrize("term", TERMS, ids=repr)
def test_adjoints_are_the_derivatives_of_the_loss(term):
    generator = torch.Generator().manual_seed(4)

    def normal(columns):
        return torch.randn(50, columns, dtype=torch.float64, generator=generator)

    f, g = (0.02 * normal(1)).requires_grad_(), normal(3).requires_grad_()
    unit = torch.nn.functional.normalize(normal(3), dim=1)
    known = (torch.arange(50) % 3 > 0)[:, None]
    lower, upper = 0.01 * normal(1).abs(), 0.02 * normal(1).abs()
    group = PointGroup(normal(3), unit, normal(1).sign(), lower, upper, directions=unit * known)
    value = term(f, g, group)
    assert value.loss.shape == (50, 1)
    by_f, by_g = torch.autograd.grad(value.loss.sum(), (f, g), allow_unused=True, materialize_grads=True)
    zero_f, zero_g = torch.zeros_like(f), torch.zeros_like(g)
    torch.testing.assert_close(
        zero_f if value.by_value is None else value.by_value, by_f, rtol=1e-8, atol=1e-9
    )
    torch.testing.assert_close(
        zero_g if value.by_gradient is None else value.by_gradient, by_g, rtol=1e-8, atol=1e-9
    )
    assert (value.by_gradient is not None) == term.needs_gradient


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("term", [t for t in TERMS if t.name in ("surface", "normal", "eikonal")], ids=repr)
def test_surface_terms_vanish_on_exact_distances(term, shape):
    surface, _ = group_about(shape)
    # At the feet of points the gradient is theirs, also on the edges of a box.
    f, g = shape.value(surface.x), surface.normals
    loss = term(f, g, surface).loss
    # |f| and |grad f - n| keep rounding as it is; 1e-15 would be luck.
    assert loss.abs().max() < 1e-12


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_terms_off_the_surface_vanish_on_exact_distances(shape):
    _, off = group_about(shape)
    f, g = shape.value_and_gradient(off.x)
    assert Eikonal()(f, g, off).loss.max() < 1e-12
    assert Direction()(f, g, off).loss.max() < 1e-12
    assert OffSurfaceHinge()(f, None, off).loss.max() == 0


def test_off_surface_terms_take_their_closed_form_values():
    x = torch.tensor([[0.0, 0.0, 0.1], [0.0, 0.0, -0.2]], dtype=torch.float64)
    f = Plane().value(x)
    exponential = OffSurfaceExponential(100.0)(f, None, PointGroup(x)).loss
    torch.testing.assert_close(
        exponential[:, 0], torch.tensor([math.exp(-10), math.exp(-20)], dtype=torch.float64)
    )
    column = torch.ones(2, 1, dtype=torch.float64)
    # Too near by 0.05 for the first; inside where outside was claimed for the second.
    group = PointGroup(x, side=column, lower=0.15 * column, upper=0.3 * column)
    hinge = OffSurfaceHinge()(f, None, group).loss
    torch.testing.assert_close(hinge[:, 0], torch.tensor([0.05, 0.35], dtype=torch.float64))
    # Too far by 0.04.
    group = PointGroup(x[:1], side=column[:1], lower=0 * column[:1], upper=0.06 * column[:1])
    assert OffSurfaceHinge()(f[:1], None, group).loss.item() == pytest.approx(0.04)


def test_directions_count_where_they_are_known():
    g = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.6, 0.8], [5.0, 5.0, 5.0]], dtype=torch.float64)
    told = torch.tensor([[0.0, 0.0, -1.0], [0.0, 0.6, 0.8], [0.0, 0.0, 0.0]], dtype=torch.float64)
    value = Direction()(g[:, :1], g, PointGroup(g, directions=told))
    assert value.loss[:, 0].tolist() == [2.0, 0.0, 0.0]
    torch.testing.assert_close(value.by_gradient, torch.tensor([[0.0, 0, 1], [0, 0, 0], [0, 0, 0]]).double())


def test_smoothed_surface_is_quadratic_below_and_linear_above():
    f = torch.tensor([[1e-4], [10.0]], dtype=torch.float64)
    loss = Surface(0.1)(f, None, PointGroup(torch.zeros(2, 3))).loss
    assert loss[0].item() == pytest.approx(1e-8 / 0.2, rel=1e-5)
    assert loss[1].item() == pytest.approx(10 - 0.1, rel=1e-3)


@pytest.mark.parametrize("smoothing", [0.0, 1e-30, 1e-12, 0.01])
def test_at_its_least_no_term_has_a_slope(smoothing):
    """Where the value is zero and the gradient the normal: the size of nothing has none, not nan."""
    normals = torch.eye(3)
    f, group = torch.zeros(3, 1), PointGroup(torch.zeros(3, 3), normals)
    for term in (Surface(smoothing), Normal(smoothing), Eikonal(smoothing=smoothing)):
        value = term(f, normals, group)
        for found in value:
            assert found is None or torch.equal(found, torch.zeros_like(found)), term
