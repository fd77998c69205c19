"""The readable side of a benchmark's results: tables as .md and a plot as .png beside the JSON.

python benchmarks/report.py FILE.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cases import SUBSETS
from methods import METHODS
from summary import Summary, figure, ratio, rival, summaries

Row = dict[str, Any]

_CASES = (
    *("case", "seed", "points", "method", "completeness", "of Poisson", "accuracy", "Hausdorff"),
    *("of Poisson", "normals", "F 0.1 %", "eikonal", "parts", "closed"),
    *("command s", "CPU s", "fit s", "extract s", "MiB", "GFLOP/s"),
)
_HOLES = (
    *("case", "seed", "method", "seen %", "completeness", "of Poisson", "accuracy", "Hausdorff"),
    *("of Poisson", "invented %"),
)
_SUMMARY = (
    *("subset", "method", "rows", "completeness", "Hausdorff", "near: completeness", "near: Hausdorff"),
    *("normals", "× paper", "invented %", "in pieces", "failed", "command s", "eikonal"),
)
_TEXTS = {"case", "method", "subset", "leaves the cube", "decided", "wanted"}


def markdown(document: dict[str, Any]) -> str:
    """The machine, the settings, the summary and every row; lengths are 1e-3 of the cube's unit."""
    machine, settings, rows = document["machine"], document["settings"], _in_order(document["rows"])
    versions = ", ".join(f"{name} {version}" for name, version in document["versions"].items())
    resolution = settings["resolution"] or "left to the program"
    holes = [row for row in rows if "near_scan" in row]
    lines = [
        f"{document['date']}, {machine['cpu']}, {settings['threads']} thread(s), device "
        f"{settings['device']}, resolution {resolution}; {versions}.",
        *document.get("notes", ()),
        "",
        "Seconds are those of the whole command. Ratios are to screened Poisson at its best depth on the "
        "same points: median / worst over cases and seeds.",
        "",
        *table(_SUMMARY, map(_summary_cells, summaries(rows, SUBSETS, METHODS))),
        "",
        "Lengths in thousandths of the cube's unit, where half the scan's longest side is 0.9. GFLOP/s are "
        "those of a large product just before: how fast the machine was.",
        "",
        *table(_CASES, (_case_cells(row, rows) for row in rows)),
    ]
    if holes:
        lines += [
            "",
            "Scans with holes, judged only within 20 thousandths of the scan's points; invented is the "
            "share of the whole mesh that is farther than that from the true surface.",
            "",
            *table(_HOLES, (_hole_cells(row, rows) for row in holes)),
        ]
    return "\n".join(lines) + "\n"


def row_line(row: Row, rows: Sequence[Row]) -> str:
    """One row of the table, for the terminal."""
    return f"| {' | '.join(_case_cells(row, rows))} |"


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(
        rows,
        key=lambda row: (
            *(SUBSETS.index(row["subset"]), row["case"], row["seed"], METHODS.index(row["method"])),
        ),
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table in Markdown; columns of numbers stand to the right."""
    rule = "|".join("---" if name in _TEXTS else "--:" for name in head)
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {' | '.join(cells)} |" for cells in rows)]


def _case_cells(row: Row, rows: Sequence[Row]) -> list[str]:
    method = row["method"]
    method += f" (depth {row['depth']})" if "depth" in row else ""
    method += f" ({row['steps']} steps)" if "steps" in row else ""
    if "error" in row:
        return [row["case"], f"{row['seed']}", "", method, row["error"], *[""] * (len(_CASES) - 5)]
    poisson = rival(rows, row)
    return [
        row["case"],
        f"{row['seed']}",
        f"{row['points']}",
        method,
        _number(figure(row, "surface", "completeness"), 3, 1e3),
        _number(ratio(row, poisson, "surface", "completeness"), 2),
        _number(figure(row, "surface", "accuracy"), 3, 1e3),
        _number(figure(row, "surface", "hausdorff"), 1, 1e3),
        _number(ratio(row, poisson, "surface", "hausdorff"), 2),
        _number(figure(row, "surface", "normal_consistency"), 4),
        _number(figure(row, "surface", "f_score", "0.1"), 3),
        _number(figure(row, "eikonal_band"), 3),
        f"{row['topology']['components']}",
        "yes" if row["topology"]["watertight"] else "no",
        _number(row["whole_command_seconds"], 1),
        _number(row["whole_command_cpu_seconds"], 1),
        _number(_stage_seconds(row, ("fit.", "poisson")), 1),
        _number(_stage_seconds(row, ("extract.",)), 1),
        _number(row["peak_memory_mib"], 0),
        _number(figure(row, "machine_gflops"), 0),
    ]


def _hole_cells(row: Row, rows: Sequence[Row]) -> list[str]:
    poisson = rival(rows, row)
    return [
        row["case"],
        f"{row['seed']}",
        row["method"],
        _number(figure(row, "near_scan", "seen"), 1, 100),
        _number(figure(row, "near_scan", "completeness"), 3, 1e3),
        _number(ratio(row, poisson, "near_scan", "completeness"), 2),
        _number(figure(row, "near_scan", "accuracy"), 3, 1e3),
        _number(figure(row, "near_scan", "hausdorff"), 1, 1e3),
        _number(ratio(row, poisson, "near_scan", "hausdorff"), 2),
        _number(figure(row, "invented"), 2, 100),
    ]


def _summary_cells(summary: Summary) -> list[str]:
    return [
        summary.subset,
        summary.method,
        f"{summary.rows}",
        _pair(summary.completeness, 2),
        _pair(summary.hausdorff, 2),
        _pair(summary.near_completeness, 2),
        _pair(summary.near_hausdorff, 2),
        _pair(summary.normals, 4),
        _pair(summary.of_paper, 1),
        _pair(summary.invented, 2, 100),
        f"{summary.in_pieces}",
        f"{summary.failed}",
        _pair(summary.seconds, 1),
        _pair(summary.eikonal_band, 3),
    ]


def _stage_seconds(row: Row, starts: tuple[str, ...]) -> float | None:
    taken = [stage["wall"] for name, stage in row["stages"].items() if name.startswith(starts)]
    return sum(taken) if taken else None


def _number(value: float | None, digits: int, factor: float = 1) -> str:
    return "" if value is None else f"{value * factor:.{digits}f}"


def _pair(values: tuple[float, float] | None, digits: int, factor: float = 1) -> str:
    return "" if values is None else " / ".join(_number(value, digits, factor) for value in values)


def main(path: Path) -> None:
    """Write the tables, and the plot where matplotlib is installed."""
    document = json.loads(path.read_text(encoding="utf-8"))
    path.with_suffix(".md").write_text(markdown(document), encoding="utf-8")
    written = [path.with_suffix(".md")]
    try:
        from plot import draw
    except ModuleNotFoundError as error:
        sys.stderr.write(f'no plot: {error}; pip install -e ".[benchmark]"\n')
    else:
        draw(document["rows"], path.with_suffix(".png"))
        written.append(path.with_suffix(".png"))
    sys.stdout.write(f"{path}, {', '.join(file.name for file in written)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
