"""``write.solution``: the solved equation, to be evaluated again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.folder import FIELD
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteSolution(Stage):
    """Writes network and problem into the run folder, for ``sdf_siren.load_solution``."""

    name: ClassVar[str] = "write.solution"
    needs: ClassVar[tuple[str, ...]] = ("solved",)
    fills_folder: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_solution

        write_solution(artifacts["solved"].solution, context.input, context.kept_folder / FIELD)
        return {}
