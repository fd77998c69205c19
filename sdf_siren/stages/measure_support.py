"""``measure.support``: what of the mesh is measured, and what is filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class MeasureSupport(Stage):
    """Records how much of the mesh is how far from the scan, in spacings of the scan.

    Where points and mesh face different ways, the mesh counts as farther.
    """

    name: ClassVar[str] = "measure.support"
    needs: ClassVar[tuple[str, ...]] = ("field", "mesh")
    uses: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("mesh",)

    write: bool = option(False, "Give every vertex its own as the attribute `support`; 10 stands for more.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import coverage, scan_support

        mesh = artifacts["mesh"]
        support = scan_support(artifacts["field"], artifacts.get("points"))
        if support is None:
            return {"mesh": mesh}
        found = support.at(mesh.vertices, mesh.normals)
        covered = coverage(mesh, found)
        beyond = {f"{limit:g}": share for limit, share in covered.beyond.items()}
        context.record({"support": {"beyond": beyond, "largest": covered.largest}})
        return {"mesh": replace(mesh, scalars={**mesh.scalars, "support": found}) if self.write else mesh}
