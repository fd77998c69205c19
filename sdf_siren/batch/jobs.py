"""The jobs of a batch: one run each, with an output of its own."""

from __future__ import annotations

import dataclasses
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import sdf_siren
from sdf_siren.batch.discovery import Source
from sdf_siren.batch.outcome import JobResult, Kind, Status
from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class Job:
    """One run of a batch, complete in itself: it can be sent to another process, or another machine that sees
    the same files under the same paths.

    Attributes:
        name: of the input, relative to what was named; unique in the batch.
        input: absolute path.
        output: absolute path, below ``folder``.
        folder: the output folder of the batch.
        pipeline: text of the pipeline file with every option written out.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:<index>``.
        threads: recorded; the process that performs the job is started with so many. None: not bounded.
        resume: skip what is done, continue what was interrupted, redo what has changed.
        force: replace an earlier output and its run.
        keep_folder: whether the run folder stays after success.
        libraries: distributions whose versions are recorded.
        attempt: 1, and more when it is tried again.
    """

    name: str
    input: Path
    output: Path
    folder: Path
    pipeline: str
    device: str = "auto"
    threads: int | None = None
    resume: bool = False
    force: bool = False
    keep_folder: bool = True
    libraries: tuple[str, ...] = ()
    attempt: int = 1

    @property
    def fingerprint(self) -> str:
        """Of what was asked for and of the program, but not of the input's content."""
        return hashlib.sha256(f"{sdf_siren.__version__}\n{self.pipeline}".encode()).hexdigest()

    @property
    def again(self) -> Job:
        """The next attempt: it goes on from what this one left."""
        return dataclasses.replace(self, attempt=self.attempt + 1, resume=True, force=False)

    def ended(self, status: Status, kind: Kind = "", reason: str = "", **figures: Any) -> JobResult:
        """A result of this job; ``figures`` are further fields of :class:`JobResult`."""
        figures.setdefault("attempts", self.attempt)
        return JobResult(self.name, str(self.input), str(self.output), status, kind, reason, **figures)

    def to_json(self) -> dict[str, Any]:
        """Only what JSON can say."""
        paths = {name: str(getattr(self, name)) for name in ("input", "output", "folder")}
        return {**dataclasses.asdict(self), **paths, "libraries": list(self.libraries)}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Job:
        """Back again."""
        paths = {name: Path(document[name]) for name in ("input", "output", "folder")}
        return cls(**{**document, **paths, "libraries": tuple(document["libraries"])})


Written = Callable[[Path], Iterable[Path]]
"""All files that a job with a certain output writes outside its run folder, the output among them."""


def name_outputs(
    names: Sequence[str], suffix: str, written: Written = lambda output: (output,)
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The output of each input, relative to the output folder, and a note if some could not keep their name.

    ``a.xyz`` becomes ``a`` + suffix. Where that, or what is written beside it, would be written for two
    inputs, also in a file system that ignores case, or is a folder of other outputs, the input's own suffix
    stays: ``a.ply`` and ``a.xyz`` become ``a.ply.obj`` and ``a.xyz.obj``.

    Args:
        names: of inputs, unique, with ``/``.
        suffix: of the outputs, with the dot.
        written: by each job.
    """
    short = {name: str(PurePosixPath(name).with_suffix(suffix)) for name in names}
    long = {name: name + suffix for name in names}
    folders = {str(parent).casefold() for name in names for parent in PurePosixPath(name).parents}
    chosen = dict(short)
    while clashing := [name for name in _clashing(chosen, folders, written) if chosen[name] != long[name]]:
        chosen |= {name: long[name] for name in clashing}
    kept = [name for name in names if chosen[name] != short[name]]
    if not kept:
        return chosen, ()
    count = f"{len(kept)} output{'s' * (len(kept) != 1)}"
    return chosen, (f"{count} would clash, so the input's suffix stays, as in {chosen[kept[0]]}",)


def _clashing(outputs: Mapping[str, str], folders: set[str], written: Written) -> set[str]:
    """The inputs for which something is written that is written for another too, or is a folder."""
    made = {
        name: {path.as_posix().casefold() for path in written(Path(output))}
        for name, output in outputs.items()
    }
    taken = Counter(path for paths in made.values() for path in paths)
    return {name for name, paths in made.items() if any(taken[path] > 1 or path in folders for path in paths)}


def make_jobs(
    sources: Sequence[Source], folder: Path, suffix: str, written: Written, **manner: Any
) -> tuple[tuple[Job, ...], tuple[str, ...]]:
    """A job for each source, in their order, and notes.

    Args:
        sources: what to read.
        folder: of the outputs.
        suffix: of the outputs, with the dot; it is their format.
        written: by each job.
        manner: the other fields of :class:`Job`, the same for all.

    Raises:
        UsageError: something would be written over one of the inputs.
    """
    folder = Path(os.path.abspath(folder))
    outputs, notes = name_outputs([source.name for source in sources], suffix, written)
    jobs = tuple(
        Job(source.name, source.path, folder / outputs[source.name], folder, **manner) for source in sources
    )
    _refuse_inputs(jobs, written)
    return jobs, notes


def _refuse_inputs(jobs: Sequence[Job], written: Written) -> None:
    """Refuse to write over an input, of the same job or of another."""
    inputs = {os.path.realpath(job.input) for job in jobs}
    for job in jobs:
        for path in written(job.output):
            if os.path.realpath(path) in inputs:
                raise UsageError(
                    f"{path}: the output of {job.name} is one of the inputs; "
                    "choose another folder with -o, or another --format"
                )


def parse_shard(text: str) -> tuple[int, int]:
    """``2/5``: the second of five parts.

    Raises:
        UsageError: not of that form.
    """
    part, slash, parts = text.partition("/")
    if not (slash and part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard: expected i/n with i from 1 to n, such as 2/5, found {text!r}")
    return int(part), int(parts)


def shard_of(jobs: Sequence[Job], part: int, parts: int) -> tuple[Job, ...]:
    """Every ``parts``-th job from the ``part``-th on: all parts together are all jobs, each once."""
    return tuple(jobs[part - 1 :: parts])
