"""``read.audio``: the recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadAudio(Stage):
    """Reads a sound from WAV."""

    name: ClassVar[str] = "read.audio"
    gives: ClassVar[tuple[str, ...]] = ("signal",)
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_audio

        signal = read_audio(context.input)
        for note in signal.notes:
            context.note(note)
        return {"signal": signal}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        signal = artifacts["signal"]
        (samples,), rate = signal.shape, signal.format.rate
        return [f"{samples:,} samples at {rate:g} per second, {samples / rate:.2f} s x {signal.channels}"]
