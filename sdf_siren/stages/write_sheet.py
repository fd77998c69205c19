"""``write.sheet``: a picture of the fit beside the signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import PREVIEW
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteSheet(Stage):
    """Draws signal, fit, error and derivatives into the run folder; sounds as waves and spectrograms."""

    name: ClassVar[str] = "write.sheet"
    needs: ClassVar[tuple[str, ...]] = ("signal", "likeness")
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.render import write_likeness
        from sdf_siren.report import read_record

        likeness, form = artifacts["likeness"], artifacts["signal"].format
        write_likeness(
            context.kept_folder / PREVIEW,
            likeness.true,
            likeness.found,
            form,
            psnr=likeness.psnr,
            curve=read_record(context.kept_folder).decibels,
        )
        if likeness.thinned:
            context.note("the preview shows only some of the pixels")
        return {}
