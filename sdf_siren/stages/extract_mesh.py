"""``extract.mesh``: the zero level set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ExtractMesh(Stage):
    """Turns the zero level set into triangles; removes components far from every point of the scan."""

    name: ClassVar[str] = "extract.mesh"
    needs: ClassVar[tuple[str, ...]] = ("field",)
    uses: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("mesh",)

    resolution: int = option(256, "Lattice cells along the longest side of the box.", minimum=2, maximum=1024)
    crop: tuple[float, float, float, float, float, float] | None = option(
        None, "Extract only in the box xmin, ymin, zmin, xmax, ymax, zmax, in the scan's coordinates."
    )

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import extract

        scan = artifacts.get("points")
        extraction = extract(
            artifacts["field"],
            self.resolution,
            near=None if scan is None else scan.points,
            crop=self.crop,
            progress=context.progress,
        )
        for note in extraction.notes:
            context.note(note)
        removed = extraction.components_removed
        context.record({"evaluations": extraction.evaluations, "components_removed": removed})
        return {"mesh": extraction.mesh}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"resolution {self.resolution}"]
