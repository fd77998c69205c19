"""How long each preset takes on a device, and the paper's until its error is that of ``standard``.

    python benchmarks/time_to_quality.py --data FOLDER --device cuda

The paper's preset runs with doubled steps until its completeness error is no larger, or its fit takes longer
than the limit; then what is given is a lower bound. On a GPU, draft and standard run on the CPU too, and the
seconds of the paper's preset there are its steps times those of one.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cases import CASES, Case
from commands import HERE, CommandFailed
from machine import describe_machine, source_commit
from methods import Bench, Circumstances

MOST_DOUBLINGS = 20
"""Of the paper's steps, whatever the limit."""

CLEAN = [case for case in CASES if case.subset == "clean"]


@click.command()
@click.option("--data", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--device", default="cpu", show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--case", "names", multiple=True, type=click.Choice([case.name for case in CLEAN]))
@click.option(
    "--limit", type=float, default=600.0, show_default=True, help="Seconds of the paper's fit at most."
)
@click.option("--first-steps", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="JSON; the table lies beside it as .md.")
def time_to_quality(
    data: Path,
    device: str,
    threads: int,
    names: tuple[str, ...],
    limit: float,
    first_steps: int,
    output: Path | None,
) -> None:
    """Measure every clean case; all of them unless some are named."""
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"time-to-quality-{now:%Y%m%d-%H%M}.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    settings = {"device": device, "threads": threads, "limit": limit}
    record: dict[str, Any] = {**describe_machine(now), "commit": source_commit(), "settings": settings}
    record["rows"] = []
    for case in CLEAN:
        if names and case.name not in names:
            continue
        for row in _race(case, data.resolve(), device, threads, limit, first_steps):
            record["rows"].append({"case": case.name, **row})
            output.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
            output.with_suffix(".md").write_text(markdown(record), encoding="utf-8")
            click.echo(_line(record["rows"][-1]))
    click.echo(f"{output} and {output.with_suffix('.md').name}")


def _race(
    case: Case, data: Path, device: str, threads: int, limit: float, first_steps: int
) -> list[dict[str, Any]]:
    """The rows of a case."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as temporary:

        def bench_on(place: str) -> Bench:
            folder = Path(temporary) / place.replace(":", "")
            folder.mkdir()
            return Bench(case, data, 0, folder, Circumstances(threads, place, None))

        bench = bench_on(device)
        for preset in ("draft", "standard"):
            rows.append(_row(device, preset, bench.measure(preset)))
        standard = rows[-1]
        paper = _paper_until(bench, device, standard, limit, first_steps)
        rows.append(paper)
        if device != "cpu":
            on_cpu = bench_on("cpu")
            for preset in ("draft", "standard"):
                rows.append(_row("cpu", preset, on_cpu.measure(preset)))
            if "error" not in paper:
                seconds = paper["steps"] * on_cpu.seconds_per_paper_step()
                reached = {"steps": paper["steps"], "reached": paper["reached"]}
                rows.append(
                    {"device": "cpu", "method": "paper, estimated", "fit_seconds": seconds, **reached}
                )
    return rows


def _paper_until(
    bench: Bench, device: str, standard: dict[str, Any], limit: float, first_steps: int
) -> dict[str, Any]:
    """The first run that is as good as ``standard``, or the last within the limit."""
    if "error" in standard:
        return {"device": device, "method": "paper", "error": "needs the error of standard, which failed"}
    row: dict[str, Any] = {}
    for doublings in range(MOST_DOUBLINGS):
        steps = first_steps * 2**doublings
        try:
            row = {**_row(device, "paper", bench.paper(steps)), "steps": steps}
        except CommandFailed as error:  # too few steps may leave no surface at all
            row = {"device": device, "method": "paper", "steps": steps, "error": str(error)}
            continue
        row["reached"] = row["completeness"] <= standard["completeness"]
        row["times_standard"] = row["fit_seconds"] / standard["fit_seconds"]
        if row["reached"] or 2 * row["fit_seconds"] > limit:
            break
    return row


def _row(device: str, method: str, figures: dict[str, Any]) -> dict[str, Any]:
    """What is compared here."""
    if "error" in figures:
        return {"device": device, "method": method, "error": figures["error"]}
    return {
        "device": device,
        "method": method,
        "fit_seconds": sum(s["wall"] for name, s in figures["stages"].items() if name.startswith("fit.")),
        "extraction_seconds": figures["stages"]["extract.mesh"]["wall"],
        "whole_command_seconds": figures["whole_command_seconds"],
        "completeness": figures["surface"]["completeness"],
        "components": figures["topology"]["components"],
    }


def markdown(record: dict[str, Any]) -> str:
    """One row per case, device and method; completeness is 1e-3 of the cube's unit."""
    machine, settings = record["machine"], record["settings"]
    lines = [
        f"{record['date']}, {machine['cpu']}, device {settings['device']}, {settings['threads']} thread(s); "
        "completeness in thousandths of the cube's unit.",
        "",
        "| case | device | method | steps | completeness | parts | fit s | command s | × standard's fit |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|",
        *map(_line, record["rows"]),
    ]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"| {row['case']} | {row['device']} | {row['method']} | | {row['error']} | | | | |"
    more = "" if row.get("reached", True) else "more than "
    cells = (
        row["case"],
        row["device"],
        row["method"],
        str(row.get("steps", "")),
        f"{1e3 * row['completeness']:.3f}" if "completeness" in row else "",
        str(row.get("components", "")),
        f"{more}{row['fit_seconds']:.1f}",
        f"{row['whole_command_seconds']:.1f}" if "whole_command_seconds" in row else "",
        f"{more}{row['times_standard']:.1f}" if "times_standard" in row else "",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    time_to_quality()
