"""``filter.normals``: a unit normal for every point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage

if TYPE_CHECKING:
    from sdf_siren.clouds.normals import Mode


@dataclass(frozen=True)
class FilterNormals(Stage):
    """Checks and normalises the file's normals; estimates and orients them where there are no good ones."""

    name: ClassVar[str] = "filter.normals"
    needs: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("points",)
    prepares: ClassVar[bool] = True

    mode: str = option(
        "auto",
        "`keep` believes the file's normals, `estimate` ignores them, `auto` mends wrong ones.",
        choices=("auto", "keep", "estimate"),
    )
    viewpoint: tuple[float, float, float] | None = option(
        None, "x, y, z in the file's coordinates: where the scan was seen from; normals point there."
    )
    flip: bool = option(False, "Turn all normals at the end.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.clouds.normals import complete_normals

        before = artifacts["points"]
        points = complete_normals(before, cast("Mode", self.mode), viewpoint=self.viewpoint, flip=self.flip)
        for note in points.notes[len(before.notes) :]:
            context.note(note)
        context.record({"points": len(points), "normals_in_file": before.normals is not None})
        return {"points": points}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"{len(artifacts['points']):,} points with normals"]
