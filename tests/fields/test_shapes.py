"""Exact shapes are distance functions: unit gradients that autograd confirms."""

import pytest
import torch

from sdf_siren.fields import Box, Plane, Sphere, Torus

SHAPES = [Sphere(0.4), Torus(0.5, 0.2), Plane((0.6, 0.0, 0.8), 0.1), Box()]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_gradient_is_that_of_the_value_and_of_unit_length(shape):
    x = (
        torch.rand(500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    ).requires_grad_()
    value, gradient = shape.value_and_gradient(x)
    (expected,) = torch.autograd.grad(value.sum(), x)
    torch.testing.assert_close(gradient.detach(), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient.norm(dim=1).detach(), torch.ones(500, dtype=torch.float64))
    torch.testing.assert_close(shape.value(x), value)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: type(s).__name__)
def test_walking_the_distance_along_the_gradient_meets_the_surface(shape):
    x = torch.rand(500, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    value, gradient = shape.value_and_gradient(x)
    foot = x - value * gradient
    assert shape.value(foot).abs().max() < 1e-12


def test_negative_inside():
    centre = torch.zeros(1, 3, dtype=torch.float64)
    assert Box().value(centre) == -0.3
    assert Torus().value(torch.tensor([[0.5, 0.0, 0.0]], dtype=torch.float64) + 1e-9) < 0


def test_where_no_gradient_exists_it_is_zero():
    origin = torch.zeros(1, 3, dtype=torch.float64)
    assert Sphere().value_and_gradient(origin)[1].norm() == 0
    assert Torus().value_and_gradient(origin)[1].norm() == 0
    circle = torch.tensor([[0.5, 0.0, 0.0]], dtype=torch.float64)
    assert Torus(0.5, 0.2).value_and_gradient(circle)[1].norm() == 0
