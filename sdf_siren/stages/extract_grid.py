"""``extract.grid``: a solution on a regular grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ExtractGrid(Stage):
    """Evaluates the solution, the size of its gradient and its residual over the domain's bounding box."""

    name: ClassVar[str] = "extract.grid"
    needs: ClassVar[tuple[str, ...]] = ("problem", "solved")
    gives: ClassVar[tuple[str, ...]] = ("grid",)

    resolution: int | None = option(
        None,
        "Cells along the longest side. Left open: 1000 in one dimension, 160 in two, 40 in three.",
        minimum=4,
        maximum=100000,
    )

    def settled(self, artifacts: Artifacts, context: Context) -> ExtractGrid:
        from sdf_siren.metrics import grid_cells

        grid_cells(artifacts["problem"], self.resolution)  # too many are refused before the work
        return self

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import solution_grid

        problem, solution = artifacts["problem"], artifacts["solved"].solution
        return {"grid": solution_grid(problem, solution, self.resolution, progress=context.progress)}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        from sdf_siren.metrics import grid_cells

        return [" x ".join(map(str, grid_cells(artifacts["problem"], self.resolution))) + " cells"]
