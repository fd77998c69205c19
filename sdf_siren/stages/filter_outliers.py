"""``filter.outliers``: the scan without its doubles, and without points that float away from its surface."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class FilterOutliers(Stage):
    """Drops points that float away from the surface, alone or in handfuls; says how many.

    Before that it drops what repeats another point but for rounding, if that is common.
    """

    name: ClassVar[str] = "filter.outliers"
    needs: ClassVar[tuple[str, ...]] = ("points",)
    gives: ClassVar[tuple[str, ...]] = ("points",)
    prepares: ClassVar[bool] = True

    keep: bool = option(False, "Keep the points that float away.")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.clouds.doubles import without_doubles
        from sdf_siren.clouds.outliers import without_outliers

        before = artifacts["points"]
        single = without_doubles(before)
        points = single if self.keep else without_outliers(single)
        for note in points.notes[len(before.notes) :]:
            context.note(note)
        if not self.keep:
            context.record({"outliers": len(single) - len(points)})
        return {"points": points}
