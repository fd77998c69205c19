"""``measure.support``: what of the mesh is measured, what is filled in, and what of the scan is not in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage

NOTEWORTHY = 0.01
"""Share of the scan's points without mesh from which on it is told: outliers that were left in are fewer."""


@dataclass(frozen=True)
class MeasureSupport(Stage):
    """Records how much of the mesh is how far from the scan, in spacings of the scan.

    Where points and mesh face different ways, the mesh counts as farther. Also recorded is the share of the
    scan's points that are more than 3 spacings from the mesh.
    """

    name: ClassVar[str] = "measure.support"
    needs: ClassVar[tuple[str, ...]] = ("mesh", "support")
    gives: ClassVar[tuple[str, ...]] = ("mesh",)

    write: bool = option(False, "Give every vertex its own as the attribute `support`; 10 stands for more.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import coverage

        mesh, support = artifacts["mesh"], artifacts["support"]
        if support is None:
            return {"mesh": mesh}
        covered = coverage(mesh, support)
        beyond = {f"{limit:g}": share for limit, share in covered.beyond.items()}
        found = {"support": {"beyond": beyond, "largest": covered.largest}, "points_missed": covered.missed}
        context.record(found)
        if covered.missed > NOTEWORTHY:
            context.note(f"{covered.missed:.1%} of the scan's points are more than 3 spacings from the mesh")
        if not self.write:
            return {"mesh": mesh}
        support_at_vertices = support.at(mesh.vertices, mesh.normals)
        return {"mesh": replace(mesh, scalars={**mesh.scalars, "support": support_at_vertices})}
