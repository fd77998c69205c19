"""``write.video``: the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteVideo(Stage):
    """Writes the film as GIF, PNG, WebP, TIFF or NPY, by the suffix of the output."""

    name: ClassVar[str] = "write.video"
    needs: ClassVar[tuple[str, ...]] = ("image",)
    writes_output: ClassVar[bool] = True

    def check(self, context: Context) -> None:
        from sdf_siren.io import check_video_path

        check_video_path(context.output)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_video

        write_video(artifacts["image"], context.output)
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [str(context.output)]
