"""The losses of samples: zero where the derivatives are the target's, and adjoints by autograd."""

import numpy as np
import pytest
import torch

from sdf_siren.frames import GridFrame
from sdf_siren.losses.samples import (
    Differences,
    Gradient,
    Laplacian,
    SampleObjective,
    SecondDifferences,
    Values,
    WeightedSampleTerm,
)
from sdf_siren.signals import spectral
from sdf_siren.signals.blocks import blocks_at
from sdf_siren.signals.differences import differences, second_differences

SHAPE, CHANNELS = (9, 8), 2
FRAME = GridFrame.fitting(SHAPE)


def random(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def flat(array, extend=False):
    array = torch.as_tensor(array)
    if extend:
        whole = torch.full((*SHAPE, CHANNELS), 7.0, dtype=torch.float64)  # whatever at the last samples
        whole[tuple(slice(n) for n in array.shape)] = array
        array = whole
    return array.reshape(-1, CHANNELS)


def embedded(inner):
    whole = torch.full((*SHAPE, CHANNELS), 7.0, dtype=torch.float64)
    whole[1:-1, 1:-1] = torch.as_tensor(inner)
    return whole.reshape(-1, CHANNELS)


def blocks(side=(4, 5)):
    corners = torch.tensor([[0, 0], [9 - side[0], 8 - side[1]], [2, 1]])
    return blocks_at(corners, side, FRAME, torch.float64)


def weights(seed):
    return random(9 * 8, seed=seed).abs()


def terms(holds):
    w = [weights(k) for k in range(3)] if holds else [None] * 3
    return [
        Values(random(72, CHANNELS, seed=1), w[0]),
        Differences(
            (random(72, CHANNELS, seed=2), random(72, CHANNELS, seed=3)), (w[0], w[1]) if holds else None
        ),
        SecondDifferences(random(72, CHANNELS, seed=4), 2, w[2]),
        Gradient((random(72, CHANNELS, seed=5), random(72, CHANNELS, seed=7)), FRAME.step, w[1]),
        Laplacian(random(72, CHANNELS, seed=6), FRAME.step[0], 2, w[2]),
    ]


@pytest.mark.parametrize("holds", [False, True])
@pytest.mark.parametrize("number", range(5))
def test_adjoints_are_the_derivatives_of_the_sum_of_squares(number, holds):
    term, here = terms(holds)[number], blocks()
    columns = random(4, len(here.x), CHANNELS, seed=9).requires_grad_()
    into = torch.zeros_like(columns)
    square = term.add_adjoints(columns, here, 1.0, into.detach())
    (expected,) = torch.autograd.grad(square, columns)
    found = torch.ones_like(columns)  # what is there already is added to
    again = term.add_adjoints(columns.detach(), here, 0.5, found)
    torch.testing.assert_close(found, 1 + 0.5 * expected, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(again, square.detach())


@pytest.mark.parametrize("number", range(5))
def test_as_many_squares_are_counted_as_there_are_residuals(number):
    term, here = terms(False)[number], blocks()
    zero, one = torch.zeros(4, len(here.x), CHANNELS, dtype=torch.float64), 0.0
    targets = term.target if isinstance(term.target, tuple) else (term.target,)
    for target in targets:
        target.fill_(1.0)
    one = term.add_adjoints(zero, here, 1.0, torch.zeros_like(zero))
    assert float(one) == term.count(len(here), here.side)


def test_stencils_of_the_samples_themselves_miss_nothing():
    u = random(*SHAPE, CHANNELS, seed=11)
    here = blocks()
    columns = flat(u)[here.samples.flatten()][None]
    cases = [
        Values(flat(u)),
        Differences(tuple(flat(d, extend=True) for d in differences(u.numpy()))),
        SecondDifferences(embedded(second_differences(u.numpy())), 2),
    ]
    for term in cases:
        into = torch.zeros_like(columns)
        assert term.add_adjoints(columns, here, 1.0, into) < 1e-26
        assert into.abs().max() < 1e-13


def test_a_ramp_and_a_quadratic_are_matched_exactly_by_their_derivatives():
    """u = 3 r - 2 c and u = r^2 + 2 c^2 in samples, whose derivatives in the cube are these over the step."""
    here = blocks((1, 1))
    r, c = here.samples[:, 0] // 8, here.samples[:, 0] % 8
    step, n = FRAME.step[0], len(here.x)
    one = torch.ones(n, 1, dtype=torch.float64)
    ramp = torch.stack([(3.0 * r - 2 * c)[:, None], 3 * one / step, -2 * one / step])
    target = tuple(torch.full((72, 1), slope, dtype=torch.float64) for slope in (3.0, -2.0))
    assert Gradient(target, FRAME.step).add_adjoints(ramp, here, 1.0, torch.zeros_like(ramp)) < 1e-24
    quadratic = torch.cat([ramp, 6 * one[None] / step**2])
    target = torch.full((72, 1), 6.0, dtype=torch.float64)
    assert Laplacian(target, step, 2).add_adjoints(quadratic, here, 1.0, torch.zeros_like(quadratic)) < 1e-24


def test_terms_without_weight_are_not_computed():
    values, gradient = terms(False)[0], terms(False)[3]
    late = ((0.0, 0.0), (0.5, 0.0), (0.6, 1.0))
    objective = SampleObjective([WeightedSampleTerm(values), WeightedSampleTerm(gradient, 2.0, late)])
    assert [term.name for term, _ in objective.at(0.2)] == ["values"]
    assert [weight for _, weight in objective.at(1.0)] == [1.0, 2.0 / gradient.gain]
    assert not objective.neighbours
    assert SampleObjective([WeightedSampleTerm(terms(False)[1])]).neighbours
    assert np.isclose(objective.at(0.55)[1][1], 1.0 / gradient.gain)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_gains_are_the_mean_squares_of_noise(d):
    """Stencils on noise itself; the network's own derivatives on its cosine interpolant."""
    shape = {1: (4096,), 2: (128, 128), 3: (32, 32, 32)}[d]
    noise = np.random.default_rng(0).standard_normal((*shape, 1))
    empty = torch.zeros(0, 1)
    found = [
        (Differences((empty,) * d), np.concatenate([g.ravel() for g in differences(noise)])),
        (SecondDifferences(empty, d), second_differences(noise)),
        (Gradient((empty,) * d, (1.0,) * d), spectral.gradient(noise)),
        (Laplacian(empty, 1.0, d), spectral.laplacian(noise)),
    ]
    for term, derivative in found:
        assert np.mean(derivative**2) == pytest.approx(term.gain, rel=0.1)
