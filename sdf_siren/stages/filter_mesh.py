"""``filter.mesh``: what is done to the mesh on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FilterMesh(Stage):
    """Removes small components, fills holes, smooths and simplifies, in this order; nothing unasked."""

    name: ClassVar[str] = "filter.mesh"
    needs: ClassVar[tuple[str, ...]] = ("field", "mesh")
    gives: ClassVar[tuple[str, ...]] = ("mesh",)

    components: int = option(0, "Keep only so many, those of the largest area; 0 for all.", minimum=0)
    holes: bool = option(False, "Fill holes; of an open surface its rim too, unless it is too wide.")
    widest_hole: float | None = option(
        None, "Leave holes of a larger diameter, in the scan's units, open.", minimum=0
    )
    smooth: int = option(0, "Rounds of smoothing, without shrinking.", minimum=0, maximum=1000)
    faces: int | None = option(None, "Simplify to at most so many faces.", minimum=4)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import finished

        mesh, notes = finished(
            artifacts["mesh"],
            artifacts["field"],
            components=self.components,
            holes=self.holes,
            widest_hole=self.widest_hole,
            smooth=self.smooth,
            faces=self.faces,
            device=context.device,
        )
        for note in notes:
            context.note(note)
        return {"mesh": mesh}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        asked = [f"{self.components} components at most"] * (self.components > 0)
        asked += ["holes filled"] * self.holes + [f"{self.smooth} rounds of smoothing"] * (self.smooth > 0)
        asked += [] if self.faces is None else [f"{self.faces:,} faces at most"]
        return [", ".join(asked) if asked else "nothing asked for"]
