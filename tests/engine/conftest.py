"""Stages of no substance, to drive the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from sdf_siren.engine.folder import CHECKPOINT, PREVIEW, RunFolder, folder_of
from sdf_siren.engine.options import option
from sdf_siren.engine.pipeline import parse
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.engine.standing import Request
from sdf_siren.errors import InputError
from sdf_siren.progress import Progress


@dataclass(frozen=True)
class ReadText(Stage):
    """Reads the input."""

    name: ClassVar[str] = "read.text"
    gives: ClassVar[tuple[str, ...]] = ("text",)
    prepares: ClassVar[bool] = True

    upper: bool = option(False, "Shout.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        text = context.input.read_text()
        if text.startswith("<html"):
            raise InputError(f"{context.input}: expected words, found HTML")
        context.note(f"{len(text)} characters")
        return {"text": text.upper() if self.upper else text}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"read {artifacts['text']}"]


@dataclass(frozen=True)
class FitWord(Stage):
    """Counts to ``steps``, keeping a checkpoint; ``hook`` is called at each step and may raise."""

    name: ClassVar[str] = "fit.word"
    needs: ClassVar[tuple[str, ...]] = ("text",)
    gives: ClassVar[tuple[str, ...]] = ("word",)
    hook: ClassVar[Callable[[int], None]] = staticmethod(lambda step: None)
    taken: ClassVar[list[int]] = []

    steps: int = option(4, "How far.", minimum=1, maximum=100)
    rate: float | None = option(None, "How fast.", minimum=0)
    quality: str = option("good", "How well.", choices=("good", "bad"))
    box: tuple[float, float] | None = option(None, "Where.")
    label: str = option("", "Anything.")
    budget: int | None = option(None, "Decides the steps.", minimum=1)

    def settled(self, artifacts: Artifacts, context: Context) -> FitWord:
        return self if self.budget is None else replace(self, budget=None, steps=2 * self.budget)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        checkpoint = context.folder / CHECKPOINT if context.folder else None
        start = 0
        if checkpoint and context.resume and checkpoint.exists():
            start = int(checkpoint.read_text())
        for step in range(start, self.steps):
            type(self).hook(step)
            type(self).taken.append(step)
            if checkpoint:
                checkpoint.write_text(str(step + 1))
            context.progress(Progress("fit", step + 1, self.steps, {"loss": 1 / (step + 1)}))
        return {"word": f"{artifacts['text']} {self.steps} {context.seed}"}


@dataclass(frozen=True)
class WriteText(Stage):
    """Writes the output."""

    name: ClassVar[str] = "write.text"
    needs: ClassVar[tuple[str, ...]] = ("word",)
    writes_output: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        context.output.write_text(artifacts["word"])
        context.record({"length": len(artifacts["word"])})
        return {}


@dataclass(frozen=True)
class WritePicture(Stage):
    """Writes into the run folder."""

    name: ClassVar[str] = "write.picture"
    needs: ClassVar[tuple[str, ...]] = ("word",)
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        assert context.folder is not None
        (context.folder / PREVIEW).write_text("picture")
        return {}


PIPELINE = """
title = "Words"
seed = 7
[[stages]]
use = "read.text"
[[stages]]
use = "fit.word"
[[stages]]
use = "write.text"
[[stages]]
use = "write.picture"
"""


@pytest.fixture
def catalogue() -> Mapping[str, type[Stage]]:
    return {stage.name: stage for stage in (ReadText, FitWord, WriteText, WritePicture)}


@pytest.fixture
def pipeline_text() -> str:
    return PIPELINE


@pytest.fixture
def fit_stage(monkeypatch: pytest.MonkeyPatch) -> type[FitWord]:
    """The fitting stage, with its own hook and record of steps taken."""
    monkeypatch.setattr(FitWord, "hook", staticmethod(lambda step: None))
    monkeypatch.setattr(FitWord, "taken", [])
    return FitWord


@pytest.fixture
def request_for(
    tmp_path: Path, catalogue: Mapping[str, type[Stage]], fit_stage: type[FitWord]
) -> Callable[..., Request]:
    """Builds a request on ``tmp_path/in.txt`` and ``tmp_path/out.txt``; keywords change it."""
    (tmp_path / "in.txt").write_text("hello")

    def build(**changes: object) -> Request:
        output = tmp_path / "out.txt"
        values = {
            "pipeline": parse(PIPELINE, catalogue),
            "input": tmp_path / "in.txt",
            "output": output,
            "folder": RunFolder(folder_of(output)),
        }
        return Request(**(values | changes))

    return build
