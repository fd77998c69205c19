"""Initialisation, evaluation and the Laplacian of SIREN."""

import math

import pytest
import torch

from sdf_siren.fields import Siren, SirenShape, channels, initialise


def hidden_arguments(network: Siren, x: torch.Tensor) -> list[torch.Tensor]:
    """The arguments omega_0 z of every sine layer."""
    arguments, h = [], x
    for weight, bias in zip(network.weights[:-1], network.biases[:-1], strict=True):
        arguments.append(network.shape.omega_0 * (h @ weight.T + bias))
        h = torch.sin(arguments[-1])
    return arguments


def test_parameters_are_bounded_as_in_the_paper():
    network = initialise(SirenShape(width=256), seed=0)
    assert network.weights[0].abs().max() <= 1 / 3
    assert network.weights[0].abs().max() > 0.99 / 3
    for weight in network.weights[1:]:
        bound = math.sqrt(6 / 256) / 30
        assert 0.98 * bound < weight.abs().max() <= bound
    assert network.shape.parameter_count == 198_657 == sum(p.numel() for p in network.parameters)


def test_arguments_of_the_sines_have_the_expected_spread():
    # Uniform input in [-1, 1]^3 has variance 1/3 per coordinate and U(-1/3, 1/3) weights 1/27; the
    # biases U(-1/sqrt 3, 1/sqrt 3) add 1/9: sqrt(900 (3/3/27 + 1/9)) = 11.5, and 5.8 without them.
    network = initialise(SirenShape(width=512), seed=0, dtype=torch.float64)
    x = torch.rand(4000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    first, *hidden = hidden_arguments(network, x)
    assert first.std() == pytest.approx(math.sqrt(900 * (1 / 27 + 1 / 9)), rel=0.05)
    weights_only = first - 30 * network.biases[0]
    assert weights_only.std() == pytest.approx(30 * math.sqrt(1 / 27), rel=0.05)
    # For a normal argument of variance v the sine has E[sin^2] = (1 - exp(-2 v)) / 2, and the next
    # argument has twice that variance: 1 after the broad first layer, then 0.86, 0.82, towards 0.80.
    variance = 1.0
    for argument in hidden:
        assert argument.var() == pytest.approx(variance, rel=0.04)
        assert argument.mean() == pytest.approx(0, abs=0.06)
        variance = 1 - math.exp(-2 * variance)


def test_hidden_biases_of_the_reference_code_widen_the_arguments():
    # U(-1/sqrt n, 1/sqrt n) biases times 30 add 900 / (3 n) to a variance of one.
    network = initialise(SirenShape(width=256), seed=0, hidden_bias=1.0, dtype=torch.float64)
    x = torch.rand(4000, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    for argument in hidden_arguments(network, x)[1:]:
        assert argument.var() == pytest.approx(1 + 900 / (3 * 256), rel=0.15)


def test_first_omega_spreads_the_frequencies_of_the_first_layer():
    paper = initialise(SirenShape(width=64), seed=2)
    spread = initialise(SirenShape(width=64), seed=2, first_omega=60.0)
    ratio = spread.weights[0] / paper.weights[0]
    torch.testing.assert_close(ratio[0], torch.full((3,), 0.6))
    torch.testing.assert_close(ratio[-1], torch.full((3,), 2.0))
    assert (ratio[1:, 0] > ratio[:-1, 0]).all()
    for mine, theirs in zip(spread.weights[1:], paper.weights[1:], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)


def test_a_seed_gives_the_same_network_again():
    one, two, other = (initialise(SirenShape(width=8), seed=s) for s in (7, 7, 8))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters, two.parameters, strict=True))
    assert not torch.equal(one.weights[0], other.weights[0])


