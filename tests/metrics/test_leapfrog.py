"""The classical reference for waves: of second order, of fourth once extrapolated, for every kind of side."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from sdf_siren.metrics.leapfrog import no_leapfrog, stepped, wave_reference

STRING = 'shape = "interval"\nlow = 0\nhigh = 1\nduration = 1.3'
DRUM = 'shape = "box"\nlow = [0, 0]\nhigh = [1, 2]\nduration = 0.8'
START = {"kind": '"initial"', "value": '"exact"'}
FIXED = [START | {"rate": '"0"'}, {"on": '"boundary"', "kind": '"dirichlet"', "value": '"exact"'}]
CASES = {
    "string": ('speed = 2\nexact = "sin(pi*x) * cos(2*pi*t)"', STRING, FIXED),
    "driven ends, varying speed": (
        'speed = "1 + x/2"\nsource = "exact"\nexact = "exp(x) * cos(2*t)"',
        STRING,
        FIXED,
    ),
    "reaction": ('speed = 1\nreaction = "u^3"\nsource = "exact"\nexact = "exp(x) * cos(2*t)"', STRING, FIXED),
    "free and springy ends": (
        'speed = 1\nsource = "exact"\nexact = "exp(x) * cos(t)"',
        STRING,
        [
            START,
            {"on": '"left"', "kind": '"neumann"', "value": '"-cos(t)"'},
            {"on": '"right"', "kind": '"robin"', "value": '"3 * exp(1) * cos(t)"', "coefficient": '"2"'},
        ],
    ),
    "periodic, with a rate": (
        'speed = 1\nexact = "sin(2*pi*(x - t))"',
        STRING,
        [
            START | {"rate": '"-2*pi*cos(2*pi*x)"'},
            {"on": '["left", "right"]', "kind": '"periodic"'},
        ],
    ),
    "drum": ('speed = 1\nexact = "sin(pi*x) * sin(pi*y) * cos(sqrt(2)*pi*t)"', DRUM, FIXED),
}


@pytest.mark.parametrize("name", CASES)
def test_order(posed, name):
    head, domain, conditions = CASES[name]
    problem = posed(f'equation = "wave"\n{head}', domain, conditions)
    errors = []
    for cells in (10, 20):
        found = wave_reference(problem, cells)
        exact = problem.exact(torch.from_numpy(found.x)).value.numpy()
        errors.append(np.linalg.norm(found.values - exact) / np.linalg.norm(exact))
        assert errors[-1] < found.uncertainty
    assert math.log2(errors[0] / errors[1]) > 3


def test_plain_order(posed):
    head, domain, conditions = CASES["string"]
    problem = posed(f'equation = "wave"\n{head}', domain, conditions)
    errors = []
    for cells in (20, 40):
        x, values = stepped(problem, cells, 4, 3 * cells)
        at = np.concatenate([x, np.full((len(x), 1), 1.3)], 1)
        errors.append(np.abs(values[-1] - problem.exact(torch.from_numpy(at)).value.numpy()).max())
    assert math.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.2)


def test_what_has_none(posed):
    cube = 'shape = "box"\nlow = [0, 0, 0]\nhigh = [1, 1, 1]\nduration = 1'
    rest = [{"kind": '"initial"'}, {"on": '"boundary"', "kind": '"dirichlet"'}]
    assert no_leapfrog(posed('equation = "wave"\nspeed = 1', cube, rest))
    assert no_leapfrog(posed('equation = "wave"\nspeed = 1', STRING, rest)) is None
