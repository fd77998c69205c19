"""Training on residuals: the engine's gradients, the sampler's weights, and that it learns and resumes."""

from dataclasses import replace

import pytest
import torch
from boundary_problems import cubic, linear, oscillating, relative_error

from sdf_siren.conditions import BoundaryCondition, Solution, ansatz_for
from sdf_siren.errors import UsageError
from sdf_siren.fields import PositionalEncoding, Relu, Tanh, initialise_perceptron
from sdf_siren.fitting.least_squares import collocate
from sdf_siren.fitting.linearisation import Equations
from sdf_siren.fitting.residual_training import ResidualEngine, ResidualTraining, RowSampler, siren_for


def equations_of(problem, unknowns=40):
    ansatz = ansatz_for(problem)
    return Equations.of(problem, ansatz, collocate(problem, ansatz, unknowns, 0))


def with_a_natural_side():
    """A problem of which one condition stays a row."""
    problem = cubic()
    left, *others = problem.domain.parts
    conditions = (BoundaryCondition("neumann", (left,)), BoundaryCondition("dirichlet", tuple(others)))
    return replace(problem, conditions=conditions)


def networks(problem):
    return {
        "siren": siren_for(problem, width=10, seed=1),
        "tanh": initialise_perceptron((2, 9, 9, 1), Tanh(), seed=1, dtype=torch.float64),
        "encoded": initialise_perceptron(
            (2, 9, 1), Relu(), seed=1, encoding=PositionalEncoding(2), dtype=torch.float64
        ),
    }


@pytest.mark.parametrize("name", ["siren", "tanh", "encoded"])
@pytest.mark.parametrize("problem", [cubic(5.0), with_a_natural_side()], ids=["hard", "natural"])
def test_gradients_are_those_of_half_the_squared_residual(name, problem):
    equations = equations_of(problem)
    network = networks(problem)[name]
    engine = ResidualEngine(network)
    gradients, losses = engine(equations, 0.0)
    gradients = [g.clone() for g in gradients]
    solution = Solution(equations.ansatz, network, torch.zeros(0, dtype=torch.float64))
    assert float(losses()["residual"]) == pytest.approx(equations.residual(solution), rel=1e-12)
    step = 1e-6
    for parameter, gradient in zip(network.parameters, gradients, strict=True):
        flat, k = parameter.view(-1), int(gradient.abs().argmax())
        before = float(flat[k])
        ends = []
        for sign in (1, -1):
            flat[k] = before + sign * step
            ends.append(0.5 * float(engine(equations, 0.0)[1]()["residual"]) ** 2)
        flat[k] = before
        slope = (ends[0] - ends[1]) / (2 * step)
        assert slope == pytest.approx(float(gradient.view(-1)[k]), rel=1e-4, abs=1e-9)


def test_samples_estimate_the_whole():
    problem = with_a_natural_side()
    pool = equations_of(problem, 200)
    solution = Solution(pool.ansatz, siren_for(problem, width=10), torch.zeros(0, dtype=torch.float64))
    sampler, generator = RowSampler(pool, 60), torch.Generator().manual_seed(0)
    squares = [sampler.draw(generator).residual(solution) ** 2 for _ in range(400)]
    assert sum(squares) / len(squares) == pytest.approx(pool.residual(solution) ** 2, rel=0.03)


def test_samples_repeat_with_their_generator():
    pool = equations_of(cubic())
    a, b, c = (
        RowSampler(pool, 10).draw(torch.Generator().manual_seed(seed)).collocation.blocks[0].network.x
        for seed in (4, 4, 5)
    )
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@pytest.mark.parametrize("optimizer", ["soap", "adam"])
def test_it_learns(optimizer):
    problem = linear()
    training = ResidualTraining(problem, siren_for(problem, width=16), steps=300, optimizer=optimizer)
    before = training.indicator()
    training.trainer.run()
    assert training.indicator() < 0.1 * before
    assert relative_error(problem, training.solution) < {"soap": 1e-2, "adam": 3e-2}[optimizer]


def test_a_resumed_training_equals_an_uninterrupted_one():
    def new():
        problem = cubic()
        return ResidualTraining(problem, siren_for(problem, width=12), steps=100)

    whole = new()
    kept = {}

    def keep(trainer, look):
        if look.step == 50:
            kept.update({name: tensor.clone() for name, tensor in trainer.state().items()})

    whole.trainer.run((keep,))
    second = new()
    second.trainer.restore(kept)
    second.trainer.run()
    assert all(
        torch.equal(a, b) for a, b in zip(whole.network.parameters, second.network.parameters, strict=True)
    )


def test_first_layers_fit_the_domain():
    problem = oscillating()
    doubled = replace(problem, domain=type(problem.domain)((-2.0, -2.0), (2.0, 2.0)))
    once, twice = (siren_for(p, width=400).weights[0] for p in (problem, doubled))
    torch.testing.assert_close(once, 2 * twice)
    assert float(once.norm(dim=1).max()) == pytest.approx(4.0, rel=0.05)


def test_what_cannot_be_trained_is_refused():
    problem = linear()
    with pytest.raises(UsageError, match="found a complex one"):
        ResidualTraining(replace(problem, source=lambda x: problem.source_at(x) + 0j), steps=1)
    with pytest.raises(UsageError, match="found corner functions"):
        ResidualTraining(replace(problem, columns=(problem.exact,)), steps=1)
    with pytest.raises(UsageError, match="one of soap, adam, found 'sgd'"):
        ResidualTraining(problem, steps=1, optimizer="sgd")
