"""``measure.pde``: how good a solution is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class MeasurePde(Stage):
    """Records residual and boundary misses at fresh points, and errors against what is known."""

    name: ClassVar[str] = "measure.pde"
    needs: ClassVar[tuple[str, ...]] = ("problem", "solved")

    classical: bool = option(False, "Solve it by a classical method too, and compare.")
    classical_cells: int | None = option(
        None,
        "Cells along every axis of the coarse one of its two grids or meshes.",
        minimum=8,
        maximum=100000,
    )

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.metrics import compare_classical, equation_error, no_classical

        problem, solution = artifacts["problem"], artifacts["solved"].solution
        error = equation_error(problem, solution)
        context.record({k: v for k, v in dataclasses.asdict(error).items() if v is not None})
        if self.classical and (refused := no_classical(problem)) is not None:
            context.note(f"no classical reference: {refused}")
        elif self.classical:
            comparison = compare_classical(problem, solution, self.classical_cells)
            context.record({"classical": dataclasses.asdict(comparison)})
        return {}
