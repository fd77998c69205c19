"""``read.points``: the scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from sdf_siren.engine.options import option
from sdf_siren.engine.stage import Artifacts, Context, Stage


@dataclass(frozen=True)
class ReadPoints(Stage):
    """Reads a scan in any of the formats in docs/formats.md, and drops rows that are no points."""

    name: ClassVar[str] = "read.points"
    gives: ClassVar[tuple[str, ...]] = ("points", "drawn")
    prepares: ClassVar[bool] = True

    mesh_as_scan: bool = option(False, "Take the vertices and normals of a mesh file as the scan.")
    crop: tuple[float, float, float, float, float, float] | None = option(
        None, "Keep only points in the box xmin, ymin, zmin, xmax, ymax, zmax, in the scan's coordinates."
    )
    max_points: int = option(
        5_000_000, "Draw this many points at random from a larger scan, while it is read.", minimum=4
    )

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        from sdf_siren.io import read_points
        from sdf_siren.memory import bytes_free, points_within

        # What is free now may not be what was when an interrupted run drew its points.
        fitting = None if context.resume else points_within(bytes_free())
        most = self.max_points if fitting is None else min(self.max_points, fitting)
        points = read_points(context.input, mesh_as_scan=self.mesh_as_scan, crop=self.crop, max_points=most)
        for note in points.notes:
            context.note(note)
        reduced = most < self.max_points and any("drawn at random" in note for note in points.notes)
        if reduced:
            context.note(f"more points do not fit into the free memory; --max-points {most} repeats this run")
        return {"points": points, "drawn": most if reduced else None}

    def settled(self, artifacts: Artifacts, context: Context) -> ReadPoints:
        drawn = artifacts["drawn"]
        return self if drawn is None else replace(self, max_points=drawn)

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        points = artifacts["points"]
        size = " x ".join(f"{side:.6g}" for side in points.extent)
        return [f"{len(points):,} points, extent {size}"]
