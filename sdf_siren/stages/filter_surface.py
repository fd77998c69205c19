"""``filter.surface``: nothing where there was no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FilterSurface(Stage):
    """Cuts the mesh of an open scan off where the scan does not support it; leaves that of a closed one."""

    name: ClassVar[str] = "filter.surface"
    needs: ClassVar[tuple[str, ...]] = ("field", "mesh", "support", "openness")
    uses: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("mesh",)

    kind: str = option(
        "auto",
        "`closed` keeps the surface whole, `open` shows nothing that is more than 3 spacings from the scan, "
        "`auto` decides by how much of that is seen from outside.",
        choices=("auto", "open", "closed"),
    )

    def settled(self, artifacts: Artifacts, context: Context) -> FilterSurface:
        if self.kind == "closed" and "points" in artifacts:
            from sdf_siren.clouds.normals import check_volume

            check_volume(artifacts["points"])
        return self

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.meshing import limit

        mesh, field, support = (artifacts[name] for name in ("mesh", "field", "support"))
        found = limit(mesh, field, support, self.kind, artifacts["openness"])
        for note in found.notes:
            context.note(note)
        decided = {} if found.made_up is None else {"made_up": found.made_up}
        context.record({"surface": found.kind, **decided})
        return {"mesh": found.mesh}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return {
            "auto": ["cut off where no point supports it, if much of the surface is made up"],
            "open": ["cut off where no point supports it"],
            "closed": [],
        }[self.kind]
