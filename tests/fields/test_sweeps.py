"""The forward sweeps against autograd, and the identities that rows must satisfy."""

import pytest
import torch
from swept_networks import ACTIVATIONS, coefficients, evaluate, layers_of, points, row_by_autograd

from sdf_siren.fields import sweeps
from sdf_siren.fields.activations import Sine, Tanh
from sdf_siren.fields.sweeps import channels, hidden_rows, rows

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
every_network = [
    pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name),
    pytest.mark.parametrize("hidden", [1, 2, 3]),
    pytest.mark.parametrize("d", [1, 2, 3]),
    pytest.mark.parametrize("encoded", [False, True], ids=["", "encoded"]),
]


def on_every_network(test):
    for mark in every_network:
        test = mark(test)
    return test


@on_every_network
def test_hidden_rows_agree_with_autograd(activation, hidden, d, encoded):
    layers = layers_of(activation, hidden, d, encoded=encoded)
    x, (alpha, beta, gamma) = points(9, d), coefficients(9, d)
    found = hidden_rows(layers, x, alpha, beta, gamma)
    assert torch.equal(found[:, -1], alpha)
    for i, row in enumerate(found[:, :-1]):
        expected = row_by_autograd(layers[:-1], x[i], alpha[i], beta[i], gamma[i])
        torch.testing.assert_close(row, expected.detach(), **CLOSE)


@on_every_network
def test_rows_agree_with_autograd(activation, hidden, d, encoded):
    layers = layers_of(activation, hidden, d, outputs=2, encoded=encoded)
    x, (alpha, beta, gamma) = points(9, d), coefficients(9, d)
    for i, row in enumerate(rows(layers, x, alpha, beta, gamma)):
        expected = row_by_autograd(layers, x[i], alpha[i], beta[i], gamma[i])
        torch.testing.assert_close(row, expected.detach(), **CLOSE)


@on_every_network
def test_channels_are_value_jacobian_and_second_derivative(activation, hidden, d, encoded):
    layers = layers_of(activation, hidden, d, outputs=2, encoded=encoded)
    x, (_, _, gamma) = points(9, d), coefficients(9, d)
    value, jacobian, second = channels(layers, x, gamma)
    for i, point in enumerate(x):
        torch.testing.assert_close(value[i], evaluate(layers, point), **CLOSE)
        expected = torch.autograd.functional.jacobian(lambda p: evaluate(layers, p), point)
        torch.testing.assert_close(jacobian[i], expected, **CLOSE)
    torch.testing.assert_close(second, rows(layers, x, gamma=gamma), **CLOSE)


@pytest.mark.parametrize("present", range(8))
@pytest.mark.parametrize("hidden", [1, 2])
def test_rows_are_linear_in_their_coefficients(hidden, present):
    layers = layers_of(Tanh(), hidden, 2, outputs=2)
    x, given = points(9, 2), coefficients(9, 2)
    chosen = [c if present >> k & 1 else None for k, c in enumerate(given)]
    found = rows(layers, x, *chosen)
    alone = torch.zeros_like(found)
    for k, coefficient in enumerate(chosen):
        if coefficient is not None:
            alone += rows(layers, x, *[3 * coefficient if j == k else None for j in range(3)]) / 3
    torch.testing.assert_close(found, alone, **CLOSE)
    zeros = [torch.zeros_like(given[k]) if c is None else c for k, c in enumerate(chosen)]
    torch.testing.assert_close(found, rows(layers, x, *zeros), **CLOSE)


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_identity_gives_the_laplacian_and_the_axes_add_up_to_it(d, encoded):
    layers = layers_of(Sine(2.0), 2, d, outputs=2, encoded=encoded)
    x = points(9, d)
    laplacian = channels(layers, x)[2]
    eye = torch.eye(d, dtype=x.dtype)
    torch.testing.assert_close(rows(layers, x, gamma=eye.expand(9, d, d)), laplacian, **CLOSE)
    axes = [rows(layers, x, gamma=torch.outer(e, e).expand(9, d, d)) for e in eye]
    torch.testing.assert_close(sum(axes), laplacian, **CLOSE)


def test_only_the_symmetric_part_of_gamma_counts():
    layers, x = layers_of(Sine(2.0), 2, 3), points(9, 3)
    gamma = torch.randn(9, 3, 3, dtype=torch.float64)
    symmetric = (gamma + gamma.transpose(1, 2)) / 2
    torch.testing.assert_close(rows(layers, x, gamma=gamma), rows(layers, x, gamma=symmetric), **CLOSE)


@pytest.mark.parametrize("hidden", [1, 3])
def test_a_linear_solve_of_the_output_layer_sees_the_rows_of_the_network(hidden):
    layers = layers_of(Sine(2.0), hidden, 2, outputs=2)
    x, given = points(9, 2), coefficients(9, 2)
    parameters = torch.cat([layers[-1].weight, layers[-1].bias[:, None]], dim=1)
    torch.testing.assert_close(
        hidden_rows(layers, x, *given) @ parameters.T, rows(layers, x, *given), **CLOSE
    )


@pytest.mark.parametrize("hidden", [1, 3])
def test_chunks_and_threads_do_not_matter(hidden, monkeypatch):
    layers = layers_of(Sine(2.0), hidden, 2)
    x, given = points(500, 2), coefficients(500, 2)

    def answers():
        return hidden_rows(layers, x, *given), rows(layers, x, *given)

    whole = answers()
    monkeypatch.setattr(sweeps, "CHUNK_NUMBERS", 1000)
    before = torch.get_num_threads()
    try:
        chunked = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            chunked.append(answers())
    finally:
        torch.set_num_threads(before)
    for part, one in zip(chunked[0], whole, strict=True):
        torch.testing.assert_close(part, one, **CLOSE)
    for other in chunked[1:]:
        assert all(torch.equal(a, b) for a, b in zip(chunked[0], other, strict=True))


def test_float32_is_close_to_float64():
    layers = layers_of(Sine(3.0), 2, 2)
    x, given = points(50, 2), coefficients(50, 2)
    exact = hidden_rows(layers, x, *given)
    single = [type(layer)(layer.weight.float(), layer.bias.float(), layer.activation) for layer in layers]
    found = hidden_rows(single, x.float(), *(c.float() for c in given))
    assert found.dtype == torch.float32
    assert (found - exact).norm() < 1e-5 * exact.norm()


def test_no_points_give_no_rows():
    assert hidden_rows(layers_of(Tanh(), 2, 2), points(0, 2)).shape == (0, 6)
    assert rows(layers_of(Tanh(), 2, 2), points(0, 2)).shape == (0, 1)


def test_coefficients_that_do_not_fit_are_refused():
    layers, x, (alpha, beta, gamma) = layers_of(Tanh(), 1, 2), points(9, 2), coefficients(9, 2)
    with pytest.raises(ValueError, match="expected alpha of shape"):
        rows(layers, x, alpha[:8])
    with pytest.raises(ValueError, match="expected beta of shape"):
        rows(layers, x, alpha, beta[:, :1])
    with pytest.raises(ValueError, match=r"torch\.float32"):
        rows(layers, x, alpha, beta, gamma.float())
