"""The stage: one step of a pipeline, and what it may know about the run around it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from sdf_siren.progress import Progress

Artifacts = Mapping[str, Any]
"""What flows between stages: by name, a point cloud, a field, a mesh."""


@dataclass(frozen=True)
class Event:
    """Something that happened in a run; one line of ``events.jsonl``.

    Attributes:
        kind: ``stage_started``, ``progress``, ``note``, ``measures``, ``stage_skipped``, ``stage_done``,
            ``run_done``, ``run_failed`` or ``run_interrupted``.
        stage: the stage it concerns, or an empty string.
        data: the particulars; only what JSON can say.
    """

    kind: str
    stage: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


Observer = Callable[[Event], None]


@dataclass(frozen=True)
class Context:
    """The run around a stage.

    Attributes:
        stage: the name under which the stage's reports appear.
        input: the file that the run reads.
        output: the file that the run is asked for.
        folder: the run folder, or None where nothing but the output is written.
        seed: seed of every random choice.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:<index>``.
        resume: whether a checkpoint in the folder continues this very run.
        observer: receives the reports.
        options: of all stages of the pipeline, by stage and option; those without a value are left out.
    """

    stage: str
    input: Path
    output: Path
    folder: Path | None
    seed: int
    device: str
    resume: bool
    observer: Observer
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def kept_folder(self) -> Path:
        """The run folder, for stages that fill it: these are skipped where none is kept."""
        assert self.folder is not None, "skipped where no folder is kept"
        return self.folder

    def note(self, text: str) -> None:
        """Tell the user in one sentence what was done that they would want to know."""
        self.observer(Event("note", self.stage, {"text": text}))

    def record(self, measures: Mapping[str, Any]) -> None:
        """Add figures to the run's manifest and summary."""
        self.observer(Event("measures", self.stage, dict(measures)))

    def progress(self, report: Progress) -> None:
        """Pass on how far the stage is; a :data:`~sdf_siren.progress.ProgressCallback`."""
        data = {
            "task": report.task,
            "done": report.done,
            "total": report.total,
            "values": dict(report.values),
        }
        self.observer(Event("progress", self.stage, data))


class Stage(ABC):
    """One step of a pipeline: options (its dataclass fields) and one call into the mathematics.

    Subclasses are frozen dataclasses whose fields are made by :func:`sdf_siren.engine.options.option`.
    ``fit.sdf`` is the class ``FitSdf`` in ``sdf_siren/stages/fit_sdf.py``.

    Attributes:
        name: as written in pipeline files.
        needs: artifacts that an earlier stage must have given.
        uses: artifacts that are used where an earlier stage gave them.
        gives: artifacts in the result of :meth:`run`.
        prepares: only reads and checks, so it runs before anything is written, and in a dry run too.
        writes_output: writes the file that the user asked for.
        fills_folder: writes only into the run folder, so it is skipped where no folder is kept.
    """

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ()
    gives: ClassVar[tuple[str, ...]] = ()
    prepares: ClassVar[bool] = False
    writes_output: ClassVar[bool] = False
    fills_folder: ClassVar[bool] = False

    def check(self, context: Context) -> None:  # noqa: B027 - most stages have nothing to refuse
        """Refuse what can be refused before any work is done, e.g. an unknown output format."""

    def reads(self, context: Context) -> tuple[Path, ...]:
        """Files that the stage reads besides the run's input; they are recorded, and never written."""
        return ()

    def writes(self, context: Context) -> tuple[Path, ...]:
        """Files that the stage writes besides the run's output; as that, none is replaced unasked."""
        return ()

    def settled(self, artifacts: Artifacts, context: Context) -> Stage:
        """The stage with every option decided that depends on this machine and moment, before anything is
        written: the resolved pipeline holds the decision, so that the run can be repeated and resumed.

        ``artifacts`` holds what the preparing stages gave, of which some decide it while they run.
        """
        return self

    @property
    def idle(self) -> bool:
        """Whether the options leave the stage nothing to do; it is skipped then, and gives nothing."""
        return False

    @abstractmethod
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        """Do the work; returns the artifacts named in ``gives``."""

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        """Say for a dry run, in a few lines, what :meth:`run` would do; writes nothing.

        ``artifacts`` holds what the preparing stages gave.
        """
        return []
