"""The readable side of a benchmark's results."""

from __future__ import annotations

from typing import Any

_HEAD = (
    *(
        "case",
        "points",
        "method",
        "completeness",
        "of Poisson",
        "accuracy",
        "Hausdorff",
        "normals",
        "F 0.1 %",
    ),
    *("parts", "closed", "CPU s", "wall s", "MiB"),
)


def markdown(record: dict[str, Any]) -> str:
    """The machine, the settings and one row per case and method; lengths are 1e-3 of the cube's unit."""
    machine, settings = record["machine"], record["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    lines = [
        f"{record['date']}, {machine['cpu']}, {settings['threads']} thread(s), extraction at resolution "
        f"{settings['resolution']}; {versions}.",
        "",
        "Lengths in thousandths of the cube's unit, where half the scan's longest side is 0.9.",
        "",
        f"| {' | '.join(_HEAD)} |",
        f"|{'|'.join('---' if i in (0, 2) else '--:' for i in range(len(_HEAD)))}|",
    ]
    best = {
        row["case"]: row["surface"]["completeness"]
        for row in record["rows"]
        if row["method"] == "poisson" and "surface" in row
    }
    lines += [_row(row, best.get(row["case"])) for row in record["rows"]]
    return "\n".join(lines) + "\n"


def _row(row: dict[str, Any], poisson: float | None) -> str:
    if "error" in row:
        return f"| {row['case']} | | {row['method']} | {row['error']} |" + " |" * (len(_HEAD) - 4)
    surface, topology = row["surface"], row["topology"]
    method = row["method"]
    method += f" (depth {row['depth']})" if "depth" in row else ""
    method += f" ({row['steps']} steps)" if "steps" in row else ""
    cells = (
        row["case"],
        f"{row['points']}",
        method,
        _number(surface["completeness"], 1e3),
        "" if poisson is None else f"{surface['completeness'] / poisson:.2f}",
        _number(surface["accuracy"], 1e3),
        _number(surface["hausdorff"], 1e3, 1),
        _number(surface["normal_consistency"], 1, 4),
        _number(surface["f_score"]["0.1"], 1, 3),
        f"{topology['components']}",
        "yes" if topology["watertight"] else "no",
        f"{row['cpu_seconds']:.1f}",
        f"{row['wall_seconds']:.1f}",
        f"{row['peak_memory_mib']:.0f}",
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float | None, factor: float, digits: int = 3) -> str:
    return "" if value is None else f"{value * factor:.{digits}f}"
