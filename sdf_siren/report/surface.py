"""Pages about scans: a mesh and its scan in 3-D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.engine.folder import PREVIEW
from sdf_siren.report.exhibit import Exhibit, prepared
from sdf_siren.report.markup import Markup
from sdf_siren.report.payload import payload
from sdf_siren.report.pictures import still
from sdf_siren.report.record import RunRecord
from sdf_siren.report.subject import Rows, Shown, Subject
from sdf_siren.report.viewer import SCRIPTS, shown_counts, viewer
from sdf_siren.report.words import length, mesh_rows, mesh_verdict, scan_rows


@dataclass(frozen=True)
class Surface(Subject):
    """A mesh and its scan.

    Attributes:
        mesh: the result, world coordinates. At most 200,000 faces of it are embedded.
        cloud: the scan, the same coordinates, or None. At most 100,000 points of it are embedded.
    """

    scripts: ClassVar[tuple[str, ...]] = SCRIPTS
    nouns: ClassVar[tuple[str, str]] = ("scan", "Scan")

    mesh: Mesh
    cloud: PointCloud | None = None

    @cached_property
    def exhibit(self) -> Exhibit:
        """Measured and reduced.

        Raises:
            EmptySurfaceError: the mesh has no faces.
            MissingLibraryError: open3d, which measures distances, cannot be loaded.
        """
        return prepared(self.mesh, self.cloud)

    @classmethod
    def view(cls, runs: Sequence[Shown], labels: Sequence[str]) -> Markup:
        views, payloads = [], []
        up = str(runs[0].record.settings.get("write.preview", {}).get("up", "y"))
        for key, run, label in zip("ab", runs, labels, strict=False):
            assert isinstance(run.subject, cls)
            exhibit = run.subject.exhibit
            caption = f"{label}. {shown_counts(exhibit)} {run.note}".strip()
            views.append((key, still(run.record.folder / PREVIEW), caption))
            payloads.append(payload(exhibit, up))
        return viewer(views, payloads)

    def verdict(self, measures: Mapping[str, Any]) -> str | None:
        return mesh_verdict(measures)

    def result(self, measures: Mapping[str, Any]) -> Rows:
        told: Rows = [(title, length(value)) for title, value in self.figures().items()]
        return mesh_rows(measures) + (
            [*told, ("Unit of lengths", "as the scan's coordinates")] if told else []
        )

    def source(self, record: RunRecord) -> Rows:
        return scan_rows(record)

    def figures(self) -> Mapping[str, float]:
        found = self.exhibit.residuals
        if found is None:
            return {}
        return {
            "Scan to mesh, median": found.median,
            "Scan to mesh, 95 %": found.p95,
            "Scan to mesh, largest": found.largest,
        }
