"""Cases times methods: accuracy, topology, time and memory of surface reconstructions.

    python benchmarks/surface.py --data FOLDER

Every method runs as a whole command in a process of its own, one after another; the results are written
after each, and a results file that exists is extended.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from cases import CASES, SUBSETS, Case, cases_of
from commands import HERE, CommandFailed, benchmark_script
from machine import describe_machine, source_commit
from methods import DEPTHS, METHODS, PAPER_SHARE, Bench, Circumstances
from record import Record, SettingsDiffer
from report import markdown, row_line

# This process imports nothing heavy: see commands.py.

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--data", type=FOLDER, help="Holds the files named in cases.py.")
@click.option("--meshes", type=FOLDER, help="Instead of --data: every watertight .ply in a folder.")
@click.option("--subset", "subsets", multiple=True, type=click.Choice(SUBSETS))
@click.option("--case", "names", multiple=True)
@click.option("--method", "methods", multiple=True, type=click.Choice(METHODS))
@click.option(
    "--seeds", type=click.IntRange(1), default=1, show_default=True, help="Of sampling and fit: 0, 1, ..."
)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--resolution", type=click.IntRange(8, 1024), help="Left to the program unless given.")
@click.option("--again", is_flag=True, help="Measure again what the results file has already.")
@click.option(
    "--output", type=click.Path(path_type=Path), help="JSON, new or to be extended; table and plot beside it."
)
def surface(
    data: Path | None,
    meshes: Path | None,
    subsets: tuple[str, ...],
    names: tuple[str, ...],
    methods: tuple[str, ...],
    seeds: int,
    threads: int,
    device: str,
    resolution: int | None,
    again: bool,
    output: Path | None,
) -> None:
    """Reconstruct every case by every method; all of them unless some are named."""
    if (data is None) == (meshes is None):
        raise click.UsageError("give either --data or --meshes")
    now = datetime.now(UTC)
    output = output or HERE / "results" / f"surface-{now:%Y%m%d-%H%M}.json"
    circumstances = Circumstances(threads, device, resolution)
    record = _record(output, now, circumstances)
    folder = (data or meshes).resolve()  # type: ignore[union-attr]
    chosen = _chosen(CASES if data else _cases_in(folder), subsets, names)
    for seed in range(seeds):
        for case in chosen:
            with tempfile.TemporaryDirectory() as temporary:
                bench = Bench(case, folder, seed, Path(temporary), circumstances)
                for method in _missing(record, case, seed, methods or METHODS, again):
                    standard = record.find(case.name, seed, "standard") if method in PAPER_SHARE else None
                    row = {
                        **{"case": case.name, "subset": case.subset, "seed": seed, "method": method},
                        **{"measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "commit": source_commit()},
                        **bench.measure(method, standard),
                    }
                    record.add(row)
                    output.with_suffix(".md").write_text(markdown(record.document), encoding="utf-8")
                    click.echo(row_line(row, record.document["rows"]))
    if record.document["rows"]:
        click.echo(benchmark_script("report.py", output, threads=1).said.strip())


def _missing(record: Record, case: Case, seed: int, methods: tuple[str, ...], again: bool) -> list[str]:
    """The methods to run, in their order, with what they need."""
    wanted = [method for method in METHODS if method in methods]
    if seed and not case.seeds_matter:
        wanted = [method for method in wanted if method != "poisson"]  # the same scan, the same mesh
    if not again:
        wanted = [method for method in wanted if record.find(case.name, seed, method) is None]
    needs_standard = bool(PAPER_SHARE.keys() & set(wanted)) and "standard" not in wanted
    if needs_standard and record.find(case.name, seed, "standard") is None:
        wanted.insert(0, "standard")
    return wanted


def _cases_in(folder: Path) -> tuple[Case, ...]:
    try:
        meshes = benchmark_script("prepare.py", "watertight", folder, threads=1).answer()
    except CommandFailed as error:
        raise click.ClickException(str(error)) from None
    if not meshes:
        raise click.UsageError(f"{folder}: no watertight .ply mesh lies there")
    return cases_of(meshes)


def _chosen(cases: tuple[Case, ...], subsets: tuple[str, ...], names: tuple[str, ...]) -> list[Case]:
    known = {case.name for case in cases}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"no case {name!r}; there are {', '.join(sorted(known))}")
    return [
        case
        for case in cases
        if (not subsets or case.subset in subsets) and (not names or case.name in names)
    ]


def _record(output: Path, now: datetime, given: Circumstances) -> Record:
    settings: dict[str, Any] = {
        "threads": given.threads,
        "device": given.device,
        "resolution": given.resolution,
        "poisson_depths": list(DEPTHS),
    }
    try:
        return Record(output, {**describe_machine(now), "settings": settings})
    except (SettingsDiffer, KeyError, json.JSONDecodeError) as error:
        raise click.UsageError(f"{output} cannot be extended: {error}") from None


if __name__ == "__main__":
    surface()
