"""``filter.outliers``: the scan without points that float away from its surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FilterOutliers(Stage):
    """Drops points that float away from the surface, alone or in handfuls; says how many."""

    name: ClassVar[str] = "filter.outliers"
    needs: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("points",)
    prepares: ClassVar[bool] = True

    keep: bool = option(False, "Keep all points.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        before = artifacts["points"]
        if self.keep:
            return {"points": before}
        from sdf_siren.clouds.outliers import without_outliers

        points = without_outliers(before)
        for note in points.notes[len(before.notes) :]:
            context.note(note)
        context.record({"outliers": len(before) - len(points)})
        return {"points": points}
