"""The grid and the error of a squared slowness, on one that is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sdf_siren.conditions import AbsorbingLayer, InverseProblem, PointSource, Survey
from sdf_siren.domains import Ball, Box
from sdf_siren.expressions import parse
from sdf_siren.metrics.slowness import shown_square, slowness_error, slowness_grid

EXACT = parse("1 + x", ("x", "y"))


def problem(exact=EXACT):
    survey = Survey(
        1.0,
        (PointSource((0.5, 0.0), 0.1),),
        torch.tensor([[-0.3, 0.6]], dtype=torch.float64),
        Box([-1, -1], [1, 1]),
        AbsorbingLayer((-1, -1), (1, 1), 0.1),
        Ball([0, 0], 0.4),
    )
    return InverseProblem(survey, torch.ones(1, 1), exact=exact, title="T")


def found(factor):
    return SimpleNamespace(value=lambda x: 1 + factor * x[:, 0])


def test_error():
    error = slowness_error(problem(), found(1.5))
    assert error.relative_error == pytest.approx(0.5)
    assert error.largest_error == pytest.approx(0.2, rel=0.02)
    assert slowness_error(problem(), found(1.0)).relative_error < 1e-15


def test_no_error_without_the_truth():
    assert slowness_error(problem(None), found(1)) is None


def test_the_square_holds_everything():
    low, high = shown_square(problem())
    assert (high - low).tolist() == pytest.approx([1.1, 1.1])
    assert bool((low < torch.tensor([-0.4, -0.4])).all())
    assert bool((high > torch.tensor([0.5, 0.6])).all())


def test_grid():
    grid = slowness_grid(problem(), found(2), 12)
    assert grid.shape == (13, 13)
    assert grid.title == "T"
    assert list(grid.values) == ["squared_slowness", "exact", "error"]
    x = grid.axes["x"][:, None].repeat(13, 1)
    assert np.allclose(grid.values["squared_slowness"], 1 + 2 * x)
    assert np.allclose(grid.values["error"], np.abs(x))
    assert list(slowness_grid(problem(None), found(2), 12).values) == ["squared_slowness"]
    assert slowness_grid(problem(None), found(2)).shape == (161, 161)
