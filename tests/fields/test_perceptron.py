"""The baselines: their encoding, initialisation and size, and the calls they share with a SIREN."""

import math

import pytest
import torch

from sdf_siren.fields import Perceptron, PositionalEncoding, Relu, Tanh, initialise_perceptron, matching_width

NETWORKS = [
    (Relu(), None),
    (Tanh(), None),
    (Relu(), PositionalEncoding(3)),
    (Tanh(), PositionalEncoding(1)),
]


def spelled_out(network, x):
    """The network, without the sweeps."""
    h = x
    if network.encoding is not None:
        angles = torch.cat([2**k * math.pi * x for k in range(network.encoding.octaves)], dim=-1)
        h = torch.cat([x, torch.sin(angles), torch.cos(angles)], dim=-1)
    function = torch.relu if network.activation == Relu() else torch.tanh
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        h = function(h @ weight.T + bias)
    return h @ network.weights[-1].T + network.biases[-1]


@pytest.mark.parametrize(("activation", "encoding"), NETWORKS)
@pytest.mark.parametrize("d", [1, 2, 3])
def test_value_gradient_and_laplacian_agree_with_autograd(activation, encoding, d):
    network = initialise_perceptron((d, 9, 7, 1), activation, seed=1, encoding=encoding, dtype=torch.float64)
    assert network.inputs == d
    x = torch.rand(8, d, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) * 2 - 1
    value, jacobian, laplacian = network.laplacian(x)
    again, gradient = network.value_and_gradient(x)
    expected = spelled_out(network, x)
    for found in (value, again, network.value(x)):
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    for i, point in enumerate(x):
        slope = torch.autograd.functional.jacobian(lambda p: spelled_out(network, p)[0], point)
        torch.testing.assert_close(gradient[i], slope, rtol=1e-11, atol=1e-11)
        torch.testing.assert_close(jacobian[i, 0], slope, rtol=1e-11, atol=1e-11)
        hessian = torch.autograd.functional.hessian(lambda p: spelled_out(network, p)[0], point)
        torch.testing.assert_close(laplacian[i, 0], hessian.trace(), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize(("activation", "encoding"), NETWORKS)
def test_rows_and_their_adjoints_fit_together(activation, encoding):
    network = initialise_perceptron((2, 9, 1), activation, seed=1, encoding=encoding, dtype=torch.float64)
    x = torch.rand(8, 2, dtype=torch.float64) * 2 - 1
    alpha, beta = torch.rand(8, dtype=torch.float64), torch.rand(8, 2, dtype=torch.float64)
    gamma = torch.eye(2, dtype=torch.float64).expand(8, 2, 2)
    value, jacobian, second = network.laplacian(x)
    expected = alpha[:, None] * value + (jacobian[:, 0] * beta).sum(dim=1, keepdim=True) + second
    torch.testing.assert_close(network.rows(x, alpha, beta, gamma), expected, rtol=1e-11, atol=1e-11)
    everything = network.row_jacobian(x, alpha, beta, gamma)
    assert everything.shape == (8, network.parameter_count)
    gradients = network.row_gradients(x, alpha, beta, gamma, torch.ones_like(value))
    torch.testing.assert_close(gradients.flat, everything.sum(dim=0), rtol=1e-11, atol=1e-11)
    assert [g.shape for g in gradients.tensors] == [p.shape for p in network.parameters]


def test_a_relu_network_bends_only_through_its_encoding():
    x = torch.rand(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    plain = initialise_perceptron((2, 9, 1), Relu(), seed=1, dtype=torch.float64)
    encoded = initialise_perceptron(
        (2, 9, 1), Relu(), seed=1, encoding=PositionalEncoding(2), dtype=torch.float64
    )
    assert not plain.laplacian(x)[2].any()
    assert encoded.laplacian(x)[2].abs().min() > 0.1


@pytest.mark.parametrize(("activation", "fans"), [(Relu(), 1), (Tanh(), 2)])
def test_weights_are_bounded_as_in_the_papers(activation, fans):
    network = initialise_perceptron((300, 300, 300, 1), activation, seed=0)
    for weight in network.weights[:-1]:
        bound = math.sqrt(6 / (300 * fans))
        assert 0.98 * bound < weight.abs().max() <= bound
    assert network.weights[-1].abs().max() <= math.sqrt(6 / 301)
    assert 0.9 / math.sqrt(300) < network.biases[0].abs().max() <= 1 / math.sqrt(300)
    assert not initialise_perceptron((2, 5, 1), activation, seed=0, bias=0.0).biases[0].any()


def test_a_relu_layer_keeps_the_mean_square():
    """He et al.: E[relu(W h)^2] = E[h^2] with Var W = 2 / fan_in, without biases."""
    network = initialise_perceptron((2000, 2000, 2000, 1), Relu(), seed=0, bias=0.0, dtype=torch.float64)
    h = torch.randn(200, 2000, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    for weight in network.weights[:-1]:
        h = torch.relu(h @ weight.T)
        assert h.square().mean() == pytest.approx(1, rel=0.1)


def test_a_seed_gives_the_same_network_again():
    one, two, other = (initialise_perceptron((2, 5, 1), Tanh(), seed=s) for s in (7, 7, 8))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters, two.parameters, strict=True))
    assert not torch.equal(one.weights[0], other.weights[0])
    assert one.to(dtype=torch.float64).dtype == torch.float64


@pytest.mark.parametrize("encoding", [None, PositionalEncoding(4)])
@pytest.mark.parametrize("hidden_layers", [1, 2, 4])
@pytest.mark.parametrize("target", [1, 37, 4001, 198_657])
def test_no_other_width_comes_closer(target, hidden_layers, encoding):
    def count(width):
        sizes = (2, *[width] * hidden_layers, 1)
        return initialise_perceptron(sizes, Relu(), seed=0, encoding=encoding).parameter_count

    if hidden_layers == 1 and target > 10_000:
        target = 9_999  # the width, not the count, is what allocates
    width = matching_width(target, inputs=2, outputs=1, hidden_layers=hidden_layers, encoding=encoding)
    off = abs(count(width) - target)
    assert off <= abs(count(width + 1) - target)
    assert width == 1 or off <= abs(count(width - 1) - target)


def test_what_does_not_fit_together_is_refused():
    weights, biases = [torch.zeros(4, 2), torch.zeros(1, 4)], [torch.zeros(4), torch.zeros(1)]
    with pytest.raises(ValueError, match="fit together"):
        Perceptron(weights[::-1], biases[::-1], Relu())
    with pytest.raises(ValueError, match="fit together"):
        Perceptron(weights, biases[:1], Relu())
    with pytest.raises(ValueError, match="3 numbers per input"):
        Perceptron(weights, biases, Relu(), PositionalEncoding(1))
    with pytest.raises(ValueError, match="octave"):
        PositionalEncoding(0)
