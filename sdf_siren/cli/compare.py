"""``reconstruct compare RUN_A RUN_B``: two runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT

if TYPE_CHECKING:
    from sdf_siren.report import Comparison


@click.command(context_settings=CONTEXT)
@click.argument("run_a", type=PATH)
@click.argument("run_b", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    default=Path("compare.html"),
    show_default=True,
    metavar="OUT.html",
    help="The page to write.",
)
@click.option("--force", is_flag=True, help="Replace an earlier page.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")
def compare(run_a: Path, run_b: Path, output: Path, force: bool) -> None:
    """Put two runs of `reconstruct SCAN`, or of image, side by side: their outputs, or their run folders.

    The page shows both meshes under one camera, with the distances of their scans as colours, or both fits of
    images and their errors, and tells what their figures, losses and settings have in common and what not;
    the terminal gets the figures.
    """
    from sdf_siren.cli.running import announce
    from sdf_siren.files import check_output, check_suffix, never_replacing, refuse_existing
    from sdf_siren.report import revisited, write_comparison

    check_suffix(output, (".html", ".htm"))
    check_output(output)
    kept = () if force else (output,)
    for path in kept:
        refuse_existing(path)
    runs = (revisited(run_a), revisited(run_b))
    with never_replacing(kept):
        found = write_comparison(output, *runs)
    notes = [f"{run.record.output}: {run.note}" for run in runs if run.note]
    announce([*_lines(found, str(run_a), str(run_b)), *notes, f"page {output}"])


def _lines(found: Comparison, first: str, second: str) -> list[str]:
    rows = [("", first, second, "change")]
    rows += [(row.title, row.first, row.second, row.change) for row in found.figures]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = []
    for title, *values in rows:
        cells = [f"{value:>{width}}" for value, width in zip(values, widths[1:], strict=True)]
        lines.append(f"  {title:<{widths[0]}}  {'  '.join(cells)}".rstrip())
    if not found.differing:
        return [*lines, "the runs were set alike"]
    told = [f"  {setting.name}: {setting.first}, {setting.second}" for setting in found.differing]
    return [*lines, "settings that differ:", *told]
