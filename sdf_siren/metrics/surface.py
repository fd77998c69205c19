"""How far a mesh is from a reference surface, by distances that are exact point-to-triangle.

Accuracy looks from the mesh (what was invented), completeness from the reference (what was missed);
one without the other rewards meshes that are small or meshes that are everywhere. Definitions follow
Knapitsch et al. 2017 (Tanks and Temples, doi 10.1145/3072959.3073599) for the F-score and are the
plain, unsquared means elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.frames import Similarity
from sdf_siren.metrics.distance import SurfaceDistance
from sdf_siren.metrics.sampling import SurfaceSamples, face_normals, sample_surface

F_SCORE_PERCENT = (0.1, 0.5, 1.0)
"""Distance thresholds of the F-scores, in percent of the reference's diagonal."""

_LENGTHS = ("accuracy", "completeness", "chamfer", "hausdorff")


@dataclass(frozen=True)
class SurfaceMetrics:
    """A mesh measured against a reference; lengths in world units.

    Against a scan only ``completeness`` is known and the rest is None: a scan has no surface from
    which to tell what was invented and what the scanner did not see.

    Attributes:
        diagonal: of the reference's axis-aligned box.
        completeness: mean distance from the reference to the mesh; over the area of a reference
            mesh, or over all points of a scan.
        accuracy: mean distance from the mesh to the reference, over the mesh's area.
        chamfer: mean of accuracy and completeness.
        hausdorff: greatest distance either way, over all samples and vertices.
        f_scores: harmonic mean of the shares of either surface within ``F_SCORE_PERCENT`` of the
            other, each from 0 to 1.
        normal_consistency: mean dot product of the unit face normals at closest points, both ways;
            1 for the same surface, -1 for the same surface inside out.
    """

    diagonal: float
    completeness: float
    accuracy: float | None = None
    chamfer: float | None = None
    hausdorff: float | None = None
    f_scores: tuple[float, ...] | None = None
    normal_consistency: float | None = None

    def percent(self, length: float | None) -> float | None:
        """A length in percent of the reference's diagonal."""
        return None if length is None else 100 * length / self.diagonal

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready figures under stable names; every length also as ``<name>_percent``."""
        figures: dict[str, Any] = {"diagonal": self.diagonal}
        for name in _LENGTHS:
            figures[name] = getattr(self, name)
            figures[f"{name}_percent"] = self.percent(getattr(self, name))
        scores = self.f_scores or (None,) * len(F_SCORE_PERCENT)
        figures["f_score"] = {f"{t:g}": score for t, score in zip(F_SCORE_PERCENT, scores, strict=True)}
        figures["normal_consistency"] = self.normal_consistency
        return figures


def compare(
    mesh: Mesh, reference: Mesh | PointCloud, samples: int = 100_000, seed: int = 0
) -> SurfaceMetrics:
    """Measure ``mesh`` against ``reference``.

    Args:
        mesh: what to judge.
        reference: a mesh, or a scan (then completeness only).
        samples: area-uniform samples per surface; the same number and seed give the same figures.
        seed: of the samples.

    Raises:
        InputError: a surface has no area or coordinates that are not finite.
    """
    _check(mesh, "the mesh")
    if isinstance(reference, PointCloud):
        distance, _ = SurfaceDistance(mesh, reference.frame)(reference.points)
        return SurfaceMetrics(_diagonal(reference.points), completeness=float(distance.mean()))
    _check(reference, "the reference")
    surface = reference.vertices[np.unique(reference.faces)]
    frame, diagonal = Similarity.fitting(surface), _diagonal(surface)
    # Different seeds: samples of a mesh against itself must not be the very same points.
    from_mesh = _one_way(mesh, sample_surface(mesh, samples, seed), reference, frame)
    from_reference = _one_way(reference, sample_surface(reference, samples, seed + 1), mesh, frame)
    accuracy, completeness = float(from_mesh.distance.mean()), float(from_reference.distance.mean())
    return SurfaceMetrics(
        diagonal=diagonal,
        completeness=completeness,
        accuracy=accuracy,
        chamfer=(accuracy + completeness) / 2,
        hausdorff=max(from_mesh.greatest, from_reference.greatest),
        f_scores=tuple(
            _f_score(from_mesh.distance, from_reference.distance, percent / 100 * diagonal)
            for percent in F_SCORE_PERCENT
        ),
        normal_consistency=(from_mesh.alignment + from_reference.alignment) / 2,
    )


@dataclass(frozen=True)
class _OneWay:
    """What one surface sees of the other: sample distances, their maximum with vertices, alignment."""

    distance: NDArray[np.float64]
    greatest: float
    alignment: float


def _one_way(mesh: Mesh, samples: SurfaceSamples, other: Mesh, frame: Similarity) -> _OneWay:
    query = SurfaceDistance(other, frame)
    distance, closest = query(samples.points)
    at_vertices, _ = query(mesh.vertices[np.unique(mesh.faces)])
    alignment = np.einsum("ij,ij->i", face_normals(mesh)[samples.faces], face_normals(other)[closest])
    return _OneWay(distance, float(max(distance.max(), at_vertices.max())), float(alignment.mean()))


def _f_score(from_mesh: NDArray[np.float64], from_reference: NDArray[np.float64], threshold: float) -> float:
    precision, recall = float((from_mesh <= threshold).mean()), float((from_reference <= threshold).mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _diagonal(points: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(np.ptp(points, axis=0)))


def _check(mesh: Mesh, name: str) -> None:
    if not len(mesh.faces):
        raise InputError(f"{name} has no faces, so there is no surface to measure")
    if not np.isfinite(mesh.vertices).all():
        raise InputError(f"{name} has coordinates that are not finite; repair it before measuring")
