"""The sheet of a squared slowness: found, true, their difference, and what receivers heard and would hear."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sdf_siren.artifacts import Grid
from sdf_siren.render.charts import heat_map, line_chart, write_charts
from sdf_siren.render.scales import Axis, Floats

MAIN = "squared_slowness"
"""The function of such grids."""


@dataclass(frozen=True, eq=False)
class Hearing:
    """Who fired, who listened, and what was heard.

    Attributes:
        sources: positions (s, 2).
        receivers: positions (r, 2).
        heard: as measured, (r, s) complex128.
        predicted: what receivers would hear of what was found, likewise.
    """

    sources: Floats
    receivers: Floats
    heard: NDArray[np.complex128]
    predicted: NDArray[np.complex128]


def write_slowness_sheet(grid: Grid, path: str | os.PathLike[str], hearing: Hearing) -> None:
    """Write a PNG with the charts side by side, sources and receivers in the pictures.

    Args:
        grid: with the functions ``squared_slowness`` and perhaps ``exact`` and ``error``.
        path: where to write; appears only when complete.
        hearing: of the last chart.

    Raises:
        UsageError: the folder of ``path`` cannot be written.
    """
    charts = slowness_charts(grid, (hearing.receivers, hearing.sources))
    write_charts([*charts, _hearing_chart(hearing)], path)


def slowness_charts(grid: Grid, marks: tuple[Floats, ...] = ()) -> list[Image.Image]:
    """What was found, and where they are known the truth, with the same colours, and the difference."""
    (x_name, x), (y_name, y) = grid.axes.items()
    axes = Axis(x_name, x[0], x[-1]), Axis(y_name, y[0], y[-1])
    shown = [("squared slowness, found", np.real(grid.values[MAIN]))]
    if "exact" in grid.values:
        shown.append(("squared slowness, true", np.real(grid.values["exact"])))
    ends = min(v.min() for _, v in shown), max(v.max() for _, v in shown)
    ends = ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[1] + 0.5)
    charts = [heat_map(v, *axes, name, signed=False, ends=ends, marks=marks) for name, v in shown]
    if "exact" in grid.values:
        miss = np.real(grid.values[MAIN]) - np.real(grid.values["exact"])
        name = f"found - true, at most {np.abs(miss).max():.2g}"
        charts.append(heat_map(miss, *axes, name, signed=True))
    return charts


def _hearing_chart(hearing: Hearing) -> Image.Image:
    """The size of what every receiver heard of the first source."""
    number = np.arange(1.0, len(hearing.heard) + 1)
    miss = np.linalg.norm(hearing.predicted - hearing.heard) / np.linalg.norm(hearing.heard)
    lines = [
        ("measured", number, np.abs(hearing.heard[:, 0])),
        ("predicted", number, np.abs(hearing.predicted[:, 0])),
    ]
    title = f"heard of the first source; misfit of all {miss:.2g}"
    return line_chart(lines, "receiver", title, pale=True, beside=130)
