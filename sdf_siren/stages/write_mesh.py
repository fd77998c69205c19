"""``write.mesh``: the output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class WriteMesh(Stage):
    """Writes the mesh as PLY, OBJ, STL, OFF or GLB, by the suffix of the output."""

    name: ClassVar[str] = "write.mesh"
    needs: ClassVar[tuple[str, ...]] = ("mesh",)
    writes_output: ClassVar[bool] = True

    def check(self, context: Context) -> None:
        from sdf_siren.io import check_mesh_path

        check_mesh_path(context.output)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import write_mesh

        for note in write_mesh(artifacts["mesh"], context.output):
            context.note(note)
        return {}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [str(context.output)]
