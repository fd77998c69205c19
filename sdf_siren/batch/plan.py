"""A batch before it runs: its jobs, and whether it may write where it wants to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdf_siren.batch.discovery import discover
from sdf_siren.batch.jobs import Job, Written, make_jobs, shard_of
from sdf_siren.batch.kinds import Kind
from sdf_siren.engine.folder import RunFolder, folder_of
from sdf_siren.engine.pipeline import Pipeline
from sdf_siren.engine.run import Run
from sdf_siren.engine.standing import Request
from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class Batch:
    """Jobs with outputs in one folder.

    Attributes:
        folder: of the outputs, absolute.
        jobs: all, of every shard, sorted by the names of their inputs.
        mine: those of this shard.
        notes: what was left out, and why outputs have the names that they have.
    """

    folder: Path
    jobs: tuple[Job, ...]
    mine: tuple[Job, ...]
    notes: tuple[str, ...]


def plan(
    words: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    kind: Kind,
    pipeline: Pipeline,
    *,
    format: str | None = None,
    recursive: bool = False,
    shard: tuple[int, int] = (1, 1),
    resume: bool = False,
    force: bool = False,
    **manner: Any,
) -> Batch:
    """The batch that is asked for; reads only.

    Args:
        words: files, folders and patterns.
        output: folder for the outputs.
        kind: of the inputs.
        pipeline: what is done with each.
        format: of the outputs, such as ``obj``.
        recursive: enter folders in folders.
        shard: which part of how many, from 1.
        resume: skip what is done, continue what was interrupted, redo what has changed.
        force: replace what is there.
        manner: further fields of :class:`Job`.

    Raises:
        InputError: a path is missing.
        UsageError: outputs exist and neither ``resume`` nor ``force`` is set, or one would be an input.
    """
    if resume and force:
        raise UsageError("--resume continues a batch and --force starts it anew; use one of them")
    folder = Path(os.path.abspath(output))
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{output}: expected a folder for the outputs, found a file; choose another with -o")
    suffix = kind.suffix_for(format)

    def written(path: Path) -> tuple[Path, ...]:
        return Run(Request(pipeline, path, path)).files.outputs  # whatever the input is

    found = discover(words, kind.suffixes, folder, recursive=recursive)
    jobs, notes = make_jobs(
        found.sources,
        folder,
        suffix,
        written,
        pipeline=pipeline.to_toml(),
        resume=resume,
        force=force,
        **manner,
    )
    batch = Batch(folder, jobs, shard_of(jobs, *shard), (*found.notes, *notes))
    if not (resume or force):
        _refuse_existing(batch, written)
    return batch


def _refuse_existing(batch: Batch, written: Written) -> None:
    there = []
    for job in batch.mine:
        found = [path.name for path in written(job.output) if os.path.lexists(path)]
        if found or _has_run(job.output):
            there.append((*found, job.output.name)[0])
    if there:
        raise UsageError(
            f"{batch.folder}: holds {len(there)} of the outputs already, such as {there[0]}; "
            "use --resume for what is missing or changed, --force to do all anew, or another folder with -o"
        )


def _has_run(output: Path) -> bool:
    try:
        return RunFolder(folder_of(output)).read() is not None
    except UsageError:  # something else, or a damaged one
        return True


def lines_of(jobs: Iterable[Job]) -> list[str]:
    """For a dry run: what would be made of what."""
    return [f"{job.name} -> {job.output}" for job in jobs]
