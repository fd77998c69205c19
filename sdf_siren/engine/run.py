"""The run: a pipeline carried out on one input, recorded, and resumable at any moment."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from sdf_siren.engine.folder import PIPELINE, RunFolder, folder_of
from sdf_siren.engine.journal import Journal
from sdf_siren.engine.manifest import Manifest, fingerprint, versions_of
from sdf_siren.engine.stage import Context, Event, Observer, Stage
from sdf_siren.engine.standing import Files, Request, Standing, refuse_paths, standing
from sdf_siren.errors import BusyError, ExistsError, Interrupted, SdfSirenError
from sdf_siren.files import never_replacing, refuse_existing, remove_leftovers, write_text


@dataclass(frozen=True)
class Outcome:
    """What a run came to.

    Attributes:
        output: the file that was written.
        folder: the run folder, if it was kept.
        measures: figures that the stages recorded.
        seconds: by stage, of the process that finished it.
        already_done: there was nothing left to do.
    """

    output: Path
    folder: Path | None
    measures: Mapping[str, Any]
    seconds: Mapping[str, float]
    already_done: bool = False


def ignore(_: Event) -> None:
    """The default observer."""


class Run:
    """Carries out a :class:`Request`; use it once.

    The order is what keeps promises: nothing is written, and nothing of an earlier run removed, before
    paths, options and the input itself have been found good. From then on every file is replaced
    atomically, so a process killed at any moment leaves a folder that can be resumed.
    """

    def __init__(self, request: Request, observer: Observer = ignore) -> None:
        self.request = request
        self._asked = request
        self._observer = observer
        self._artifacts: dict[str, Any] = {}
        self._finished: list[str] = []
        self._current = ""
        self._resumes = request.resume
        self._replaces = request.force
        # Whoever writes an output holds the lock of its run folder, even where none is kept.
        self._beside = request.folder or RunFolder(folder_of(request.output))

    @property
    def files(self) -> Files:
        """All that the run reads and writes, without its run folder."""
        stages = self._asked.pipeline.stages
        read = (path for stage in stages for path in stage.reads(self._context(stage)))
        written = (path for stage in stages for path in stage.writes(self._context(stage)))
        return Files((self.request.input, *read), (self.request.output, *written))

    def plan(self) -> list[tuple[str, list[str]]]:
        """Dry run: read the input, write nothing, and say by stage what would happen.

        Raises:
            SdfSirenError: whatever :meth:`execute` would refuse before it starts to work.
        """
        said: dict[str, list[str]] = {stage.name: [] for stage in self.request.pipeline.stages}

        def listen(event: Event) -> None:
            if event.kind == "note":
                said[event.stage].append(event.data["text"])

        self._observer = listen
        self._journal, found = self._begin()
        self._prepare(found)
        for stage in self.request.pipeline.stages:
            said[stage.name] += stage.plan(self._artifacts, self._context(stage))
        if found.kind != "new":
            said[found.kind] = [
                "continues the interrupted run" if found.kind == "resume" else "nothing is left to do"
            ]
        return list(said.items())

    def execute(self) -> Outcome:
        """Carry out the pipeline.

        Raises:
            UsageError: the output or the run folder must not be written, or options do not fit.
            AnotherRunError: there is nothing that could be resumed as it was asked for.
            BusyError: another process is at the same run, or has just finished it.
            InputError: the input cannot be read or used.
            Interrupted: the user stopped it.
            SdfSirenError: a stage failed.
        """
        self._journal, found = self._begin()
        request, folder = self.request, self.request.folder
        if found.kind == "done" and found.manifest is not None:
            kept = folder.path if folder else None
            return Outcome(
                request.output, kept, found.manifest.measures, found.manifest.seconds, already_done=True
            )
        try:
            if request.resume and found.kind == "new":
                self._emit(
                    Event("note", "", {"text": f"nothing to resume for {request.output}; starting anew"})
                )
            self._prepare(found)
            working = self.request.pipeline.stages[len(self._preparing) :]
            if folder is None:
                with self._locked():
                    self._run(working)
            else:
                with self._locked(), self._recorded():
                    self._run(working)
                    self._emit(Event("run_done", "", {"output": str(request.output)}))
                    if not request.keep_folder:
                        self._journal.close()
                        folder.clear()
        except KeyboardInterrupt:
            resumable = folder is not None and folder.path.exists()
            advice = "repeat the command with --resume to continue" if resumable else "nothing was written"
            raise Interrupted(f"interrupted in {self._current or 'the beginning'}; {advice}") from None
        manifest = self._journal.manifest
        kept = folder.path if folder is not None and request.keep_folder else None
        return Outcome(request.output, kept, manifest.measures, manifest.seconds)

    @property
    def _preparing(self) -> tuple[Stage, ...]:
        return tuple(takewhile(lambda stage: stage.prepares, self.request.pipeline.stages))

    def _prepare(self, found: Standing) -> None:
        """Run what prepares; all stages decide what they leave to the machine and the moment, unless an
        earlier process did."""
        pipeline, self._resumes = found.pipeline, found.pipeline is not None
        if pipeline is not None:
            self.request = replace(self.request, pipeline=pipeline)
        self._run(self._preparing)
        if pipeline is None:
            pipeline = self.request.pipeline
            stages = tuple(stage.settled(self._artifacts, self._context(stage)) for stage in pipeline.stages)
            self.request = replace(self.request, pipeline=replace(pipeline, stages=stages))

    def _begin(self) -> tuple[Journal, Standing]:
        """Everything that can be refused without reading the input as a scan."""
        request = self.request
        files = self.files
        refuse_paths(files)
        self._beside.refuse_busy()
        for stage in request.pipeline.stages:
            stage.check(self._context(stage))
        source, *others = (fingerprint(path) for path in files.inputs)
        if others:
            source["others"] = others
        manifest = Manifest(
            input=source,
            output=str(request.output),
            asked=request.pipeline.fingerprint(),
            seed=request.pipeline.seed,
            device=request.device,
            threads=request.threads,
            replace_output=request.force,
            started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            versions=versions_of(request.libraries),
        )
        return Journal(manifest), standing(request, files, source)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep all other processes from writing what this one does, and clear away what they left of it."""
        with self._beside.lock():
            for output in self.files.outputs:
                remove_leftovers(output)
            yield

    @contextmanager
    def _recorded(self) -> Iterator[None]:
        """Record the enclosed work in the locked folder, and how it ended."""
        request, journal, folder = self.request, self._journal, self.request.folder
        assert folder is not None, "only runs with a folder are recorded"
        # Asked again now that nobody else can write here.
        found = standing(self._asked, self.files, journal.manifest.input)
        if found.kind == "done":
            raise BusyError(
                f"{folder.path}: another process has just finished this run; nothing is left to do"
            )
        if found.pipeline is not None and found.pipeline.stages != request.pipeline.stages:
            raise BusyError(
                f"{folder.path}: another process has begun this run meanwhile; repeat it with --resume"
            )
        if found.kind == "resume" and found.manifest is not None:
            journal.manifest = journal.manifest.continuing(found.manifest)
            self._replaces = journal.manifest.may_replace
        else:
            folder.clear()
            write_text(folder.path / PIPELINE, request.pipeline.to_toml())
        try:
            journal.open(folder)
            yield
        except BaseException as error:
            if isinstance(error, ExistsError):
                journal.manifest.output_begun = False  # what lies there is not this run's
            interrupted = isinstance(error, KeyboardInterrupt)
            text = str(error) if isinstance(error, SdfSirenError) else repr(error)
            if folder.has_checkpoint() or self._finished:
                kind = "run_interrupted" if interrupted else "run_failed"
                self._emit(Event(kind, self._current, {"error": text}))
            else:
                # Nothing to resume and nothing worth keeping.
                journal.close()
                folder.clear()
            raise
        finally:
            journal.close()

    def _run(self, stages: tuple[Stage, ...]) -> None:
        for stage in stages:
            reason = self._reason_to_skip(stage)
            if reason:
                self._emit(Event("stage_skipped", stage.name, {"reason": reason}))
                continue
            self._current = stage.name
            outputs = (*stage.writes(self._context(stage)), *[self.request.output] * stage.writes_output)
            kept = () if self._replaces else outputs
            for path in kept:
                refuse_existing(path)
            self._emit(Event("stage_started", stage.name, {"writes_output": bool(outputs)}))
            start = time.monotonic()
            with never_replacing(kept):
                given = stage.run(self._artifacts, self._context(stage))
            assert set(given) == set(stage.gives), (
                f"{stage.name} must give {stage.gives}, gave {tuple(given)}"
            )
            self._artifacts.update(given)
            if not stage.prepares:
                self._finished.append(stage.name)
            self._emit(Event("stage_done", stage.name, {"seconds": round(time.monotonic() - start, 3)}))

    def _reason_to_skip(self, stage: Stage) -> str:
        if stage.idle:
            return "not asked for"
        kept = self.request.folder and self.request.keep_folder
        return "no run folder is kept" if stage.fills_folder and not kept else ""

    def _context(self, stage: Stage) -> Context:
        request = self.request
        return Context(
            stage=stage.name,
            input=request.input,
            output=request.output,
            folder=request.folder.path if request.folder else None,
            seed=request.pipeline.seed,
            device=request.device,
            resume=self._resumes,
            observer=self._emit,
            options=request.pipeline.options(),
        )

    def _emit(self, event: Event) -> None:
        self._journal(event)
        self._observer(event)
