"""``read.video``: the film."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadVideo(Stage):
    """Reads a video from an animated GIF, PNG or WebP, a TIFF of several pages, or NPY."""

    name: ClassVar[str] = "read.video"
    gives: ClassVar[tuple[str, ...]] = ("signal",)
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_video

        signal = read_video(context.input)
        for note in signal.notes:
            context.note(note)
        return {"signal": signal}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        signal = artifacts["signal"]
        frames, rows, columns = signal.shape
        return [f"{frames} frames of {columns} x {rows} pixels, {signal.format.rate:g} per second"]
