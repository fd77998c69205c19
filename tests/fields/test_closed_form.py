"""The closed form against autograd's double backward, which knows nothing of it."""

import pytest
import torch
from swept_networks import ACTIVATIONS, evaluate, layers_of, parameters_of, points, random, with_parameters

from sdf_siren.fields import Siren, SirenShape, Workspace, initialise


def autograd_oracle(network: Siren, x, fbar, gbar):
    """Values, gradients and parameter gradients of sum(fbar f) + sum(gbar grad f)."""
    weights = [w.clone().requires_grad_() for w in network.weights]
    biases = [b.clone().requires_grad_() for b in network.biases]
    x = x.clone().requires_grad_()
    h = x
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        h = torch.sin(network.shape.omega_0 * (h @ weight.T + bias))
    f = h @ weights[-1].T + biases[-1]
    (g,) = torch.autograd.grad(f.sum(), x, create_graph=True)
    loss = (fbar * f).sum()
    if gbar is not None:
        loss = loss + (gbar * g).sum()
    return f.detach(), g.detach(), torch.autograd.grad(loss, [*weights, *biases])


@pytest.mark.parametrize("hidden_layers", [0, 1, 2, 3])
@pytest.mark.parametrize("first_width", [None, 5, 20])
@pytest.mark.parametrize("inputs", [1, 2, 3])
@pytest.mark.parametrize("with_gradient", [True, False])
def test_agrees_with_autograd_in_float64(hidden_layers, first_width, inputs, with_gradient):
    shape = SirenShape(inputs=inputs, width=13, hidden_layers=hidden_layers, first_width=first_width)
    network = initialise(shape, seed=3, hidden_bias=1.0, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    x, fbar, gbar = (
        torch.randn(17, columns, generator=generator, dtype=torch.float64) for columns in (inputs, 1, inputs)
    )
    expected_f, expected_g, expected = autograd_oracle(network, x, fbar, gbar if with_gradient else None)

    workspace = network.workspace(20)  # more rows than points: the rest must not leak in
    workspace.load()
    gradients = workspace.new_gradients()
    if with_gradient:
        f, g = workspace.value_and_gradient(x)
        torch.testing.assert_close(g, expected_g, rtol=1e-12, atol=1e-12)
    else:
        f = workspace.value_for_training(x)
    torch.testing.assert_close(f, expected_f, rtol=1e-12, atol=1e-13)
    workspace.backward(gradients, fbar, gbar if with_gradient else None)
    for found, wanted in zip(gradients.tensors, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("first", [1, 9, 17])
def test_gradients_of_the_first_points_beside_values_of_all(first):
    network = initialise(SirenShape(width=13), seed=3, dtype=torch.float64)
    x, fbar, gbar = (torch.randn(17, columns, dtype=torch.float64) for columns in (3, 1, 3))
    gbar[first:] = 0  # as if the loss did not read them
    expected_f, expected_g, expected = autograd_oracle(network, x, fbar, gbar)
    workspace = network.workspace(20)
    workspace.load()
    gradients = workspace.new_gradients()
    f, g = workspace.value_and_gradient(x, first)
    torch.testing.assert_close(f, expected_f, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(g, expected_g[:first], rtol=1e-12, atol=1e-12)
    workspace.backward(gradients, fbar, gbar[:first])
    for found, wanted in zip(gradients.tensors, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)


def test_a_workspace_beside_another_reads_what_that_one_loads():
    network = initialise(SirenShape(width=13), seed=3, dtype=torch.float64)
    one = network.workspace(20)
    other = network.workspace(20, beside=one)
    x, y = torch.randn(2, 17, 3, dtype=torch.float64)
    for _ in range(2):
        one.load()
        values = one.value(x), other.value(y)  # neither writes what the other has found
        expected = network.value(torch.cat([x, y]))
        torch.testing.assert_close(torch.cat(values), expected, rtol=1e-13, atol=1e-14)
        for parameter in network.parameters:
            parameter.mul_(1.1)


def test_gradients_add_up_over_chunks():
    network = initialise(SirenShape(width=16), seed=0, dtype=torch.float64)
    x, fbar, gbar = torch.randn(30, 3).double(), torch.randn(30, 1).double(), torch.randn(30, 3).double()
    *_, expected = autograd_oracle(network, x, fbar, gbar)
    workspace = network.workspace(7)
    workspace.load()
    gradients = workspace.new_gradients()
    for rows in torch.arange(30).split(7):
        workspace.value_and_gradient(x[rows])
        workspace.backward(gradients, fbar[rows], gbar[rows])
    for found, wanted in zip(gradients.tensors, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)


def test_float32_agrees_with_float64():
    exact = initialise(SirenShape(width=64), seed=0, dtype=torch.float64)
    network = exact.to(dtype=torch.float32)
    x = torch.rand(100, 3, dtype=torch.float64) * 2 - 1
    f, g = network.value_and_gradient(x.float())
    expected_f, expected_g = exact.value_and_gradient(x)
    assert (f - expected_f).abs().max() < 1e-5 * expected_f.abs().max()
    assert (g - expected_g).norm() < 1e-4 * expected_g.norm()


def test_finite_differences_approach_the_gradient_with_second_order():
    network = initialise(SirenShape(width=16), seed=5, dtype=torch.float64)
    x = torch.rand(10, 3, dtype=torch.float64) - 0.5
    _, g = network.value_and_gradient(x)
    errors = []
    for step in (1e-3, 5e-4):
        shift = torch.eye(3, dtype=torch.float64) * step
        columns = [(network.value(x + s) - network.value(x - s)) / (2 * step) for s in shift]
        errors.append(float((torch.cat(columns, dim=1) - g).abs().max()))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
@pytest.mark.parametrize("hidden", [1, 3])
@pytest.mark.parametrize("encoded", [False, True], ids=["", "encoded"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_values_and_their_adjoints_of_any_activation(activation, hidden, encoded, outputs):
    layers, x, fbar = (
        layers_of(activation, hidden, 2, outputs, encoded),
        points(17, 2),
        random(17, outputs, seed=1),
    )
    parameters = [p.clone().requires_grad_() for p in parameters_of(layers)]
    value = torch.stack([evaluate(with_parameters(layers, parameters), point) for point in x])
    expected = torch.autograd.grad((fbar * value).sum(), parameters)
    workspace = Workspace(layers, 20)
    workspace.load()
    gradients = workspace.new_gradients()
    torch.testing.assert_close(workspace.value(x), value.detach(), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(workspace.value_for_training(x), value.detach(), rtol=1e-12, atol=1e-13)
    workspace.backward(gradients, fbar)
    for found, wanted in zip(gradients.tensors, expected, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-11)
