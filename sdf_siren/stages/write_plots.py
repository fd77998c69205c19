"""``write.plots``: pictures of a solved equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import PREVIEW
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WritePlots(Stage):
    """Draws the solution, its error or residual, and the way there into the run folder."""

    name: ClassVar[str] = "write.plots"
    needs: ClassVar[tuple[str, ...]] = ("solved", "grid")
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.render import write_sheet

        write_sheet(artifacts["grid"], context.kept_folder / PREVIEW, artifacts["solved"].history)
        return {}
