"""What a run left in its folder, in the form in which pages tell it."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdf_siren.engine.folder import EVENTS, MANIFEST, RunFolder, folder_of
from sdf_siren.engine.manifest import Manifest
from sdf_siren.errors import AnotherRunError, UsageError

Curve = tuple[tuple[float, float], ...]
"""Steps and values, in order of the steps."""

MOST_KNOTS = 400
"""Of a curve that is told; of a longer one every k-th."""


@dataclass(frozen=True)
class RunRecord:
    """A run, as its folder tells it.

    Attributes:
        output: the file that was asked for.
        folder: the run folder.
        manifest: of the run.
        title: of the pipeline.
        settings: by stage, in order, what the resolved pipeline sets.
        curves: of the fit, by name: losses and whatever else it reported.
        notes: stage and sentence, in order, each once.
        chosen: what the fit chose for what its stage left open.
    """

    output: Path
    folder: Path
    manifest: Manifest
    title: str = ""
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    notes: tuple[tuple[str, str], ...] = ()
    chosen: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the output."""
        return self.output.name

    @property
    def decibels(self) -> Curve:
        """Of a signal's fit by step, at the samples of the step's batch; empty where no values are told.

        Losses are root mean squares in the network's units, whose range is from -1 to 1.
        """
        curve = self.curves.get("values", ())
        return tuple((step, 20 * math.log10(2 / size)) for step, size in curve if size > 0)


def run_folder(path: Path) -> Path:
    """The run folder meant by ``path``, which is the folder itself or the output beside it.

    Raises:
        UsageError: there is none.
    """
    folder = path if path.is_dir() else folder_of(path)
    if not folder.is_dir():
        raise UsageError(
            f"{path}: expected a run folder or the output of a run, found neither {path} nor {folder}"
        )
    return folder


def read_record(folder: Path, chosen: Mapping[str, Any] | None = None) -> RunRecord:
    """Read manifest, pipeline and events.

    Args:
        folder: of a run, finished or not.
        chosen: what the fit chose, for those who have its result.

    Raises:
        UsageError: no run lies there, or it is damaged.
    """
    try:
        found = RunFolder(folder).read() if (folder / MANIFEST).exists() else None
    except AnotherRunError as error:
        raise UsageError(f"{error}; do the run anew to get one that can be read") from None
    if found is None:
        raise UsageError(f"{folder}: expected a run folder, found no {MANIFEST} in it")
    manifest, pipeline = found
    try:
        document = tomllib.loads(pipeline)
        settings = {
            str(table["use"]): {key: value for key, value in table.items() if key != "use"}
            for table in document["stages"]
        }
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder}: the run's pipeline.toml cannot be read ({error})") from None
    curves, notes = _told(_events(folder / EVENTS))
    output = folder.with_name(folder.name.removesuffix(".run"))
    title = str(document.get("title", ""))
    return RunRecord(output, folder, manifest, title, settings, curves, notes, chosen or {})


def _events(path: Path) -> list[dict[str, Any]]:
    """Every whole line; a killed process may have left half of one."""
    events = []
    for line in path.read_text("utf-8", "replace").splitlines() if path.exists() else []:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            events.append(event)
    return events


def _told(events: list[dict[str, Any]]) -> tuple[dict[str, Curve], tuple[tuple[str, str], ...]]:
    """Curves and notes. A resumed run tells some steps twice; the later word counts."""
    values: dict[str, dict[float, float]] = {}
    notes: dict[tuple[str, str], None] = {}
    for event in events:
        if event.get("kind") == "note":
            notes[str(event.get("stage", "")), str(event.get("text", ""))] = None
        elif event.get("kind") == "progress" and event.get("task") == "fit":
            step = event.get("done")
            for name, value in (event.get("values") or {}).items():
                if isinstance(value, int | float) and isinstance(step, int | float):
                    values.setdefault(name, {})[step] = value
    return {name: _thinned(sorted(curve.items())) for name, curve in values.items()}, tuple(notes)


def _thinned(knots: list[tuple[float, float]]) -> Curve:
    """At most ``MOST_KNOTS``, the last among them."""
    stride = -(-len(knots) // MOST_KNOTS)
    return tuple(knots[::-1][::stride][::-1]) if stride else ()
