"""``filter.colours``: the scan's colours on the mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FilterColours(Stage):
    """Blends colours of the scan, and its intensity if asked, from the points nearest to each vertex."""

    name: ClassVar[str] = "filter.colours"
    needs: ClassVar[tuple[str, ...]] = ("points", "mesh")
    gives: ClassVar[tuple[str, ...]] = ("mesh",)

    colours: bool = option(True, "Give the mesh the scan's colours, if it has any.")
    intensity: bool = option(False, "Give it the scan's intensity, as a number per vertex.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import painted

        mesh, notes = painted(
            artifacts["mesh"], artifacts["points"], colours=self.colours, intensity=self.intensity
        )
        for note in notes:
            context.note(note)
        return {"mesh": mesh}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        points = artifacts["points"]
        carried = ["colours"] * (self.colours and points.colours is not None)
        carried += ["intensity"] * (self.intensity and points.intensity is not None)
        return [" and ".join(carried) if carried else "nothing to carry"]
