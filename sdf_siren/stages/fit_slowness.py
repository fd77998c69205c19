"""``fit.slowness``: the squared slowness that explains measured waves."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import CHECKPOINT
from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import UsageError


@dataclass(frozen=True)
class FitSlowness(Stage):
    """Finds the squared slowness by Gauss-Newton; receivers held out choose how smooth it is."""

    name: ClassVar[str] = "fit.slowness"
    needs: ClassVar[tuple[str, ...]] = ("problem",)
    gives: ClassVar[tuple[str, ...]] = ("recovered",)

    units: int = option(120, "Units of the network of the squared slowness.", minimum=8, maximum=2000)
    steps: int = option(3, "Steps of Gauss-Newton; strong contrasts need more.", minimum=1, maximum=50)
    strength: float | None = option(
        None,
        "Strength of the regularisation, such as 3e-3. Left open: receivers held out choose.",
        minimum=1e-9,
    )

    def check(self, context: Context) -> None:
        if context.device.startswith("cuda"):
            raise UsageError(f"--device {context.device}: equations are solved on the CPU; use cpu or auto")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.fitting import recover_slowness

        problem = artifacts["problem"]
        found = recover_slowness(
            problem,
            seed=context.seed,
            progress=context.progress,
            checkpoint=context.folder / CHECKPOINT if context.folder else None,
            resume=context.resume,
            **dataclasses.asdict(self),
        )
        for text in problem.survey.expectations:
            context.note(text)
        measures = {"misfit": found.misfit, "strength": found.strength}
        if self.strength is None:
            measures["held_out_misfit"] = found.held_out
        context.record(measures)
        return {"recovered": found}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        how = "chosen by receivers held out" if self.strength is None else f"{self.strength:g}"
        return [f"{self.steps} steps of Gauss-Newton, {self.units} units, regularisation {how}"]
