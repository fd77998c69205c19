"""Problems with solutions that are known, and solutions that are no networks."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
import torch

from sdf_siren.conditions import Ansatz, Solution
from sdf_siren.conditions.rows import Rows
from sdf_siren.fields import Siren, SirenShape
from sdf_siren.io.problem_file import parse_problem
from sdf_siren.jets import JetFunction


@dataclass(frozen=True)
class Known(Solution):
    """A solution given by a formula: the network is there for its size only."""

    function: JetFunction | None = None

    def of(self, *several: Rows):
        return tuple(rows.of(self.function(rows.x)) for rows in several)


def _zeros(dimension):
    shape = SirenShape(inputs=dimension, width=4, hidden_layers=0)
    sizes = list(pairwise(shape.sizes))
    weights = [torch.zeros(out, into, dtype=torch.float64) for into, out in sizes]
    return Siren(shape, weights, [torch.zeros(out, dtype=torch.float64) for _, out in sizes])


@pytest.fixture
def known():
    """``known(function, dimension)`` as a solution."""

    def make(function, dimension=2):
        return Known(Ansatz(), _zeros(dimension), None, function)

    return make


@pytest.fixture
def posed():
    """``posed(equation=..., domain=..., conditions=...)`` as a problem on the unit square, zero outside."""

    def pose(head, domain='shape = "box"\nlow = [0, 0]\nhigh = [1, 1]', conditions=None):
        conditions = conditions or [{"on": '"boundary"', "kind": '"dirichlet"', "value": '"exact"'}]
        text = "\n".join(
            "[[conditions]]\n" + "\n".join(f"{key} = {value}" for key, value in condition.items())
            for condition in conditions
        )
        return parse_problem(f"{head}\n[domain]\n{domain}\n{text}\n")

    return pose
