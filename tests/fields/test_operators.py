"""Operators against autograd and the identities of vector calculus."""

from __future__ import annotations

import pytest
import torch

from sdf_siren.fields import Siren, SirenShape, initialise
from sdf_siren.fields.operators import curl, divergence, gradient, hessian, jacobian, laplacian


def network(inputs, outputs, seed=0) -> Siren:
    shape = SirenShape(inputs, outputs, width=17, hidden_layers=2, omega_0=3.0, first_width=11)
    return initialise(shape, seed=seed, dtype=torch.float64)


def points(d, n=20):
    return torch.rand(n, d, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


def formula(field):
    def evaluate(x):
        h = x
        for weight, bias in zip(field.weights[:-1], field.biases[:-1], strict=True):
            h = torch.sin(field.shape.omega_0 * (weight @ h + bias))
        return field.weights[-1] @ h + field.biases[-1]

    return evaluate


@pytest.mark.parametrize(("d", "c"), [(1, 1), (2, 3), (3, 3)])
def test_jacobian_and_hessian_are_autograds(d, c):
    field, x = network(d, c), points(d)
    evaluate = formula(field)
    first = torch.stack([torch.autograd.functional.jacobian(evaluate, row) for row in x])
    second = torch.stack(
        [
            torch.stack(
                [torch.autograd.functional.hessian(lambda y, k=k: evaluate(y)[k], row) for k in range(c)]
            )
            for row in x
        ]
    )
    assert torch.allclose(jacobian(field, x), first, atol=1e-12)
    assert torch.allclose(hessian(field, x), second, atol=1e-11)
    assert torch.allclose(laplacian(field, x), second.diagonal(dim1=2, dim2=3).sum(2), atol=1e-11)


def test_the_gradient_is_the_jacobian_of_one_output():
    field, x = network(3, 1), points(3)
    assert torch.equal(gradient(field, x), jacobian(field, x)[:, 0])
    with pytest.raises(ValueError, match="needs one output, found 2"):
        gradient(network(3, 2), x)


def test_curls_have_no_divergence_and_gradients_no_curl():
    """By differences, so that it is the operators that are tested and not the symmetry of the Hessian."""
    field, scalar, x, h = network(3, 3), network(3, 1), points(3), 1e-5
    shifts = torch.eye(3, dtype=torch.float64) * h

    def slopes(function):
        return torch.stack([(function(x + s) - function(x - s)) / (2 * h) for s in shifts], dim=2)

    of_curl = slopes(lambda y: curl(field, y))
    assert of_curl.abs().max() > 0.1
    assert of_curl.diagonal(dim1=1, dim2=2).sum(1).abs().max() < 1e-7
    of_gradient = slopes(lambda y: gradient(scalar, y))
    assert (of_gradient - of_gradient.transpose(1, 2)).abs().max() < 1e-7
    assert torch.allclose(of_gradient, hessian(scalar, x)[:, 0], atol=1e-7)


def test_divergence_is_the_trace_of_the_jacobian():
    field, x = network(2, 2), points(2)
    slopes = jacobian(field, x)
    assert torch.allclose(divergence(field, x), slopes[:, 0, 0] + slopes[:, 1, 1])
    with pytest.raises(ValueError, match="as many outputs as coordinates, found 1 and 2"):
        divergence(network(2, 1), x)
    with pytest.raises(ValueError, match="three coordinates, found 2"):
        curl(field, x)
