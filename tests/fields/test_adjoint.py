"""The adjoint sweep against autograd's Jacobian of rows that autograd itself has differentiated."""

import pytest
import torch
from swept_networks import (
    ACTIVATIONS,
    coefficients,
    layers_of,
    parameters_of,
    points,
    random,
    row_by_autograd,
    with_parameters,
)

from sdf_siren.fields import sweeps
from sdf_siren.fields.activations import Sine, Tanh
from sdf_siren.fields.adjoint import channel_gradients, row_gradients, row_jacobian
from sdf_siren.fields.sweeps import hidden_rows


def jacobian_by_autograd(layers, x, coefficients):
    """(n, outputs, parameters)."""

    def every_row(*parameters):
        network = with_parameters(layers, list(parameters))
        found = [row_by_autograd(network, *at) for at in zip(x, *coefficients, strict=True)]
        return torch.stack(found)

    blocks = torch.autograd.functional.jacobian(every_row, tuple(parameters_of(layers)))
    return torch.cat([block.flatten(2) for block in blocks], dim=2)


def check(layers, x, given, zeros):
    expected = jacobian_by_autograd(layers, x, zeros)
    scale = expected.abs().max()
    rbar = random(*expected.shape[:2], seed=40)
    found = row_jacobian(layers, x, *given)
    torch.testing.assert_close(found, expected.sum(dim=1), rtol=1e-12, atol=1e-12 * scale)
    found = row_jacobian(layers, x, *given, rbar)
    mixed = torch.einsum("no,nop->np", rbar, expected)
    torch.testing.assert_close(found, mixed, rtol=1e-12, atol=1e-12 * scale)
    gradients = row_gradients(layers, x, *given, rbar)
    torch.testing.assert_close(gradients.flat, mixed.sum(dim=0), rtol=1e-12, atol=1e-12 * scale)
    for tensor, parameter in zip(gradients.tensors, parameters_of(layers), strict=True):
        assert tensor.shape == parameter.shape


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
@pytest.mark.parametrize("hidden", [1, 2, 3])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("encoded", [False, True], ids=["", "encoded"])
def test_agrees_with_autograd(activation, hidden, d, encoded):
    layers = layers_of(activation, hidden, d, outputs=1 + (d == 2), encoded=encoded)
    given = coefficients(4, d)
    check(layers, points(4, d), given, given)


@pytest.mark.parametrize("present", range(8))
@pytest.mark.parametrize("hidden", [1, 2])
def test_missing_coefficients_are_zero(hidden, present):
    layers, full = layers_of(Sine(2.0), hidden, 2), coefficients(4, 2)
    given = [c if present >> k & 1 else None for k, c in enumerate(full)]
    zeros = [torch.zeros_like(c) if g is None else c for g, c in zip(given, full, strict=True)]
    check(layers, points(4, 2), given, zeros)


def test_the_output_layers_columns_are_the_hidden_rows():
    layers, x, given = layers_of(Tanh(), 2, 3), points(9, 3), coefficients(9, 3)
    jacobian, hidden = row_jacobian(layers, x, *given), hidden_rows(layers, x, *given)
    weights = [layer.weight.numel() for layer in layers]
    last = jacobian[:, sum(weights[:-1]) : sum(weights)]
    torch.testing.assert_close(last, hidden[:, :-1], rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(jacobian[:, -1], hidden[:, -1], rtol=0, atol=0)


def test_chunks_and_threads_do_not_matter(monkeypatch):
    layers, x, given = layers_of(Sine(2.0), 2, 2), points(500, 2), coefficients(500, 2)
    rbar = random(500, 1, seed=41)

    def answers():
        return row_gradients(layers, x, *given, rbar).flat, row_jacobian(layers, x, *given)

    whole = answers()
    monkeypatch.setattr(sweeps, "CHUNK_NUMBERS", 400)
    before = torch.get_num_threads()
    try:
        chunked = []
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            chunked.append(answers())
    finally:
        torch.set_num_threads(before)
    for part, one in zip(chunked[0], whole, strict=True):
        torch.testing.assert_close(part, one, rtol=1e-12, atol=1e-12 * float(one.abs().max()))
    for other in chunked[1:]:
        assert all(torch.equal(a, b) for a, b in zip(chunked[0], other, strict=True))


def test_adjoints_that_do_not_fit_are_refused():
    layers, x, given = layers_of(Tanh(), 1, 2), points(9, 2), coefficients(9, 2)
    with pytest.raises(ValueError, match=r"expected rbar of shape \(9, 1\)"):
        row_gradients(layers, x, *given, torch.ones(9, dtype=torch.float64))
    with pytest.raises(ValueError, match="expected beta"):
        row_jacobian(layers, x, given[0], given[1][:3], given[2])


def columns_by_autograd(layers, x, order):
    """(1 | 1 + d | 2 + d, n, outputs) of the layers, by rows with one coefficient each."""
    d = x.shape[1]
    zero, found = (x.new_zeros(()), x.new_zeros(d), x.new_zeros(d, d)), []
    picks = [(x.new_ones(()), *zero[1:])]
    if order >= 1:
        picks += [(zero[0], unit, zero[2]) for unit in torch.eye(d, dtype=x.dtype)]
    if order == 2:
        picks.append((*zero[:2], torch.eye(d, dtype=x.dtype)))
    for pick in picks:
        found.append(torch.stack([row_by_autograd(layers, point, *pick) for point in x]))
    return torch.stack(found)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=lambda a: a.name)
@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("encoded", [False, True], ids=["", "encoded"])
def test_channel_gradients_agree_with_autograd(activation, order, encoded):
    layers, x = layers_of(activation, 2, 2, outputs=2, encoded=encoded), points(6, 2)
    parameters = [p.clone().requires_grad_() for p in parameters_of(layers)]
    columns = columns_by_autograd(with_parameters(layers, parameters), x, order)
    factors = random(*columns.shape, seed=50)
    expected = torch.autograd.grad((factors * columns.square()).sum(), parameters, allow_unused=True)
    seen = []

    def loss(part, found):
        torch.testing.assert_close(found, columns.detach()[:, part], rtol=1e-11, atol=1e-11)
        seen.append((part.start, part.stop))
        return 2 * factors[:, part] * found

    gradients = channel_gradients(layers, x, order, loss)
    assert sum(stop - start for start, stop in seen) == len(x)
    for found, wanted, parameter in zip(gradients.tensors, expected, parameters, strict=True):
        wanted = torch.zeros_like(parameter) if wanted is None else wanted
        torch.testing.assert_close(found, wanted, rtol=1e-11, atol=1e-12 * float(wanted.abs().max() + 1))


def test_parts_of_channel_gradients_keep_points_together_and_do_not_depend_on_threads(monkeypatch):
    layers, x = layers_of(Sine(2.0), 2, 2), points(504, 2)
    monkeypatch.setattr(sweeps, "CHUNK_NUMBERS", 400)
    before, found = torch.get_num_threads(), []
    for threads in (1, 3):
        parts = []

        def loss(part, columns, parts=parts):
            parts.append((part.start, part.stop))
            return columns.sin()

        torch.set_num_threads(threads)
        try:
            found.append(channel_gradients(layers, x, 1, loss, multiple=12).flat)
        finally:
            torch.set_num_threads(before)
        assert all(start % 12 == stop % 12 == 0 for start, stop in parts)
        assert len(parts) > 10
    assert torch.equal(*found)
