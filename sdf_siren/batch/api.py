"""A batch in one call from Python."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from sdf_siren import stages
from sdf_siren.batch.executor import Executor, Limits, Listener
from sdf_siren.batch.jobs import parse_shard
from sdf_siren.batch.kinds import kind_of
from sdf_siren.batch.local import LocalExecutor
from sdf_siren.batch.outcome import JobResult
from sdf_siren.batch.plan import plan
from sdf_siren.batch.running import run, workers_for
from sdf_siren.engine.pipeline import Override, load
from sdf_siren.engine.shipped import shipped_pipeline


def run_batch(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    *,
    kind: str = "scan",
    settings: Mapping[str, Any] | None = None,
    pipeline: str | os.PathLike[str] | None = None,
    seed: int | None = None,
    device: str = "auto",
    format: str | None = None,
    recursive: bool = False,
    shard: str = "1/1",
    jobs: int | None = None,
    threads: int | None = None,
    timeout: float | None = None,
    memory_limit: float | None = None,
    resume: bool = False,
    force: bool = False,
    executor: Executor | None = None,
    listen: Listener = lambda report: None,
) -> list[JobResult]:
    """Do many scans (or images), each in a process of its own that can fail without harm to the others.

    Args:
        paths: files, folders and patterns.
        output: folder for the outputs; made where it is missing.
        kind: ``scan`` or ``image``.
        settings: options of stages, such as ``{"fit.sdf.quality": "draft"}``.
        pipeline: a pipeline file instead of the shipped one.
        seed: of all random choices, the same for every job.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:<index>``; the first and the third use all GPUs in turn.
        format: of the outputs, such as ``obj``.
        recursive: enter folders in folders.
        shard: ``i/n``, the i-th of n parts.
        jobs: how many at a time; None chooses from processors and memory.
        threads: CPU threads of each; None shares the processors out.
        timeout: seconds that a job may take.
        memory_limit: bytes that a job may hold.
        resume: skip what is done, continue what was interrupted, redo what has changed.
        force: replace what is there.
        executor: performs the jobs; None for processes on this machine, which ``jobs``, ``threads``,
            ``timeout`` and ``memory_limit`` concern.
        listen: told what happens to each job.

    Returns:
        How each job of the whole batch stands, in the order of names; the same is in ``summary.json``.

    Raises:
        InputError: a path is missing.
        UsageError: wrong arguments or settings, or outputs exist and neither ``resume`` nor ``force`` is set.
        Interrupted: Ctrl-C; repeat with ``resume=True``.
    """
    words = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    what = kind_of(kind)
    chosen = {**({} if pipeline else what.settings), **(settings or {})}
    overrides = [_override(name, value) for name, value in chosen.items()]
    asked = load(pipeline or shipped_pipeline(what.pipeline), stages.CATALOGUE)
    batch = plan(
        words,
        output,
        what,
        asked.with_options(overrides, seed=seed),
        format=format,
        recursive=recursive,
        shard=parse_shard(shard),
        resume=resume,
        force=force,
        device=device,
        libraries=stages.LIBRARIES,
    )
    if executor is None:
        executor = LocalExecutor(*workers_for(jobs, len(batch.mine), threads), Limits(timeout, memory_limit))
    return run(batch, executor, listen)


def _override(name: str, value: Any) -> Override:
    stage, _, option = name.rpartition(".")
    return Override(stage, option, value, name)
