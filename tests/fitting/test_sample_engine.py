"""The loss of a batch and its gradients: by finite steps of the parameters, and whatever the threads."""

import math

import pytest
import torch

from sdf_siren.fields import Relu, SirenShape, initialise, initialise_perceptron
from sdf_siren.fitting import sample_engine
from sdf_siren.fitting.sample_engine import SampleEngine
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
from sdf_siren.signals.blocks import blocks_at

FRAME = GridFrame.fitting((12, 12))


def random(*size, seed):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def objective(derivatives):
    target = random(144, 1, seed=1)
    terms = [
        WeightedSampleTerm(Values(target), 2.0),
        WeightedSampleTerm(Differences((target, target)), 0.5),
        WeightedSampleTerm(SecondDifferences(target, 2), 0.3),
    ]
    if derivatives:
        terms.append(WeightedSampleTerm(Gradient((random(144, 1, seed=2), target), FRAME.step), 0.7))
        terms.append(WeightedSampleTerm(Laplacian(target, FRAME.step[0], 2), 0.1))
    return SampleObjective(terms)


def batch(count=20):
    generator = torch.Generator().manual_seed(3)
    return blocks_at(torch.randint(0, 9, (count, 2), generator=generator), (4, 4), FRAME, torch.float64)


def loss(network, terms, blocks):
    """The weighted sum of mean squares, in one go."""
    value, jacobian, laplacian = network.laplacian(blocks.x)
    columns = torch.cat([value[None], jacobian.permute(2, 0, 1), laplacian[None]])
    total = 0.0
    for term, weight in terms.at(1.0):
        square = term.add_adjoints(columns, blocks, 1.0, torch.zeros_like(columns))
        total += weight * float(square) / term.count(len(blocks), blocks.side)
    return total


@pytest.mark.parametrize("derivatives", [False, True], ids=["values", "derivatives"])
@pytest.mark.parametrize("kind", ["siren", "relu"])
def test_gradients_are_those_of_the_loss(derivatives, kind, monkeypatch):
    monkeypatch.setattr(sample_engine, "CHUNK_ROWS", 50)
    if kind == "siren":
        network = initialise(SirenShape(2, 1, 9, 1, omega_0=4.0), seed=0, dtype=torch.float64)
    else:
        network = initialise_perceptron((2, 9, 9, 1), Relu(), seed=0, dtype=torch.float64)
    terms, blocks = objective(derivatives), batch()
    gradients, losses = SampleEngine(network, terms, 2)(blocks, 1.0)
    assert set(losses()) == ({"values", "gradient", "laplacian"})
    for parameter, gradient in zip(network.parameters, gradients, strict=True):
        direction = random(*parameter.shape, seed=7)
        kept, ends = parameter.clone(), []
        for sign in (1, -1):
            parameter.copy_(kept + sign * 1e-6 * direction)
            ends.append(loss(network, terms, blocks))
        parameter.copy_(kept)
        assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(
            float((gradient * direction).sum()), rel=2e-5, abs=1e-6
        )


def test_losses_are_root_mean_squares():
    network = initialise(SirenShape(2, 1, 9, 1), seed=0, dtype=torch.float64)
    target, blocks = random(144, 1, seed=1), batch()
    _, losses = SampleEngine(network, SampleObjective([WeightedSampleTerm(Values(target), 5.0)]), 1)(
        blocks, 0.0
    )
    missed = network.value(blocks.x) - target[blocks.samples.flatten()]
    assert float(losses()["values"]) == pytest.approx(math.sqrt(float(missed.square().mean())))


@pytest.mark.parametrize("derivatives", [False, True], ids=["values", "derivatives"])
def test_threads_do_not_matter(derivatives, monkeypatch):
    monkeypatch.setattr(sample_engine, "CHUNK_ROWS", 50)
    network = initialise(SirenShape(2, 1, 16, 1), seed=0, dtype=torch.float64)
    found = [
        [g.clone() for g in SampleEngine(network, objective(derivatives), threads)(batch(), 1.0)[0]]
        for threads in (1, 3)
    ]
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))
