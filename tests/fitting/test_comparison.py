"""The comparison of activations: equal sizes, equal conditions, and what ReLU cannot do."""

from dataclasses import replace

import pytest
from boundary_problems import linear

from sdf_siren.errors import UsageError
from sdf_siren.fitting import comparison, residual_training
from sdf_siren.fitting.comparison import compare_activations, contenders


def test_contenders_are_of_one_size():
    counts = [network.parameter_count for network in contenders(linear()).values()]
    assert max(counts) < 1.05 * min(counts)


def test_relu_has_no_laplacian_of_its_own():
    problem = linear()
    x = problem.domain.interior(50, 0)
    _, _, relu, encoded = contenders(problem).values()
    assert not relu.laplacian(x)[2].any()
    assert encoded.laplacian(x)[2].any()


def test_portraits(monkeypatch):
    monkeypatch.setattr(residual_training, "POOL_ROWS", 2000)
    monkeypatch.setattr(comparison, "_seconds_per_step", lambda *_: 1 / 200)  # steps, whatever the machine
    problem = linear()
    x = problem.domain.interior(300, 0)
    seen = []
    exact, *found = compare_activations(problem, x, 1.0, report=seen.append)
    assert seen == found
    assert [p.name for p in found] == ["SIREN", "tanh", "ReLU", "ReLU, positional encoding"]
    assert exact.errors(exact) == (0, 0, 0)
    assert all(p.steps == 200 and p.indicator > 0 and p.value.shape == (300,) for p in found)
    siren, relu = found[0].errors(exact), found[2].errors(exact)
    assert all(s < r for s, r in zip(siren, relu, strict=True))


def test_an_unknown_solution_cannot_be_compared_with():
    problem = replace(linear(), exact=None)
    with pytest.raises(UsageError, match="needs the exact solution"):
        compare_activations(problem, problem.domain.interior(3, 0), 0.1)
