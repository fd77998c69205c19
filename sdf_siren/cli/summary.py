"""What is said at the end of a run, and in place of one by ``--dry-run``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from sdf_siren.engine.folder import REPORT
from sdf_siren.engine.run import Outcome
from sdf_siren.engine.standing import Request

LEAST_TOLD = 0.0005
"""Share of normals or points that is told: what does not round to zero."""


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
        against = outcome.measures.get("normals_against") or 0.0
        if against >= LEAST_TOLD:
            lines[-1] += f"; {100 * against:.1f} % of its normals are against the surface"
    lines += _support(outcome.measures)
    lines += _equation(outcome.measures, outcome.seconds)
    lines += _slowness(outcome.measures)
    lines += _signal(outcome.measures)
    stages = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in outcome.seconds.items())
    lines.append(f"{stages}; in all {sum(outcome.seconds.values()):.1f} s")
    if outcome.folder is not None:
        report = outcome.folder / REPORT
        lines.append(f"run folder {outcome.folder}" + f", report {report}" * report.exists())
    return lines


def _mesh(measures: Mapping[str, Any]) -> str:
    if "faces" not in measures:
        return ""
    closed = "watertight" if measures["watertight"] else f"open ({measures['boundary_edges']} boundary edges)"
    count = measures["components"]
    return f": {measures['faces']:,} faces, {closed}, {count} component{'s' * (count != 1)}"


def _support(measures: Mapping[str, Any]) -> list[str]:
    """How much of the mesh nobody measured, and how much of the scan it leaves out."""
    if "support" not in measures:
        return []
    share, far = measures["support"]["beyond"]["3"], "more than 3 spacings from the scan"
    if measures.get("surface") == "open" and not measures.get("watertight"):  # and nobody asked to fill it
        told = f"open: {100 * share:.1f} % of the surface is {far}"
    else:
        told = f"{100 * share:.1f} % of the surface is filled in ({far})"
    missed = measures.get("points_missed") or 0.0
    if missed >= LEAST_TOLD:
        told += f"; {100 * missed:.1f} % of the scan's points are as far from it"
    return [told]


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
    if "largest_error" in measures:
        relative = measures.get("relative_error")  # none where the solution is zero
        told = "" if relative is None else f"relative L2 {relative:.2g}, "
        lines.append(f"error against the exact solution: {told}largest {measures['largest_error']:.2g}")
    if "classical" in measures:
        found = measures["classical"]
        own = (
            f"{found['uncertainty']:.2g} by its own estimate"
            if found["error"] is None
            else f"{found['error']:.2g}"
        )
        lines.append(
            f"{found['method']}: {found['seconds']:.2f} s, error {own}; "
            f"differs from ours by {found['difference']:.2g}"
        )
    return lines


def _slowness(measures: Mapping[str, Any]) -> list[str]:
    """Of a squared slowness: how well it explains the measurements, and how near it is."""
    if "misfit" not in measures:
        return []
    line = f"misfit of what receivers heard {measures['misfit']:.2g}"
    if "held_out_misfit" in measures:
        line += f", of receivers held out {measures['held_out_misfit']:.2g}"
    lines = [f"{line}; regularisation {measures['strength']:g}"]
    if "slowness" in measures:
        error, largest = measures["slowness"]["relative_error"], measures["slowness"]["largest_error"]
        lines.append(
            f"error of the squared slowness: relative L2 of what differs from one {error:.2g}, "
            f"largest {largest:.2g}"
        )
    return lines


def _signal(measures: Mapping[str, Any]) -> list[str]:
    """Of a fitted image, sound or video: how near it is, and other networks beside it."""
    if not {"psnr", "parameters"} <= measures.keys():
        return []
    lines = [f"{measures['parameters']:,} parameters; at the samples PSNR {_decibels(measures['psnr'])}"]
    if "ssim" in measures:
        lines[0] += f", SSIM {measures['ssim']:.4f}"
    if "held_out_psnr" in measures:
        lines[0] += f"; at samples kept back from the fit {_decibels(measures['held_out_psnr'])}"
    derivatives = {"gradient": "gradient_psnr", "Laplacian": "laplacian_psnr"}
    told = [f"{name} {_decibels(measures[key])}" for name, key in derivatives.items() if key in measures]
    if told:
        lines.append(f"derivatives: {', '.join(told)}")
    if "integral_seconds" in measures:
        psnr, took = _decibels(measures["integral_psnr"]), measures["integral_seconds"]
        lines.append(f"the classical integral of the same derivatives: {psnr} in {took:.3f} s")
    for name, (parameters, steps, seconds, scores) in measures.get("comparison", {}).items():
        told = [f"{what} {_decibels(score):>9}" for what, score in scores.items()]
        lines.append(
            f"  {name:<25} {', '.join(told)}  ({parameters:,} parameters, {steps:,} steps, {seconds:.1f} s)"
        )
    if "comparison_sheet" in measures:
        lines.append(f"comparison {measures['comparison_sheet']}")
    return lines


def _decibels(value: float | None) -> str:
    """A record has nothing where a fit is exact."""
    return "exact" if value is None or value == math.inf else f"{value:.2f} dB"


def plan_lines(request: Request, plan: list[tuple[str, list[str]]]) -> list[str]:
    """What would happen."""
    lines = [request.pipeline.title] if request.pipeline.title else []
    for name, said in plan:
        labels = [name, *[""] * len(said)]
        lines += [f"  {label:<15} {text}".rstrip() for label, text in zip(labels, said or [""], strict=False)]
    folder = request.folder.path if request.folder and request.keep_folder else "not kept"
    return [*lines, f"output {request.output}, run folder {folder}; nothing was written"]
