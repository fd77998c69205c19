"""``extract.mesh``: the zero level set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ExtractMesh(Stage):
    """Turns the zero level set into triangles; removes components far from every point of the scan.

    Where `filter.surface` follows and the scan is clearly open, only what that may keep.
    """

    name: ClassVar[str] = "extract.mesh"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    uses: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("mesh", "support", "openness")

    resolution: int | None = option(
        None,
        "Cells along a side of the cube around the scan, all of one size. Left open: 180, or as "
        "the detail asks, and finer where the surface bends.",
        minimum=8,
        maximum=1024,
    )
    flatness: float | None = option(
        None, "Split edges that the surface rises farther above, in the scan's units; 0 for none.", minimum=0
    )

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import extract, scan_support

        support = scan_support(artifacts["field"], artifacts.get("points"))
        extraction = extract(
            artifacts["field"],
            self.resolution,
            flatness=self.flatness,
            surface=context.options.get("filter.surface", {}).get("kind", "whole"),
            support=support,
            device=context.device,
            progress=context.progress,
        )
        for note in extraction.notes:
            context.note(note)
        removed = extraction.components_removed
        context.record({"evaluations": extraction.evaluations, "components_removed": removed})
        return {"mesh": extraction.mesh, "support": support, "openness": extraction.openness}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"resolution {self.resolution or '180 or as the detail asks, finer where the surface bends'}"]
