"""``write.grid``: the output of a solved equation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteGrid(Stage):
    """Writes the grid as NPZ or VTI (ParaView), or draws it as PNG, by the suffix of the output."""

    name: ClassVar[str] = "write.grid"
    needs: ClassVar[tuple[str, ...]] = ("problem", "grid")
    writes_output: ClassVar[bool] = True

    def check(self, context: Context) -> None:
        from sdf_siren.io import check_grid_path

        check_grid_path(context.output)

    def settled(self, artifacts: Artifacts, context: Context) -> WriteGrid:
        from sdf_siren.io import check_grid_path

        check_grid_path(context.output, artifacts["problem"].domain.dimension)
        return self

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        if context.output.suffix.lower() == ".png":
            from sdf_siren.render import write_sheet

            write_sheet(artifacts["grid"], context.output)
        else:
            from sdf_siren.io import write_grid

            write_grid(artifacts["grid"], context.output)
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [str(context.output)]