def test_laplacian_agrees_with_autograd():
    network = initialise(SirenShape(inputs=2, outputs=2, width=11), seed=1, dtype=torch.float64)
    x = torch.rand(9, 2, dtype=torch.float64)
    value, jacobian, laplacian = network.laplacian(x)
    torch.testing.assert_close(value, network.value(x), rtol=1e-12, atol=1e-12)

    def one(point):
        return channels(network.layers, point[None])[0][0]

    for i, point in enumerate(x):
        torch.testing.assert_close(jacobian[i], torch.autograd.functional.jacobian(one, point))
        for channel in range(2):
            hessian = torch.autograd.functional.hessian(lambda p, c=channel: one(p)[c], point)
            torch.testing.assert_close(laplacian[i, channel], hessian.trace(), rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [
        (SirenShape(2, 1, 1000, 0), (2, 1000, 1)),
        (SirenShape(2, 1, 2000, 1, first_width=64), (2, 64, 2000, 1)),
        (SirenShape(2, 1, 2000, 0, first_width=64), (2, 64, 1)),
        (SirenShape(3, 2, 32, 2), (3, 32, 32, 32, 2)),
    ],
)
def test_shapes_with_another_first_layer_or_no_later_one(shape, sizes):
    assert shape.sizes == sizes
    network = initialise(shape, seed=0)
    assert shape.parameter_count == network.parameter_count == sum(p.numel() for p in network.parameters)
    for weight, fan_in in zip(network.weights[1:], sizes[1:], strict=False):
        assert 0.8 * (bound := math.sqrt(6 / fan_in) / 30) < weight.abs().max() <= bound
    assert network.value(torch.zeros(3, shape.inputs)).shape == (3, shape.outputs)


def test_a_siren_hands_its_layers_to_the_sweeps():
    network = initialise(SirenShape(2, 1, 11, 1, first_width=6), seed=1, dtype=torch.float64)
    x = torch.rand(9, 2, dtype=torch.float64) * 2 - 1
    one, beta = torch.ones(9, dtype=torch.float64), torch.rand(9, 2, dtype=torch.float64)
    laplacian = torch.eye(2, dtype=torch.float64).expand(9, 2, 2)
    value, jacobian, second = network.laplacian(x)
    expected = value + torch.einsum("ncd,nd->nc", jacobian, beta) + second
    torch.testing.assert_close(network.rows(x, one, beta, laplacian), expected, rtol=1e-12, atol=1e-10)
    jacobian = network.row_jacobian(x, one, beta, laplacian)
    assert jacobian.shape == (9, network.parameter_count)
    gradients = network.row_gradients(x, one, beta, laplacian, one[:, None])
    torch.testing.assert_close(gradients.flat, jacobian.sum(dim=0), rtol=1e-12, atol=1e-9)
    hidden = network.hidden_rows(x, one, beta, laplacian)
    assert torch.equal(jacobian[:, -1], hidden[:, -1])
    # A step along the gradient of one row changes it as the gradient says.
    step = 1e-7 * jacobian[0] / jacobian[0].norm()
    parts = step.split([p.numel() for p in network.parameters])
    moved = [p + s.view_as(p) for p, s in zip(network.parameters, parts, strict=True)]
    change = Siren(network.shape, moved[:3], moved[3:]).rows(x, one, beta, laplacian)[0, 0] - expected[0, 0]
    assert float(change) == pytest.approx(1e-7 * float(jacobian[0].norm()), rel=1e-4)


def test_evaluation_does_not_depend_on_the_number_of_threads():
    network = initialise(SirenShape(width=48), seed=0)
    x = torch.rand(10_000, 3) * 2 - 1
    before = torch.get_num_threads()
    try:
        answers = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            answers.append((network.value(x), *network.value_and_gradient(x)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for other in answers[1:]:
        assert all(torch.equal(a, b) for a, b in zip(answers[0], other, strict=True))


def test_wrong_sizes_are_refused():
    with pytest.raises(ValueError, match="positive"):
        SirenShape(width=0)
    with pytest.raises(ValueError, match="positive"):
        SirenShape(first_width=0)
    with pytest.raises(ValueError, match="positive"):
        SirenShape(hidden_layers=-1)
    with pytest.raises(ValueError, match="omega_0"):
        SirenShape(omega_0=math.nan)
    network = initialise(SirenShape(width=4), seed=0)
    with pytest.raises(ValueError, match="expected weights"):
        Siren(SirenShape(width=5), network.weights, network.biases)
