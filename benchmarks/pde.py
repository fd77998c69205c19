"""Boundary-value problems: error against seconds, blind, beside a rival and a classical solver.

    python benchmarks/pde.py

Seconds are those of solving, on the wall; imports and judging are not counted. Our settings are the
program's own: nothing is chosen by the exact solution.
"""

from __future__ import annotations

import math
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from machine import describe_machine, source_commit
from record import Record, SettingsDiffer

HERE = Path(__file__).parent
METHODS = ("ours", "levenberg-marquardt", "soap 30 s", "adam 30 s", "fastlsq", "fastlsq tuned", "classical")
ALL_WEIGHTS = ("P1", "H1 (1,4,1)", "cubic")
"""Cases for the methods that train all weights."""
TRAINING_SECONDS = 30.0


@click.command()
@click.option("--case", "names", multiple=True, help="Of pde_cases.py; all unless given.")
@click.option("--method", "methods", multiple=True, type=click.Choice(METHODS))
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="JSON, new or to be extended; table beside it."
)
def pde(
    names: tuple[str, ...], methods: tuple[str, ...], threads: int, seeds: int, output: Path | None
) -> None:
    """Solve every case by every method."""
    os.environ["OMP_NUM_THREADS"] = str(threads)
    import torch
    from pde_cases import CASES
    from rival_fastlsq import available

    torch.set_num_threads(threads)
    torch.set_default_dtype(torch.float64)  # what fastlsq computes in; we always do
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"pde-{now:%Y%m%d-%H%M}.json"
    try:
        record = Record(output, {**describe_machine(now), "settings": {"threads": threads}})
    except SettingsDiffer as error:
        raise click.UsageError(f"{output} cannot be extended: {error}") from None
    for name in names or CASES:
        for seed in range(seeds):
            for method in methods or METHODS:
                if record.find(name, seed, method) is not None:
                    continue
                problem = CASES[name]()
                if not _fits(problem, name, method, rival=available()):
                    continue
                row = {"case": name, "seed": seed, "method": method, "commit": source_commit()}
                row |= _measured(problem, seed, method)
                record.add(row)
                click.echo(_line(row))
                output.with_suffix(".md").write_text(_table(record.document), encoding="utf-8")


def _fits(problem: Any, name: str, method: str, *, rival: bool) -> bool:
    """fastlsq is given linear boxes with real exact solutions; it knows neither our columns nor layers."""
    from sdf_siren.domains import Box
    from sdf_siren.metrics import no_classical

    if method == "ours":
        return True
    if method == "classical":
        return problem.exact is not None and no_classical(problem) is None and problem.singular is None
    if not method.startswith("fastlsq"):
        return name in ALL_WEIGHTS
    box = isinstance(problem.domain, Box) and problem.operator.is_linear
    return rival and box and problem.exact is not None and problem.layer is None


def _measured(problem: Any, seed: int, method: str) -> dict[str, Any]:
    if method == "classical":
        return _classical(problem)
    if method.startswith("fastlsq"):
        return _rival(problem, seed, method)
    if method.endswith("30 s"):
        return _trained(problem, seed, method.split()[0])
    return _ours(problem, seed, "auto" if method == "ours" else "levenberg_marquardt")


def _classical(problem: Any) -> dict[str, Any]:
    """Leapfrog, finite differences or finite elements, on two grids or meshes."""
    import torch

    from sdf_siren.metrics.classical import reference

    found = reference(problem)
    exact = problem.exact(torch.from_numpy(found.x)).value
    error = float((torch.from_numpy(found.values) - exact).norm() / exact.norm())
    return {"error": error, "seconds": round(found.seconds, 2), "width": found.method}


def _trained(problem: Any, seed: int, optimizer: str) -> dict[str, Any]:
    """All weights by a first-order optimizer for a time: steps are fixed by timing some of them first."""
    from sdf_siren.fitting.residual_training import WIDTH, ResidualTraining

    trial = ResidualTraining(problem, steps=100, optimizer=optimizer, seed=seed)
    start = time.perf_counter()
    trial.trainer.run()
    steps = int(100 * TRAINING_SECONDS / (time.perf_counter() - start))
    training = ResidualTraining(problem, steps=steps, optimizer=optimizer, seed=seed)
    start = time.perf_counter()
    training.trainer.run()
    seconds = time.perf_counter() - start
    return {
        "seconds": round(seconds, 2),
        "indicator": training.indicator(),
        "width": f"{WIDTH}, {steps} steps",
        **_judged(problem, training.solution, seed),
    }


def _ours(problem: Any, seed: int, solver: str) -> dict[str, Any]:
    from sdf_siren.fitting import solve_problem

    start, cpu = time.perf_counter(), time.process_time()
    found = solve_problem(problem, solver=solver, seed=seed)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    last = found.history[-1] if found.history else {}  # the start was good enough
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "indicator": found.indicator,
        "trials": len(found.history),
        "width": last.get("width", "128"),
        "reason": found.reason,
        **_judged(problem, found.solution, seed),
    }


def _judged(problem: Any, solution: Any, seed: int) -> dict[str, Any]:
    """The relative L2 error where the solution is known; else what the maximum principle allows, and the
    difference from another seed's solution."""
    from sdf_siren.fitting import solve_problem
    from sdf_siren.fitting.least_squares import influence

    x = problem.domain.interior(5000, 123)
    value = solution.value(x)
    if problem.exact is not None:
        exact = problem.exact(x).value
        away = x.norm(dim=1) > 0.03 if problem.layer is not None else slice(None)
        error = (value - exact)[away].abs()
        return {
            "error": float(error.norm() / exact[away].abs().norm()),
            "maximum_error": float(error.max() / exact[away].abs().max()),
        }
    x = problem.domain.interior(40_000, 78)
    inside = float(solution.residual(problem.interior_rows(x)).abs().max()) * influence(problem)
    edge = _boundary_miss(problem, solution)
    other = solve_problem(problem, seed=seed + 100).solution.value(x)
    value = solution.value(x)
    return {
        "error": float((value - other).norm() / value.norm()),
        "bound": (inside + edge) / float(value.abs().max()),
        "boundary_bound": edge,
        "note": "error: difference from another seed",
    }


def _boundary_miss(problem: Any, solution: Any) -> float:
    pieces = problem.boundary_pieces(20_000, 77)
    return max(float(solution.residual(c.rows(on)).abs().max()) for c, on in pieces)


def _rival(problem: Any, seed: int, method: str) -> dict[str, Any]:
    from rival_fastlsq import solve

    try:
        return solve(problem, seed, tuned=method == "fastlsq tuned")
    except Exception as error:
        return {"error": math.nan, "seconds": math.nan, "reason": f"{type(error).__name__}: {error}"[:200]}


def _line(row: dict[str, Any]) -> str:
    settings = f"width {row['width']}" if "width" in row else f"scale {row.get('scale')}"
    bound = f", bound {row['bound']:.1e}" if "bound" in row else ""
    return (
        f"| {row['case']} | {row['method']} | {row['error']:.1e}{bound} | {row['seconds']} | {settings} "
        f"| {row.get('reason', '')} |"
    )


def _table(document: dict[str, Any]) -> str:
    head = (
        f"# Boundary-value problems, {document['date']}\n\n{document['machine']}\n\n{document['settings']}\n"
    )
    lines = [
        "| case | method | relative L2 error | s | settings | why it stopped |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([head, *lines, *(_line(row) for row in document["rows"])]) + "\n"


if __name__ == "__main__":
    pde()
