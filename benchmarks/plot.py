"""Error against seconds, as a picture: one panel per subset, one marker per method, one dot per row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import matplotlib
from cases import SUBSETS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from methods import METHODS
from summary import Row, ratio, rival

PANELS = 5
"""In a row."""

MARKERS = {"poisson": "s", "draft": "v", "standard": "o", "high": "^", "paper": "D", "paper10": "X"}
COLOURS = {
    **{"poisson": "#555555", "draft": "#56b4e9", "standard": "#0072b2", "high": "#009e73"},
    **{"paper": "#e69f00", "paper10": "#d55e00"},
}


def draw(rows: Sequence[Row], path: Path) -> None:
    """Ratio of completeness to Poisson's best depth against the whole command's seconds.

    Where a scan has holes, completeness near the scan: over the whole surface it would show what every
    method makes up.
    """
    matplotlib.use("agg")
    subsets = [subset for subset in SUBSETS if any(row["subset"] == subset for row in rows)]
    lines, across = -(-len(subsets) // PANELS), min(PANELS, len(subsets))
    figure = Figure(figsize=(4.2 * across, 4 * lines + 0.4), layout="constrained")
    grid = figure.subplots(lines, across, sharey=True, squeeze=False)
    panels = grid.reshape(-1)[: len(subsets)]
    for empty in grid.reshape(-1)[len(subsets) :]:
        empty.set_axis_off()
    for panel, subset in zip(panels, subsets, strict=True):
        _panel(panel, [row for row in rows if row["subset"] == subset], rows)
        panel.set_title(subset)
        panel.set_xlabel("seconds of the whole command")
    for first in grid[:, 0]:
        first.set_ylabel("completeness error / Poisson's best depth\n(of scans with holes: near the scan)")
    named = {label: handle for panel in panels for handle, label in zip(*_legend(panel), strict=True)}
    order = [method for method in METHODS if method in named]
    figure.legend([named[method] for method in order], order, loc="outside lower center", ncols=len(METHODS))
    figure.savefig(path, dpi=110)


def _panel(panel: Axes, mine: Sequence[Row], rows: Sequence[Row]) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    for axis in (panel.xaxis, panel.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(NullFormatter())
    panel.axhline(1, color=COLOURS["poisson"], linewidth=0.8, zorder=0)
    panel.grid(which="both", linewidth=0.3, alpha=0.6)
    for method in METHODS:
        dots = []
        for row in mine:
            if row["method"] == method and "error" not in row:
                where = "near_scan" if "near_scan" in row else "surface"
                height = ratio(row, rival(rows, row), where, "completeness")
                if height:
                    dots.append((row["whole_command_seconds"], height))
        if dots:
            x, y = zip(*dots, strict=True)
            style = {"color": COLOURS[method], "marker": MARKERS[method]}
            panel.scatter(x, y, s=12, alpha=0.45, linewidths=0, **style)
            # The large marker is the median of both.
            panel.scatter(
                median(x), median(y), s=90, edgecolors="black", linewidths=0.7, label=method, **style
            )


def _legend(panel: Axes) -> tuple[list, list]:
    return panel.get_legend_handles_labels()
