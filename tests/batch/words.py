"""Stages on words; an input can ask for trouble: ``abort 2`` ends the process in step 2 of the fit.

``once`` before a fault has it happen once only. The steps taken are written down beside the input.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import ClassVar

from sdf_siren.batch.kinds import Kind
from sdf_siren.engine.folder import CHECKPOINT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import DivergenceError, InputError
from sdf_siren.progress import Progress

KIND = Kind("text", "", {".words", ".text"}, (".out", ".alt"))
PIPELINE = """
[[stages]]
use = "read.words"
[[stages]]
use = "fit.words"
[[stages]]
use = "write.words"
"""


@dataclass(frozen=True)
class ReadWords(Stage):
    """Reads the input."""

    name: ClassVar[str] = "read.words"
    gives: ClassVar[tuple[str, ...]] = ("words",)
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        text = context.input.read_text()
        if not text:
            raise InputError(f"{context.input}: the file is empty")
        return {"words": text}


@dataclass(frozen=True)
class FitWords(Stage):
    """Counts to ``steps``, keeping a checkpoint."""

    name: ClassVar[str] = "fit.words"
    needs: ClassVar[tuple[str, ...]] = ("words",)
    gives: ClassVar[tuple[str, ...]] = ("fit",)

    steps: int | None = option(None, "How far.", minimum=1)
    seconds: float | None = option(None, "Decides the steps, differently at every time of asking.")

    def settled(self, artifacts: Artifacts, context: Context) -> FitWords:
        if self.seconds is None:
            return self
        return replace(self, seconds=None, steps=5 + len(taken(context.input)))

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        assert context.folder is not None
        checkpoint = context.folder / CHECKPOINT
        steps = self.steps or 4
        start = int(checkpoint.read_text()) if context.resume and checkpoint.exists() else 0
        for step in range(start, steps):
            _trouble(artifacts["words"].split(), step, context)
            with context.input.with_suffix(".taken").open("a") as file:
                file.write(f"{step}\n")
            checkpoint.write_text(str(step + 1))
            context.progress(Progress("fit", step + 1, steps))
        return {"fit": f"{artifacts['words']} {steps} {context.seed}"}


@dataclass(frozen=True)
class WriteWords(Stage):
    """Writes the output."""

    name: ClassVar[str] = "write.words"
    needs: ClassVar[tuple[str, ...]] = ("fit",)
    writes_output: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        context.output.write_text(artifacts["fit"])
        context.record({"length": len(artifacts["fit"])})
        return {}


CATALOGUE: Mapping[str, type[Stage]] = {stage.name: stage for stage in (ReadWords, FitWords, WriteWords)}


def perform(job, observer):
    """What workers of these tests do."""
    from sdf_siren import stages
    from sdf_siren.batch import perform

    stages.CATALOGUE = CATALOGUE
    return perform.perform(job, observer)


def taken(path):
    """The steps that were taken for an input."""
    log = path.with_suffix(".taken")
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def _trouble(words: list[str], now: int, context: Context) -> None:
    marker = context.input.with_suffix(".marker")
    if words[0] == "once":
        if marker.exists() or now != int(words[2]):
            return
        marker.touch()
        words = words[1:]
    if len(words) != 2 or now != int(words[1]):
        return
    match words[0]:
        case "abort":
            os.write(2, b"terminate called without an active exception\n")
            os.abort()
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "diverge":
            raise DivergenceError("the loss is NaN")
        case "full":
            raise MemoryError
        case "chatter":
            print('{"result": null}', flush=True)  # noqa: T201 - as a library might
            os.write(1, b"and more\n")
        case "hang":
            while True:
                time.sleep(0.01)
        case "stubborn":
            while True:
                with suppress(KeyboardInterrupt):
                    time.sleep(0.01)
        case "hog":
            hoard = []
            while True:
                hoard.append(bytearray(b"x" * 20_000_000))
                time.sleep(0.005)
