"""Cases times methods: accuracy, topology, time and memory of surface reconstructions.

    python benchmarks/surface.py --data FOLDER

Each reconstruction runs in a process of its own (job.py), one after another, so that memory and CPU
time are its own; the results are written after each, as JSON and as a table.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cases import CASES, Case
from machine import describe_machine
from report import markdown

# This process imports nothing heavy: Linux hands the peak memory of a parent on to its children.

METHODS = ("draft", "standard", "high", "paper", "poisson")
DEPTHS = (6, 7, 8, 9, 10)
HERE = Path(__file__).resolve().parent


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--subset", multiple=True, type=click.Choice(sorted({case.subset for case in CASES})))
@click.option("--case", "names", multiple=True, type=click.Choice([case.name for case in CASES]))
@click.option("--method", "methods", multiple=True, type=click.Choice(METHODS))
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--resolution", type=click.IntRange(2, 1024), default=256, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def surface(
    data: Path,
    subset: tuple[str, ...],
    names: tuple[str, ...],
    methods: tuple[str, ...],
    threads: int,
    resolution: int,
    output: Path | None,
) -> None:
    """Reconstruct every case by every method; all of them unless some are named."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"surface-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    record = _record(now, threads, resolution)
    for case in CASES:
        if (subset and case.subset not in subset) or (names and case.name not in names):
            continue
        bench = Bench(case, data.resolve(), resolution, threads)
        for method in METHODS:
            if methods and method not in methods:
                continue
            row = {"case": case.name, "method": method, **bench.measure(method)}
            record["rows"].append(row)
            output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            output.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
            click.echo(markdown(record).splitlines()[-1])
    click.echo(f"{output} and {output.with_suffix('.md').name}")


class Bench:
    """One case, and what one method has to know of another."""

    def __init__(self, case: Case, data: Path, resolution: int, threads: int) -> None:
        self._arguments = [str(data), case.name]
        self._settings = [str(resolution), str(threads)]
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self._standard: dict[str, Any] | None = None

    def measure(self, method: str) -> dict[str, Any]:
        """The figures of a method, or ``{"error": ...}``."""
        if method == "poisson":
            # The best depth is chosen with the answer in hand, and only its time counts: in its favour.
            tried = [{"depth": depth, **self._job(f"poisson@{depth}")} for depth in DEPTHS]
            done = [row for row in tried if "surface" in row]
            return min(done, key=lambda row: row["surface"]["completeness"]) if done else tried[0]
        if method == "standard":
            return self._standard_fit()
        if method == "paper":
            standard = self._standard_fit()
            if "error" in standard:
                return {"error": "needs the time of standard, which failed"}
            return self._job("paper", str(standard["fit_cpu_seconds"]))
        return self._job(method)

    def _standard_fit(self) -> dict[str, Any]:
        self._standard = self._standard or self._job("standard")
        return self._standard

    def _job(self, method: str, *more: str) -> dict[str, Any]:
        command = [sys.executable, str(HERE / "job.py"), *self._arguments, method, *self._settings, *more]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            return {"error": said[-1][:200]}
        result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return result


def _record(now: datetime, threads: int, resolution: int) -> dict[str, Any]:
    settings = {"threads": threads, "resolution": resolution, "poisson_depths": DEPTHS}
    return {**describe_machine(now), "settings": settings, "rows": []}


if __name__ == "__main__":
    surface()
