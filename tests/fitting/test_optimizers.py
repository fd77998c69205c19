"""Optimizers: against torch where torch has them, on their own mathematics where it has not."""

import pytest
import torch

from sdf_siren.fitting.optimizers import Adam, Soap


def gradients_of(parameters, step):
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in parameters]


def parameters():
    generator = torch.Generator().manual_seed(99)
    return [torch.randn(s, generator=generator, dtype=torch.float64) for s in ((6, 4), (3, 6), (6,))]


def test_adam_is_torch_adam():
    mine, theirs = parameters(), [p.requires_grad_() for p in parameters()]
    optimizer, reference = Adam(mine), torch.optim.Adam(theirs, lr=0.01)
    for step in range(20):
        gradients = gradients_of(mine, step)
        optimizer.step(gradients, 0.01, step)
        for parameter, gradient in zip(theirs, gradients, strict=True):
            parameter.grad = gradient
        reference.step()
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b.detach(), rtol=1e-10, atol=1e-10)


def test_soap_step_does_not_depend_on_the_basis_of_the_gradient():
    # Rotating a weight matrix's rows and columns rotates SOAP's step along; Adam's would change.
    def train(left, right):
        generator = torch.Generator().manual_seed(1)
        weight = left @ torch.randn(5, 4, generator=generator, dtype=torch.float64) @ right.T
        optimizer = Soap([weight], refresh=3)
        for step in range(12):
            gradient = torch.randn(5, 4, generator=generator, dtype=torch.float64)
            optimizer.step([left @ gradient @ right.T], 0.01, step)
        return left.T @ weight @ right

    eye = torch.eye(5, dtype=torch.float64), torch.eye(4, dtype=torch.float64)
    generator = torch.Generator().manual_seed(7)
    turned = [torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.float64))[0] for n in (5, 4)]
    torch.testing.assert_close(train(*turned), train(*eye), rtol=1e-7, atol=1e-8)


def test_soap_bases_stay_orthogonal():
    weights = [torch.randn(8, 5)]
    optimizer = Soap(weights, refresh=2)
    for step in range(11):
        optimizer.step(gradients_of(weights, step), 0.01, step)
    state = optimizer.state()
    for name, size in (("left_basis.0", 8), ("right_basis.0", 5)):
        torch.testing.assert_close(state[name].T @ state[name], torch.eye(size), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("make", "share"), [(Adam, 2e-2), (Soap, 1e-4)])
def test_minimises_an_ill_conditioned_quadratic(make, share):
    generator = torch.Generator().manual_seed(0)
    scales = torch.logspace(0, 2, 6, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64))[0]
    metric = turn @ torch.diag(scales) @ turn.T
    weight = [torch.randn(6, 3, generator=generator, dtype=torch.float64)]
    before = torch.trace(weight[0].T @ metric @ weight[0])
    optimizer = make(weight)
    for step in range(400):
        optimizer.step([metric @ weight[0]], 0.03 * (1 - step / 400), step)
    assert torch.trace(weight[0].T @ metric @ weight[0]) < share * before


@pytest.mark.parametrize("make", [Adam, Soap])
def test_restored_state_goes_on_bit_for_bit(make):
    whole, first = parameters(), parameters()
    optimizer = make(whole)
    for step in range(25):
        optimizer.step(gradients_of(whole, step), 0.01, step)
    half = make(first)
    for step in range(13):
        half.step(gradients_of(first, step), 0.01, step)
    state = {name: tensor.clone() for name, tensor in half.state().items()}
    second = [p.clone() for p in first]
    rest = make(second)
    rest.restore(state)
    for step in range(13, 25):
        rest.step(gradients_of(second, step), 0.01, step)
    assert all(torch.equal(a, b) for a, b in zip(whole, second, strict=True))


@pytest.mark.parametrize("threads", [2, 3])
def test_soap_moves_the_same_to_the_last_bit_whatever_the_threads(threads):
    def moved(allowed):
        before = torch.get_num_threads()
        torch.set_num_threads(allowed)
        try:
            weights = parameters() + [p.flip(0) for p in parameters()]  # some of them alike
            optimizer = Soap(weights, refresh=2)
            for step in range(9):
                optimizer.step(gradients_of(weights, step), 0.01, step)
        finally:
            torch.set_num_threads(before)
        return weights

    for a, b in zip(moved(1), moved(threads), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("make", [Adam, Soap])
def test_parameters_alike_move_as_they_would_alone(make):
    together = parameters() + [p.flip(0) for p in parameters()]
    alone = [[p.clone()] for p in together]
    optimizers = make(together), [make(one) for one in alone]
    for step in range(12):
        gradients = gradients_of(together, step)
        gradients = [g * (1 + i) for i, g in enumerate(gradients)]
        optimizers[0].step(gradients, 0.01, step)
        for one, gradient in zip(optimizers[1], gradients, strict=True):
            one.step([gradient], 0.01, step)
    for a, (b,) in zip(together, alone, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_the_state_has_an_entry_for_every_parameter_by_its_number():
    shapes = {name: tuple(tensor.shape) for name, tensor in Soap(parameters()).state().items()}
    assert shapes == {
        "steps": (),
        **{f"{name}.{i}": s for name in ("mean", "square") for i, s in enumerate([(6, 4), (3, 6), (6,)])},
        **{f"left{kind}.{i}": (n, n) for kind in ("", "_basis") for i, n in enumerate([6, 3])},
        **{f"right{kind}.{i}": (n, n) for kind in ("", "_basis") for i, n in enumerate([4, 6])},
    }
