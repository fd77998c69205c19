"""What a request finds where it wants to write, and whether it may."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sdf_siren.engine.folder import PIPELINE, RunFolder
from sdf_siren.engine.manifest import Manifest
from sdf_siren.engine.pipeline import Pipeline, differences, parse
from sdf_siren.errors import AnotherRunError, UsageError
from sdf_siren.files import check_output, refuse_existing


@dataclass(frozen=True)
class Request:
    """One run, as asked for.

    Attributes:
        pipeline: what to do.
        input: the file to read.
        output: the file to write.
        folder: the run folder; None for a run that has nothing worth resuming.
        keep_folder: whether the folder stays after success.
        resume: continue the interrupted run of the same output.
        force: replace an earlier output and run.
        anew: replace an earlier run, but no output without ``force``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:<index>``.
        threads: recorded in the manifest; the caller sets them.
        libraries: distributions whose versions are recorded.
    """

    pipeline: Pipeline
    input: Path
    output: Path
    folder: RunFolder | None = None
    keep_folder: bool = True
    resume: bool = False
    force: bool = False
    anew: bool = False
    device: str = "auto"
    threads: int | None = None
    libraries: tuple[str, ...] = ()


@dataclass(frozen=True)
class Standing:
    """How a request relates to what is there: start ``new``, ``resume``, or all ``done``.

    Attributes:
        kind: one of these.
        manifest: of the run that is there.
        pipeline: of that run, settled.
    """

    kind: Literal["new", "resume", "done"]
    manifest: Manifest | None = None
    pipeline: Pipeline | None = None


@dataclass(frozen=True)
class Files:
    """All that a request reads and writes, without its run folder.

    Attributes:
        inputs: the input first.
        outputs: the output first.
    """

    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]


def refuse_paths(files: Files) -> None:
    """Refuse outputs that cannot or must not be written.

    Raises:
        UsageError: an output is an input, a folder, or in a folder that is missing or read-only.
    """
    for output in files.outputs:
        for source in files.inputs:
            if os.path.realpath(output) == os.path.realpath(source) or (
                output.exists() and source.exists() and output.samefile(source)
            ):
                raise UsageError(f"{output}: the output is the input itself; choose another output with -o")
        check_output(output)


def standing(request: Request, files: Files, input_print: dict[str, Any]) -> Standing:
    """Decide what the request may do; reads only.

    An earlier run is the same if it was asked for in the same words, whatever its stages then settled (how
    many steps a number of seconds allows, say), or if it came to the same settings.

    Args:
        request: the run asked for, before anything of it is settled.
        files: that it reads and writes.
        input_print: of the inputs, by :func:`sdf_siren.engine.manifest.fingerprint`.

    Raises:
        UsageError: something would be overwritten.
        AnotherRunError: the run that is to be resumed is another one, or damaged.
    """
    if request.resume and request.force:
        raise UsageError("--resume continues a run and --force starts it anew; use one of them")
    found = _read(request)
    if found is None:
        _refuse_existing(request, files)
        return Standing("new")
    manifest, text = found
    folder = request.folder.path if request.folder else request.output
    if not request.resume:
        if manifest.status == "done":
            raise UsageError(
                f"{folder}: holds a finished run; use --force to replace it, or another output with -o"
            )
        raise UsageError(
            f"{folder}: holds an unfinished run; use --resume to continue it or --force to start anew"
        )
    try:
        asked_alike = manifest.asked == request.pipeline.fingerprint()
        changed = [] if asked_alike else differences(text, request.pipeline.to_toml())
        pipeline = parse(text, request.pipeline.catalogue(), str(folder)) if not changed else None
    except (ValueError, UsageError) as error:
        raise AnotherRunError(
            f"{folder / PIPELINE}: expected the pipeline of a run, found something else ({error}); "
            "use --force to start anew"
        ) from None
    if manifest.input.get("sha256") != input_print["sha256"]:
        changed.insert(0, f"the input was {manifest.input.get('path')} with other content")
    others = [[p.get("sha256") for p in prints.get("others", [])] for prints in (manifest.input, input_print)]
    if others[0] != others[1]:
        changed.insert(0, "the files read besides had other content")
    if changed:
        raise AnotherRunError(
            f"{folder}: holds another run ({'; '.join(changed)}); "
            "repeat its options, or use --force to start anew"
        )
    if manifest.status == "done" and all(output.exists() for output in files.outputs):
        return Standing("done", manifest, pipeline)
    if not manifest.may_replace:
        _refuse_existing(request, files)
    return Standing("resume", manifest, pipeline)


def _read(request: Request) -> tuple[Manifest, str] | None:
    """The run in the folder; where it is to be replaced even a damaged one counts as none."""
    if request.folder is None:
        return None
    anew = request.force or request.anew
    try:
        found = request.folder.read()
    except AnotherRunError as error:
        if not anew:
            raise AnotherRunError(f"{error}; use --force to start anew") from None
        return None
    return None if anew else found


def _refuse_existing(request: Request, files: Files) -> None:
    if not request.force:
        for output in files.outputs:
            refuse_existing(output)
