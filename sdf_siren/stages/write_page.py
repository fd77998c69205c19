"""``write.page``: a page about the fit of a signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import REPORT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WritePage(Stage):
    """Writes a page with image, fit and error to zoom into, and all figures, into the run folder."""

    name: ClassVar[str] = "write.page"
    needs: ClassVar[tuple[str, ...]] = ("field", "signal", "likeness")
    fills_folder: ClassVar[bool] = True

    wanted: bool = option(False, "Write it; `--report` says so, and a batch.")

    @property
    def idle(self) -> bool:
        return not self.wanted

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.report import FittedImage, Preview, read_record, write_report

        signal, chosen = artifacts["signal"], artifacts["field"].record.get("settings")
        image = len(signal.shape) == 2
        subject = FittedImage(signal, artifacts["likeness"]) if image else Preview()
        write_report(context.kept_folder / REPORT, read_record(context.kept_folder, chosen=chosen), subject)
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [] if self.wanted else ["nothing asked for"]
