"""From the words of a command to a request: what every command that makes a run shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdf_siren.cli.options import (
    PATH,
    Command,
    bundled,
    check_device,
    machine_options,
    manner_options,
    refuse_contradiction,
    seed_option,
    setting_option,
    use_threads,
)

if TYPE_CHECKING:
    from sdf_siren.engine.pipeline import Override, Pipeline

Shorthand = tuple[str, str, Any, str]
"""Stage, option, value (None: not given) and the words for messages."""

_FITS = {"fit.sdf", "fit.image"}

CONTEXT = {"max_content_width": 110, "help_option_names": ["-h", "--help"]}
"""Settings of every command."""


@dataclass(frozen=True)
class Manner:
    """How a run is to be carried out, whatever it does; the options that :func:`run_options` adds."""

    device: str
    threads: int | None
    seed: int | None
    settings: tuple[str, ...]
    pipeline: Path | None
    dry_run: bool
    resume: bool
    no_run: bool
    force: bool
    quiet: bool
    verbose: bool


def run_options(noun: str) -> Callable[[Command], Command]:
    """All options of :class:`Manner`; the command gets them as ``manner``.

    Args:
        noun: what the run reads, for the help.
    """

    def decorate(command: Command) -> Command:
        options: list[Callable[[Any], Any]] = [
            machine_options,
            seed_option,
            setting_option,
            *_run_options(noun),
            manner_options,
        ]
        return bundled(command, Manner, "manner", options)

    return decorate


@dataclass(frozen=True)
class Again:
    """How a field is to be looked at again; the options that :func:`again_options` adds."""

    device: str
    threads: int | None
    settings: tuple[str, ...]
    force: bool
    quiet: bool
    verbose: bool


def again_options(command: Command) -> Command:
    """All options of :class:`Again`; the command gets them as ``again``."""
    return bundled(command, Again, "again", [machine_options, setting_option, manner_options])


def _run_options(noun: str) -> list[Callable[[Any], Any]]:
    return [
        click.option("--pipeline", type=PATH, metavar="FILE", help="Run another pipeline file."),
        click.option(
            "--dry-run", is_flag=True, help=f"Read the {noun}, say what would happen, write nothing."
        ),
        click.option("--resume", is_flag=True, help="Continue the interrupted run of the same output."),
        click.option("--no-run", is_flag=True, help="Keep the run folder only until success."),
    ]


def carry_out(
    shipped: str,
    source: Path,
    output: Path,
    shorthands: Sequence[Shorthand],
    manner: Manner,
) -> None:
    """Build the request and run it, or say what would happen.

    Args:
        shipped: name of the pipeline, unless another file is asked for.
        source: the file to read.
        output: the file to write.
        shorthands: what options of the command say; ``--set`` wins over them.
        manner: of the run.
    """
    from sdf_siren import stages
    from sdf_siren.cli import running
    from sdf_siren.engine.folder import RunFolder, folder_of
    from sdf_siren.engine.standing import Request
    from sdf_siren.files import check_output

    refuse_contradiction(manner.quiet, manner.verbose)
    check_output(output)  # first: a folder has no name that files beside it could be named after
    request = Request(
        pipeline=pipeline_of(shipped, shorthands, manner),
        input=source,
        output=output,
        folder=RunFolder(folder_of(output)),
        keep_folder=not manner.no_run,
        resume=manner.resume,
        force=manner.force,
        device=manner.device,
        threads=manner.threads,
        libraries=stages.LIBRARIES,
    )
    use_threads(manner.threads)
    if _FITS & {stage.name for stage in request.pipeline.stages}:  # equations are solved on the CPU
        check_device(manner.device)
    running.carry_out(request, dry_run=manner.dry_run, quiet=manner.quiet, verbose=manner.verbose)


def carry_out_again(
    shipped: str, field: Path, output: Path, shorthands: Sequence[Shorthand], again: Again
) -> None:
    """Extract from a field that was fitted before: a run so short that it has no folder.

    Args:
        shipped: name of the pipeline.
        field: the file to read.
        output: the file to write.
        shorthands: as for :func:`carry_out`.
        again: how.
    """
    from sdf_siren.cli.running import perform
    from sdf_siren.engine.pipeline import load
    from sdf_siren.engine.shipped import shipped_pipeline
    from sdf_siren.engine.standing import Request
    from sdf_siren.files import check_output
    from sdf_siren.stages import CATALOGUE

    refuse_contradiction(again.quiet, again.verbose)
    check_output(output)
    pipeline = load(shipped_pipeline(shipped), CATALOGUE)
    pipeline = pipeline.with_options(_overrides(shorthands, again.settings))
    use_threads(again.threads)
    request = Request(pipeline=pipeline, input=field, output=output, force=again.force, device=again.device)
    perform(request, quiet=again.quiet, verbose=again.verbose)


def pipeline_of(shipped: str, shorthands: Sequence[Shorthand], manner: Manner) -> Pipeline:
    """The pipeline that the options of a command ask for; arguments as for :func:`carry_out`."""
    from sdf_siren import stages
    from sdf_siren.engine.pipeline import load
    from sdf_siren.engine.shipped import shipped_pipeline

    if manner.no_run and any(value and word == "--report" for _, _, value, word in shorthands):
        raise click.UsageError("--report writes into the run folder, which --no-run removes; use one of them")
    pipeline = load(manner.pipeline or shipped_pipeline(shipped), stages.CATALOGUE)
    return pipeline.with_options(_overrides(shorthands, manner.settings), seed=manner.seed)


def _overrides(shorthands: Sequence[Shorthand], settings: Sequence[str]) -> list[Override]:
    from sdf_siren.engine.pipeline import Override, parse_override

    given = [Override(*shorthand) for shorthand in shorthands if shorthand[2] is not None]
    return [*given, *(parse_override(text) for text in settings)]
