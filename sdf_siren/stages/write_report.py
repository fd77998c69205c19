"""``write.report``: a page about the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import REPORT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import MissingLibraryError


@dataclass(frozen=True)
class WriteReport(Stage):
    """Writes a page with a 3-D view of mesh, scan and error, and all figures, into the run folder."""

    name: ClassVar[str] = "write.report"
    needs: ClassVar[tuple[str, ...]] = ("mesh",)
    uses: ClassVar[tuple[str, ...]] = ("points", "field")
    fills_folder: ClassVar[bool] = True

    wanted: bool = option(False, "Write it; `--report` says so, and a batch.")

    @property
    def idle(self) -> bool:
        return not self.wanted

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.report import Surface, read_record, write_report

        record = artifacts["field"].record if "field" in artifacts else {}
        told = read_record(context.kept_folder, chosen=record.get("settings"))
        try:
            subject = Surface(artifacts["mesh"], artifacts.get("points"))
            write_report(context.kept_folder / REPORT, told, subject)
        except MissingLibraryError as error:
            # The mesh is written by now; a missing page is no reason to call the job failed.
            context.note(f"no report: {error}")
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [] if self.wanted else ["nothing asked for"]
