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
    """Checks and normalises the file's normals; estimates and orients them where there are no good ones.

    Then it is known how the scan is, and said how much memory the run needs.
    """

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
        from sdf_siren.clouds.spacing import gauge
        from sdf_siren.memory import bytes_free, memory_sentence

        before = artifacts["points"]
        points = complete_normals(before, cast("Mode", self.mode), viewpoint=self.viewpoint, flip=self.flip)
        for note in points.notes[len(before.notes) :]:
            context.note(note)
        context.record({"points": len(points), "normals_in_file": before.normals is not None})
        free, report = bytes_free(), context.options.get("write.report", {}).get("wanted", False)
        if free is not None and points.normals is not None:
            noisy = gauge(points.points, points.normals).noisy
            context.note(memory_sentence(len(points), free, noisy=noisy, report=report))
        return {"points": points}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"{len(artifacts['points']):,} points with normals"]
