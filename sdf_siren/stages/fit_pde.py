"""``fit.pde``: the solution of an equation."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import CHECKPOINT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class FitPde(Stage):
    """Solves a problem with a SIREN; chooses solver and network by residuals on points it has not fitted."""

    name: ClassVar[str] = "fit.pde"
    needs: ClassVar[tuple[str, ...]] = ("problem",)
    gives: ClassVar[tuple[str, ...]] = ("solved",)

    solver: str = option(
        "auto",
        "Least squares for the last layer; Levenberg-Marquardt for all; first-order training; or a choice.",
        choices=("auto", "least_squares", "levenberg_marquardt", "training"),
    )
    tolerance: float = option(
        1e-10, "Stop when the residual on fresh points is below, relative to the solution.", minimum=0
    )
    width: int | None = option(None, "Units of the widest network to try.", minimum=1, maximum=20000)

    def check(self, context: Context) -> None:
        if context.device.startswith("cuda"):
            raise UsageError(f"--device {context.device}: equations are solved on the CPU; use cpu or auto")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fitting import solve_problem

        solved = solve_problem(
            artifacts["problem"],
            seed=context.seed,
            progress=context.progress,
            checkpoint=context.folder / CHECKPOINT if context.folder else None,
            resume=context.resume,
            **dataclasses.asdict(self),
        )
        context.note(solved.reason)
        context.record({"solver": solved.solver, "reason": solved.reason, "indicator": solved.indicator})
        return {"solved": solved}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        width = "" if self.width is None else f", at most {self.width} units"
        return [f"solver {self.solver}, to {self.tolerance:g}{width}"]
