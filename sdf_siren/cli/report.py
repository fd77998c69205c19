"""``reconstruct report RUN``: the page of a run that was made without one."""

from __future__ import annotations

from pathlib import Path

import click

from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT


@click.command(context_settings=CONTEXT)
@click.argument("runs", nargs=-1, required=True, type=PATH, metavar="RUN...")
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")
def report(runs: tuple[Path, ...]) -> None:
    """Write report.html into the folders of finished runs of `reconstruct SCAN`, image, audio or video.

    RUN is an output or a run folder. The scan is read again from where it was; without it, the page shows the
    mesh alone. An image has to be where it was.
    """
    from sdf_siren.cli.running import announce
    from sdf_siren.engine.folder import REPORT, RunFolder
    from sdf_siren.report import revisited, write_report

    for run in runs:
        found = revisited(run)
        folder = found.record.folder
        with RunFolder(folder).lock():
            write_report(folder / REPORT, found.record, found.subject, found.note)
        announce([f"{folder / REPORT}{f' ({found.note})' if found.note else ''}"])
