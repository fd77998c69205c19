"""Several inputs in one command: the options of a batch, and how it is carried out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdf_siren.cli.options import Command, bundled, check_device, refuse_contradiction
from sdf_siren.cli.request import Manner, Shorthand, pipeline_of

if TYPE_CHECKING:
    from sdf_siren.batch.executor import Executor
    from sdf_siren.batch.plan import Batch


@dataclass(frozen=True)
class Many:
    """How a batch is to be carried out; the options that :func:`batch_options` adds. None: not given."""

    recursive: bool | None
    jobs: int | str | None
    timeout: float | None
    memory_limit: float | None
    shard: str | None
    format: str | None
    executor: str | None
    ray_address: str | None
    gpus_per_job: float | None

    def refuse(self) -> None:
        """Refuse every option: there is one input only."""
        for field in fields(self):
            if getattr(self, field.name) is not None:
                option = f"--{field.name.replace('_', '-')}"
                raise click.UsageError(f"{option} is for a folder or several files, found one file")


def batch_options(command: Command) -> Command:
    """All options of :class:`Many`; the command gets them as ``many``."""
    return bundled(command, Many, "many", _OPTIONS)


def _jobs(_: click.Context, __: click.Parameter, value: str | None) -> int | str | None:
    if value is None or value == "auto":
        return value
    if not value.isdecimal() or not 1 <= int(value) <= 4096:
        raise click.BadParameter(f"expected auto or a number from 1 to 4096, found {value!r}")
    return int(value)


def _finite(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        raise click.BadParameter(f"expected a finite number, found {value}")
    return value


_OPTIONS = [
    click.option("--recursive", is_flag=True, default=None, help="Of a folder: enter the folders in it."),
    click.option(
        "--jobs", callback=_jobs, metavar="auto|N", help="Of several: how many at a time.  [default: auto]"
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        callback=_finite,
        metavar="SECONDS",
        help="Of several: give one up that takes longer.",
    ),
    click.option(
        "--memory-limit",
        type=click.FloatRange(min=0, min_open=True),
        callback=_finite,
        metavar="GB",
        help="Of several: give one up that holds more.",
    ),
    click.option("--shard", metavar="I/N", help="Of several: only the I-th of N parts."),
    click.option("--format", metavar="SUFFIX", help="Of several: format of the outputs, such as obj."),
    click.option(
        "--executor",
        type=click.Choice(["local", "ray"]),
        metavar="local|ray",
        help="Of several: who performs them.  [default: local]",
    ),
    click.option(
        "--ray-address",
        metavar="ADDRESS",
        help="Of a Ray cluster, as auto or host:port; without it, one is started on this machine.",
    ),
    click.option(
        "--gpus-per-job",
        type=click.FloatRange(min=0),
        callback=_finite,
        metavar="N",
        help="That Ray gives each; a part lets several share one.  [default: 0, with --device cuda 1]",
    ),
]


def carry_out_batch(
    noun: str,
    words: Sequence[Path],
    output: Path | None,
    shorthands: Sequence[Shorthand],
    many: Many,
    manner: Manner,
    shipped: str | None = None,
) -> int:
    """Run the batch, or say what it would do.

    Args:
        noun: what the inputs are, ``scan`` or ``image``.
        words: files, folders and patterns.
        output: the folder for the outputs.
        shorthands: as for :func:`sdf_siren.cli.request.carry_out`.
        many: of the batch.
        manner: of every run.
        shipped: name of the pipeline; None for that of the noun.

    Returns:
        The exit code: 1 if a job failed.
    """
    from sdf_siren import stages
    from sdf_siren.batch.jobs import parse_shard
    from sdf_siren.batch.kinds import kind_of
    from sdf_siren.batch.plan import plan

    refuse_contradiction(manner.quiet, manner.verbose)
    if output is None:
        raise click.UsageError(f"several {noun}s need a folder for their outputs; give one with -o")
    kind = kind_of(noun)
    if manner.pipeline is None:
        defaults = [(*name.rsplit(".", 1), value, name) for name, value in kind.settings.items()]
        shorthands = [*defaults, *shorthands]
    if many.executor != "ray":  # a cluster may have GPUs elsewhere
        check_device(manner.device)
    batch = plan(
        words,
        output,
        kind,
        pipeline_of(shipped or kind.pipeline, shorthands, manner),
        format=many.format,
        recursive=bool(many.recursive),
        shard=parse_shard(many.shard or "1/1"),
        resume=manner.resume,
        force=manner.force,
        device=manner.device,
        keep_folder=not manner.no_run,
        libraries=stages.LIBRARIES,
    )
    return _carried_out(batch, _executor(len(batch.mine), many, manner), manner)


def _executor(jobs: int, many: Many, manner: Manner) -> Executor:
    """What performs the jobs."""
    from sdf_siren.batch.cluster import RayExecutor
    from sdf_siren.batch.executor import Limits
    from sdf_siren.batch.local import LocalExecutor
    from sdf_siren.batch.running import THREADS_PER_JOB, workers_for

    asked = many.jobs if isinstance(many.jobs, int) else None
    workers, threads = workers_for(asked, jobs, manner.threads)
    limits = Limits(many.timeout, None if many.memory_limit is None else many.memory_limit * 1e9)
    if many.executor != "ray":
        for option in ("ray_address", "gpus_per_job"):
            if getattr(many, option) is not None:
                raise click.UsageError(f"--{option.replace('_', '-')} is for --executor ray")
        return LocalExecutor(workers, threads, limits)
    default = 1.0 if manner.device.startswith("cuda") else 0.0
    gpus = default if many.gpus_per_job is None else many.gpus_per_job
    if many.ray_address is None:
        return RayExecutor(None, threads, gpus, limits, cpus=workers * threads)
    if asked is not None:
        raise click.UsageError("--jobs is for this machine; a Ray cluster does as many as it has CPUs for")
    return RayExecutor(many.ray_address, manner.threads or THREADS_PER_JOB, gpus, limits)


def _carried_out(batch: Batch, executor: Executor, manner: Manner) -> int:
    from sdf_siren.batch.plan import lines_of
    from sdf_siren.batch.running import run
    from sdf_siren.cli.batch_display import batch_display, closing_lines, setup_line
    from sdf_siren.cli.running import announce

    notes = [*batch.notes, setup_line(len(batch.mine), len(batch.jobs), executor.manner)]
    if manner.dry_run:
        announce([*notes, *lines_of(batch.mine), "nothing was written"])
        return 0
    with batch_display(len(batch.mine), quiet=manner.quiet, verbose=manner.verbose) as display:
        display.say(notes)
        results = run(batch, executor, display)
    mine = {job.name for job in batch.mine}
    ended = [result for result in results if result.name in mine]
    if not manner.quiet:
        announce(closing_lines(ended, batch.folder))
    return int(any(result.status == "failed" for result in ended))
