"""``write.audio``: the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteAudio(Stage):
    """Writes the sound as WAV."""

    name: ClassVar[str] = "write.audio"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    writes_output: ClassVar[bool] = True

    def check(self, context: Context) -> None:
        from sdf_siren.io import check_audio_path

        check_audio_path(context.output)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_audio

        write_audio(artifacts["image"], context.output)
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [str(context.output)]
