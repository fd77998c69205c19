"""What is reconstructed: meshes sampled with or without noise, and scans with a ground truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdf_siren.artifacts import Mesh
    from sdf_siren.clouds import PointCloud

NOISE = 0.004
"""Standard deviation of a noisy point's place, in the cube where the scan's half extent is 0.9."""

NORMAL_NOISE = 0.2
"""Standard deviation of a noisy normal's direction about each axis, radians."""


@dataclass(frozen=True)
class Case:
    """One input and what is known of its surface.

    Attributes:
        name: as given to ``--case``.
        subset: as given to ``--subset``.
        mesh: the true surface, relative to the data folder; empty where only the scan is known.
        scan: the input, relative to the data folder; empty to sample ``mesh``.
        points: how many to sample.
        noisy: whether the samples and their normals are perturbed.
    """

    name: str
    subset: str
    mesh: str
    scan: str = ""
    points: int = 10_000
    noisy: bool = False

    def load(self, data: Path) -> PointCloud:
        """The input points with normals."""
        if self.scan:
            from sdf_siren.clouds.normals import complete_normals
            from sdf_siren.io import read_points

            return complete_normals(read_points(data / self.scan))
        return sampled(self.reference(data), self)

    def reference(self, data: Path) -> Mesh | PointCloud:
        """The true surface, or the scan itself where none is known."""
        from sdf_siren.io import read_mesh

        return read_mesh(data / self.mesh) if self.mesh else self.load(data)


def sampled(mesh: Mesh, case: Case) -> PointCloud:
    """Area-uniform points with interpolated vertex normals, perturbed if the case is noisy; seed 0."""
    import numpy as np

    from sdf_siren.artifacts import vertex_normals
    from sdf_siren.clouds import PointCloud
    from sdf_siren.frames import Similarity
    from sdf_siren.metrics import sample_surface

    samples = sample_surface(mesh, case.points, seed=0)
    points = samples.points
    normals = np.einsum(
        "nk,nkd->nd", samples.weights, vertex_normals(mesh.vertices, mesh.faces)[mesh.faces[samples.faces]]
    )
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    if case.noisy:
        generator = np.random.default_rng(1)
        scale = Similarity.fitting(points).scale
        points = points + generator.normal(scale=NOISE / scale, size=points.shape)
        normals += generator.normal(scale=NORMAL_NOISE, size=normals.shape)
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return PointCloud(points, normals.astype(np.float32), source=case.name)


_SAMPLED = {
    "nefertiti": "meshes/nefertiti_50k.ply",
    "skull": "meshes/skull.ply",
    "anchor": "meshes/srb_anchor.ply",
    "lordquas": "meshes/srb_lordquas.ply",
    "armadillo": "meshes/armadillo_100k.ply",
    "scorpion": "meshes/scorpion.ply",
    "spot": "meshes/spot.ply",
    "kitten": "meshes/kitten_gc.ply",
}

CASES = (
    *(Case(name, "clean", mesh) for name, mesh in _SAMPLED.items()),
    *(Case(f"{name}-noisy", "noisy", mesh, points=50_000, noisy=True) for name, mesh in _SAMPLED.items()),
    *(Case(f"{name}-dense", "dense", mesh, points=200_000) for name, mesh in _SAMPLED.items()),
    Case("bunny-scan", "scans", "meshes/bunny_zipper.ply", "scans/bunny_raw_merged.ply"),
    Case("skull-scan", "scans", "meshes/skull.ply", "demo/skull_points_100k.ply"),
    Case("hammer-scan", "scans", "meshes/hammer_rawscan.ply", "demo/hammer_points_30k.ply"),
    Case("spot-scan", "scans", "meshes/spot.ply", "demo/spot_points_12k.ply"),
    Case("kitten-scan", "scans", "", "scans/kitten.xyz"),
)
