"""What is said at the end of a run, and in place of one by ``--dry-run``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sdf_siren.engine.run import Outcome
from sdf_siren.engine.standing import Request


def outcome_lines(outcome: Outcome) -> list[str]:
    """Output path, what the mesh is, how well it fits, and how long it took."""
    if outcome.already_done:
        return [f"{outcome.output}: finished before; there is nothing to do"]
    lines = [f"{outcome.output}{_mesh(outcome.measures)}"]
    if "residual_median" in outcome.measures:
        median, high = outcome.measures["residual_median"], outcome.measures["residual_p95"]
        lines.append(
            f"fit residual at the scan's points: median {median:.3g}, 95 % {high:.3g} (scan's units)"
        )
    lines += _equation(outcome.measures, outcome.seconds)
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    lines.append(f"{stages}; in all {sum(outcome.seconds.values()):.1f} s")
    if outcome.folder is not None:
        lines.append(f"run folder {outcome.folder}")
    return lines


def _mesh(measures: Mapping[str, Any]) -> str:
    if "faces" not in measures:
        return ""
    closed = "watertight" if measures["watertight"] else f"open ({measures['boundary_edges']} boundary edges)"
    count = measures["components"]
    return f": {measures['faces']:,} faces, {closed}, {count} component{'s' * (count != 1)}"


def _equation(measures: Mapping[str, Any], seconds: Mapping[str, float]) -> list[str]:
    """Of a solved equation: how, and how well, and a classical solver beside it."""
    if "solver" not in measures:
        return []
    lines = [f"solved in {seconds.get('fit.pde', 0.0):.2f} s by {measures['solver']}: {measures['reason']}"]
    if "residual" in measures:
        residual, source = measures["residual"], measures["source"]
        lines.append(
            f"residual of the equation {residual:.2g} (right-hand side {source:.3g}), "
            f"boundary miss {measures['boundary_miss']:.2g}; root mean squares at fresh points"
        )
    if "relative_error" in measures:
        error, largest = measures["relative_error"], measures["largest_error"]
        lines.append(f"error against the exact solution: relative L2 {error:.2g}, largest {largest:.2g}")
    if "classical" in measures:
        found = measures["classical"]
        own = (
            f"{found['uncertainty']:.2g} by its own estimate"
            if found["error"] is None
            else f"{found['error']:.2g}"
        )
        lines.append(
            f"finite differences, {found['cells']} cells a side, extrapolated: {found['seconds']:.2f} s, "
            f"error {own}; differs from ours by {found['difference']:.2g}"
        )
    return lines


def plan_lines(request: Request, plan: list[tuple[str, list[str]]]) -> list[str]:
    """What would happen."""
    lines = [request.pipeline.title] if request.pipeline.title else []
    for name, said in plan:
        labels = [name, *[""] * len(said)]
        lines += [f"  {label:<15} {text}".rstrip() for label, text in zip(labels, said or [""], strict=False)]
    folder = request.folder.path if request.folder and request.keep_folder else "not kept"
    return [*lines, f"output {request.output}, run folder {folder}; nothing was written"]
