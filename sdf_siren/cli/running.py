"""Carry out a request in front of a person."""

from __future__ import annotations

from collections.abc import Iterable

import click

from sdf_siren.cli.reporters import reporter
from sdf_siren.cli.summary import outcome_lines, plan_lines
from sdf_siren.engine.run import Run
from sdf_siren.engine.standing import Request


def perform(request: Request, *, quiet: bool, verbose: bool) -> None:
    """Run it with progress on stderr and the summary on stdout; quiet says nothing."""
    with reporter(quiet=quiet, verbose=verbose) as observer:
        outcome = Run(request, observer).execute()
    if not quiet:
        announce(outcome_lines(outcome))


def carry_out(request: Request, *, dry_run: bool, quiet: bool, verbose: bool) -> None:
    """Run it, or say what would happen."""
    if dry_run:
        announce(plan_lines(request, Run(request).plan()))
    else:
        perform(request, quiet=quiet, verbose=verbose)


def announce(lines: Iterable[str]) -> None:
    """Write lines to stdout, whatever characters a path holds."""
    for line in lines:
        click.echo(line.encode("utf-8", "surrogateescape"))
