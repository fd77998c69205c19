"""The sheet of a solved equation: the solution, its error or residual, and how it was approached."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sdf_siren.artifacts import Grid
from sdf_siren.render.charts import heat_map, line_chart, write_charts
from sdf_siren.render.scales import Axis
from sdf_siren.render.slowness_sheet import MAIN, slowness_charts


def write_sheet(
    grid: Grid, path: str | os.PathLike[str], history: Sequence[Mapping[str, float]] = ()
) -> None:
    """Write a PNG with the charts side by side; of more than two coordinates, the slice in the middle.

    Args:
        grid: with the functions ``u``, ``residual`` and perhaps ``error``; or a squared slowness.
        path: where to write; appears only when complete.
        history: with ``seconds`` and ``indicator`` each; without any there is no third chart.

    Raises:
        UsageError: the folder of ``path`` cannot be written.
    """
    charts = slowness_charts(grid) if MAIN in grid.values else solution_charts(grid)
    found = [(entry["seconds"], entry["indicator"]) for entry in history]
    steps = [(s, i) for s, i in found if np.isfinite(i) and i > 0]
    if steps:
        seconds, indicators = np.array(steps, dtype=float).T
        best = np.minimum.accumulate(indicators)
        lines = [("each trial", seconds, indicators), ("the best so far", seconds, best)]
        charts.append(line_chart(lines, "seconds", "residual on fresh points", logarithmic=True))
    write_charts(charts, path)


def solution_charts(grid: Grid) -> list[Image.Image]:
    """The solution, and its error where that is known, else the residual."""
    u = _slice(grid.values["u"])
    second = "error" if "error" in grid.values else "residual"
    size = np.abs(_slice(grid.values[second]))
    name = f"size of the {second}"
    if np.isfinite(size).any():
        name += f", at most {size[np.isfinite(size)].max():.2g}"
    if len(grid.axes) == 1:
        ((axis, x),) = grid.axes.items()
        lines = (
            [("", x, u.real)] if not np.iscomplexobj(u) else [("real", x, u.real), ("imaginary", x, u.imag)]
        )
        return [
            line_chart(lines, axis, _shortened(grid.title) or "u"),
            line_chart([("", x, size)], axis, name, logarithmic=True),
        ]
    (first, x), (other, y) = list(grid.axes.items())[:2]
    axes = Axis(first, x[0], x[-1]), Axis(other, y[0], y[-1])
    title = _shortened(grid.title) or "u"
    shown = u.real
    return [
        heat_map(
            shown, *axes, f"{title}{' (real part)' * np.iscomplexobj(u)}", signed=_has_both_signs(shown)
        ),
        heat_map(size, *axes, name, signed=False, logarithmic=True),
    ]


def _has_both_signs(values: NDArray[np.floating]) -> bool:
    """More than by a rounded zero."""
    finite = values[np.isfinite(values)]
    return bool(len(finite)) and bool(min(finite.max(), -finite.min()) > 0.01 * np.abs(finite).max())


def _slice(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """The first two axes, in the middle of all others."""
    return (
        values[(slice(None), slice(None), *(n // 2 for n in values.shape[2:]))] if values.ndim > 2 else values
    )


def _shortened(title: str) -> str:
    return title if len(title) <= 44 else title[:41] + "..."
