"""``extract.slowness``: a squared slowness on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ExtractSlowness(Stage):
    """Evaluates the squared slowness over a square around the region, the sources and the receivers."""

    name: ClassVar[str] = "extract.slowness"
    needs: ClassVar[tuple[str, ...]] = ("problem", "recovered")
    gives: ClassVar[tuple[str, ...]] = ("grid",)

    resolution: int | None = option(None, "Cells along every side. Left open: 160.", minimum=4, maximum=4000)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import slowness_grid

        problem, slowness = artifacts["problem"], artifacts["recovered"].slowness
        return {"grid": slowness_grid(problem, slowness, self.resolution)}
