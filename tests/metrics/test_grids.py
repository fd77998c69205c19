"""Solutions on grids: the right values at the right nodes, nothing outside."""

from __future__ import annotations

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet
from sdf_siren.metrics.grids import grid_cells, solution_grid

HEAD = 'equation = "poisson"\nsource = "exact"\nexact = "x^2 + 3*y"'
WIDE = 'shape = "box"\nlow = [0, 0]\nhigh = [2, 1]'
DISK = 'shape = "disk"\ncentre = [0, 0]\nradius = 1'


def test_values(posed, known):
    problem = posed(HEAD, WIDE)
    grid = solution_grid(problem, known(problem.exact), 8)
    assert grid.shape == (9, 5)
    x, y = np.meshgrid(grid.axes["x"], grid.axes["y"], indexing="ij")
    assert np.allclose(grid.values["u"], x**2 + 3 * y, atol=1e-14)
    assert np.allclose(grid.values["gradient"], np.hypot(2 * x, 3), atol=1e-14)
    assert np.array_equal(grid.values["u"], grid.values["exact"])
    assert not grid.values["error"].any()
    inner = np.isfinite(grid.values["residual"])
    assert inner.sum() == 9 * 5 - 4  # the corners have none
    assert np.abs(grid.values["residual"][inner]).max() < 1e-13


def test_outside_is_nothing(posed, known):
    problem = posed(HEAD, DISK)
    grid = solution_grid(problem, known(problem.exact), 20)
    x, y = np.meshgrid(grid.axes["x"], grid.axes["y"], indexing="ij")
    inside = np.hypot(x, y) <= 1 + 1e-12
    for values in grid.values.values():
        assert np.array_equal(np.isfinite(values), inside)


def test_chunks_give_what_one_pass_gives(posed, known, monkeypatch):
    problem = posed(HEAD, DISK)
    whole = solution_grid(problem, known(problem.exact), 20)
    monkeypatch.setattr("sdf_siren.metrics.equations._NUMBERS", 1)
    reports = []
    chunked = solution_grid(problem, known(problem.exact), 20, progress=reports.append)
    for name, values in whole.values.items():
        assert np.array_equal(values, chunked.values[name], equal_nan=True), name
    assert [r.done for r in reports][-2:] == [21 * 21 // 64 * 64, 21 * 21]
    assert {r.total for r in reports} == {21 * 21}


def test_complex_values_stay_complex(posed, known):
    head = 'equation = "helmholtz"\nwavenumber = 1\nsource = "exact"\nexact = "exp(i*x)"'
    problem = posed(head)
    grid = solution_grid(problem, known(problem.exact), 4)
    assert np.allclose(grid.values["u"], np.exp(1j * grid.axes["x"])[:, None])
    assert grid.values["gradient"].dtype == np.float64
    assert np.allclose(grid.values["gradient"], 1)


def test_time_takes_as_many_cells_as_space(posed, known):
    domain = 'shape = "interval"\nlow = 0\nhigh = 1\nduration = 100'
    conditions = [{"kind": '"initial"'}, {"on": '"boundary"', "kind": '"dirichlet"'}]
    problem = posed('equation = "wave"\nspeed = 1', domain, conditions)
    assert grid_cells(problem, 30) == (30, 30)
    grid = solution_grid(problem, known(lambda x: Jet.coordinates(x)[1]), 6)
    assert list(grid.axes) == ["x", "t"]
    assert grid.axes["t"][-1] == 100


@pytest.mark.parametrize(("dimension", "cells"), [(1, (1000,)), (2, (160, 160)), (3, (40,) * 3), (5, (8,) * 5)])
def test_defaults(posed, dimension, cells):
    corners = [0.0] * dimension, [1.0] * dimension
    domain = f'shape = "box"\nlow = {corners[0]}\nhigh = {corners[1]}'
    problem = posed('equation = "poisson"', domain, [{"on": '"boundary"', "kind": '"dirichlet"'}])
    assert grid_cells(problem) == cells


def test_thin_sides_keep_some_cells(posed):
    domain = 'shape = "box"\nlow = [0, 0]\nhigh = [100, 1]'
    assert grid_cells(posed(HEAD, domain), 100) == (100, 4)


def test_too_many_nodes(posed):
    with pytest.raises(UsageError, match="--resolution"):
        grid_cells(posed(HEAD, WIDE), 100_000)
