"""Measurements for data/problems/inverse_helmholtz.toml, by another method than the one that inverts them.

    python benchmarks/survey_data.py -o data/problems/inverse_helmholtz.npz

The scattered field is found by central differences on grids of 240 and 480 cells a side (63 and 126 in a
wave), extrapolated, read off at the receivers by cubic splines, and disturbed by 1 % of noise. The inversion
uses networks at scattered points: nothing is shared but the equation, its absorbing layer and the incident
field in closed form.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--cells", type=click.IntRange(40), default=240, show_default=True, help="Of the coarse grid.")
@click.option(
    "--noise", type=click.FloatRange(0, 1), default=0.01, show_default=True, help="Of the data's RMS."
)
def survey_data(output: Path, cells: int, noise: float) -> None:
    """Simulate 8 sources and 48 receivers around a slow and a fast spot at k = 12."""
    import numpy as np

    places = _ring(8, 0.44), _ring(48, 0.46, 0.03)
    coarse, fine = (_heard(*places, n) for n in (cells, 2 * cells))
    heard = fine + (fine - coarse) / 3
    size = np.sqrt(np.mean(np.abs(heard) ** 2))
    draws = np.random.default_rng(0).standard_normal((2, *heard.shape))
    disturbed = heard + noise * size / math.sqrt(2) * (draws[0] + 1j * draws[1])
    np.savez(output, sources=places[0], receivers=places[1], heard=disturbed)
    moved = float(np.linalg.norm(heard - fine) / np.linalg.norm(heard))
    click.echo(json.dumps({"cells": 2 * cells, "moved by the extrapolation": moved, "noise": noise}))


def _ring(count: int, radius: float, start: float = 0.0) -> Any:
    import numpy as np

    angle = start + np.arange(count) * 2 * math.pi / count
    return radius * np.stack([np.cos(angle), np.sin(angle)], 1)


def _truth(x: Any, y: Any) -> Any:
    """A slow and a fast spot."""
    import numpy as np

    slow = 0.4 * np.exp(-((x - 0.1) ** 2 + (y + 0.08) ** 2) / (2 * 0.09**2))
    fast = 0.25 * np.exp(-((x + 0.15) ** 2 + (y - 0.1) ** 2) / (2 * 0.07**2))
    return 1 + slow - fast


def _heard(sources: Any, receivers: Any, cells: int) -> Any:
    """The scattered field (r, s) on a grid over [-1, 1]^2 with a layer of 0.5."""
    import numpy as np
    import torch
    from scipy.interpolate import RectBivariateSpline
    from scipy.sparse.linalg import splu

    from sdf_siren.conditions import AbsorbingLayer, BoundaryCondition, PointSource, Problem, helmholtz
    from sdf_siren.domains import Box
    from sdf_siren.jets import Jet
    from sdf_siren.metrics.finite_differences import Nodes

    k = 12.0
    box, layer = Box([-1, -1], [1, 1]), AbsorbingLayer((-1, -1), (1, 1), 0.5)

    def wavenumber(x: torch.Tensor) -> Jet:
        value = k * torch.from_numpy(np.sqrt(_truth(*x.numpy().T)))
        return Jet(value, torch.zeros_like(x), torch.zeros(*x.shape, 2))

    problem = Problem(
        box, helmholtz(wavenumber, layer), None, (BoundaryCondition("dirichlet", box.parts),), layer=layer
    )
    grid = Nodes(problem, cells)
    matrix, _ = grid.system()
    inner = grid.has_equation
    factors = splu(matrix.tocsc())
    change = k * k * (_truth(*grid.x.T) - 1)
    axis = np.linspace(-1, 1, cells + 1)
    found = []
    for place in sources.tolist():
        incident = PointSource(tuple(place), 0.02).field(torch.from_numpy(grid.x), k, layer).value.numpy()
        field = factors.solve(np.where(inner, -change * incident, 0)).reshape(cells + 1, cells + 1)
        splines = [RectBivariateSpline(axis, axis, part) for part in (field.real, field.imag)]
        real, imag = (spline.ev(*receivers.T) for spline in splines)
        found.append(real + 1j * imag)
    return np.stack(found, 1)


if __name__ == "__main__":
    survey_data()
