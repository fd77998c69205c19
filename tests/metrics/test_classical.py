"""A solution beside that of the classical solver that fits the problem."""

from __future__ import annotations

import pytest

from sdf_siren.errors import UsageError
from sdf_siren.metrics import finite_elements
from sdf_siren.metrics.classical import compare_classical, no_classical, reference

EXACT = 'equation = "poisson"\nsource = "exact"\nexact = "exp(x) * cos(2*y)"'
DISK = 'shape = "disk"\ncentre = [0, 0]\nradius = 1'
STRING = 'shape = "interval"\nlow = 0\nhigh = 1\nduration = 1'
WAVE = 'equation = "wave"\nspeed = 1\nexact = "sin(pi*x) * cos(pi*t)"'
PLUCKED = [
    {"kind": '"initial"', "value": '"exact"'},
    {"on": '"boundary"', "kind": '"dirichlet"'},
]


def held(value='"exact"'):
    return [{"on": '"boundary"', "kind": '"dirichlet"', "value": value}]


@pytest.mark.parametrize(
    ("head", "domain", "conditions", "cells", "method", "error"),
    [
        (EXACT, 'shape = "box"\nlow = [0, 0]\nhigh = [1, 1]', None, 16, "finite differences, 32 cells", 1e-5),
        (EXACT, DISK, None, 12, "quadratic finite elements, ", 1e-4),
        (WAVE, STRING, PLUCKED, 30, "leapfrog, 60 cells a side, ", 1e-5),
    ],
)
def test_comparison_with_the_exact_solution(posed, known, head, domain, conditions, cells, method, error):
    problem = posed(head, domain, conditions or held())
    assert no_classical(problem) is None
    found = compare_classical(problem, known(problem.exact), cells)
    assert found.method.startswith(method)
    assert found.difference == pytest.approx(found.error)
    assert found.error < error
    assert found.error < found.uncertainty
    assert found.seconds > 0
    wrong = compare_classical(problem, known(lambda x: problem.exact(x) * 1.5), cells)
    assert wrong.difference == pytest.approx(0.5, abs=1e-3)


def test_beside_zero(posed, known):
    problem = posed(
        'equation = "poisson"\nexact = 0', conditions=[{"on": '"boundary"', "kind": '"dirichlet"'}]
    )
    found = compare_classical(problem, known(lambda x: problem.exact(x) + 0.5), 8)
    assert found.uncertainty == found.error == 0
    assert found.difference == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("head", "domain", "conditions", "words"),
    [
        (
            EXACT.replace("cos(2*y)", "y*z"),
            'shape = "box"\nlow = [0, 0, 0]\nhigh = [1, 1, 1]',
            None,
            "rectangles",
        ),
        (
            EXACT.replace("cos(2*y)", "y*z"),
            'shape = "ball"\ncentre = [0, 0, 0]\nradius = 1',
            None,
            "two dimensions",
        ),
        (
            'equation = "wave"\nspeed = 1',
            'shape = "box"\nlow = [0, 0, 0]\nhigh = [1, 1, 1]\nduration = 1',
            [{"kind": '"initial"'}, {"on": '"boundary"', "kind": '"dirichlet"'}],
            "intervals and rectangles",
        ),
        (
            'equation = "poisson"',
            'shape = "disk"\ncentre = [0, 0]\nradius = 1',
            [{"on": '"boundary"', "kind": '"neumann"'}],
            "leave no constant free",
        ),
    ],
)
def test_what_has_no_reference(posed, head, domain, conditions, words):
    problem = posed(head, domain, conditions or held())
    assert words in no_classical(problem)
    with pytest.raises(UsageError, match="no classical reference"):
        reference(problem, 8)


def test_the_missing_package_is_named(posed, monkeypatch):
    monkeypatch.setattr(finite_elements, "find_spec", lambda name: None)
    assert "pip install 'sdf-siren[fem]'" in no_classical(posed(EXACT, DISK, held()))
