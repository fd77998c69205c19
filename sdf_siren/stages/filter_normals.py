"""``filter.normals``: a unit normal for every point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FilterNormals(Stage):
    """Normalises the file's normals; estimates and orients them where there are none."""

    name: ClassVar[str] = "filter.normals"
    needs: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("points",)
    prepares: ClassVar[bool] = True

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.clouds.normals import complete_normals

        before = artifacts["points"]
        points = complete_normals(before)
        for note in points.notes[len(before.notes) :]:
            context.note(note)
        context.record({"points": len(points), "normals_in_file": before.normals is not None})
        return {"points": points}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"{len(artifacts['points']):,} points with normals"]
