"""What many rows come to: ratios to screened Poisson on the same points, their median and their worst."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

Row = dict[str, Any]


@dataclass(frozen=True)
class Summary:
    """A method over the cases and seeds of a subset; None where nothing was measured.

    Attributes:
        subset, method: of whose rows this is.
        rows: how many there are, and ``failed`` how many ended with an error.
        completeness, hausdorff: (median, worst) ratio to Poisson's best depth.
        near_completeness, near_hausdorff: the same, judged only near the scan.
        normals: (median, worst) difference of the normal consistency to Poisson's.
        of_paper: (median, worst) ratio of the completeness of ``paper`` to this one; above 1 is better.
        invented: (median, worst) share of the mesh's area that is far from the true surface.
        in_pieces: rows whose mesh has more than one component.
        seconds: (median, worst) of the whole command.
        eikonal_band: (median, worst).
    """

    subset: str
    method: str
    rows: int
    failed: int
    completeness: tuple[float, float] | None
    hausdorff: tuple[float, float] | None
    near_completeness: tuple[float, float] | None
    near_hausdorff: tuple[float, float] | None
    normals: tuple[float, float] | None
    of_paper: tuple[float, float] | None
    invented: tuple[float, float] | None
    in_pieces: int
    seconds: tuple[float, float] | None
    eikonal_band: tuple[float, float] | None


def summaries(rows: Sequence[Row], subsets: Iterable[str], methods: Iterable[str]) -> list[Summary]:
    """One for every subset and method that has rows, in the given order."""
    methods = tuple(methods)
    found = []
    for subset in subsets:
        for method in methods:
            mine = [row for row in rows if (row["subset"], row["method"]) == (subset, method)]
            if mine:
                found.append(_summary(subset, method, mine, rows))
    return found


def rival(rows: Sequence[Row], row: Row, method: str = "poisson") -> Row | None:
    """The row of another method on the same points.

    Poisson is not run again on a scan that is the same for all seeds: then it is the row of seed 0.
    """
    for seed in (row["seed"], 0) if row["subset"] == "scans" else (row["seed"],):
        for other in rows:
            if (other["case"], other["seed"], other["method"]) == (row["case"], seed, method):
                return None if "error" in other else other
    return None


def ratio(row: Row, other: Row | None, *path: str) -> float | None:
    """A figure of ``row``, named by its path, over that of ``other``."""
    mine, theirs = figure(row, *path), None if other is None else figure(other, *path)
    return None if mine is None or not theirs else mine / theirs


def figure(row: Row, *path: str) -> float | None:
    """A figure of a row by its path, None where it was not measured."""
    value: Any = row
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _summary(subset: str, method: str, mine: list[Row], rows: Sequence[Row]) -> Summary:
    done = [row for row in mine if "error" not in row]

    def worst_is(worst: Callable[[list[float]], float], values: Iterable[float | None]):
        known = [value for value in values if value is not None]
        return (median(known), worst(known)) if known else None

    def to_poisson(*path: str) -> tuple[float, float] | None:
        return worst_is(max, (ratio(row, rival(rows, row), *path) for row in done))

    def normals(row: Row) -> float | None:
        mine, theirs = (
            None if r is None else figure(r, "surface", "normal_consistency") for r in (row, rival(rows, row))
        )
        return None if mine is None or theirs is None else mine - theirs

    def of_paper(row: Row) -> float | None:
        inverse = ratio(row, rival(rows, row, "paper"), "surface", "completeness")
        return None if inverse is None else 1 / inverse

    return Summary(
        subset=subset,
        method=method,
        rows=len(mine),
        failed=len(mine) - len(done),
        completeness=to_poisson("surface", "completeness"),
        hausdorff=to_poisson("surface", "hausdorff"),
        near_completeness=to_poisson("near_scan", "completeness"),
        near_hausdorff=to_poisson("near_scan", "hausdorff"),
        normals=worst_is(min, map(normals, done)),
        of_paper=worst_is(min, map(of_paper, done)),
        invented=worst_is(max, (figure(row, "invented") for row in done)),
        in_pieces=sum(row["topology"]["components"] > 1 for row in done),
        seconds=worst_is(max, (figure(row, "whole_command_seconds") for row in done)),
        eikonal_band=worst_is(max, (figure(row, "eikonal_band") for row in done)),
    )
