"""``read.image``: the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadImage(Stage):
    """Reads an image from PNG, JPEG, TIFF or NPY: grey or colours, with or without alpha."""

    name: ClassVar[str] = "read.image"
    gives: ClassVar[tuple[str, ...]] = ("signal",)
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_image

        signal = read_image(context.input)
        for note in signal.notes:
            context.note(note)
        return {"signal": signal}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        signal = artifacts["signal"]
        rows, columns = signal.shape
        kind = "floating-point numbers" if signal.format.floating else f"{signal.format.bits} bits"
        return [f"{columns} x {rows} pixels of {signal.channels} x {kind}"]
