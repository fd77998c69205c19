"""What is reconstructed: meshes sampled or virtually scanned, and real scans with a ground truth.

Nothing heavy is imported before a case is loaded: see surface.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdf_siren.artifacts import Mesh
    from sdf_siren.clouds import PointCloud

SUBSETS = (
    "sparse",
    "uneven",
    "clean",
    "slight",
    "noisy",
    "dense",
    "occluded",
    "stepped",
    "misaligned",
    "scans",
)

POINTS = {
    "sparse": 1_000,
    "uneven": 20_000,
    "clean": 10_000,
    "slight": 50_000,
    "noisy": 50_000,
    "dense": 200_000,
}
"""Drawn from a mesh."""


@dataclass(frozen=True)
class Case:
    """One input and what is known of its surface.

    Attributes:
        name: as given to ``--case``.
        subset: as given to ``--subset``.
        mesh: the true surface, relative to the data folder; empty where only the scan is known.
        scan: the input, relative to the data folder; empty to make it from ``mesh`` as ``subset`` says.
        incomplete: whether parts of the surface have no points at all, so that no method can know them.
    """

    name: str
    subset: str
    mesh: str
    scan: str = ""
    incomplete: bool = False

    @property
    def seeds_matter(self) -> bool:
        """Whether the input differs between seeds; a given scan is what it is."""
        return not self.scan

    def load(self, data: Path, seed: int = 0) -> PointCloud:
        """The input points, with normals unless they are a scan that has none."""
        from sdf_siren.io import read_mesh, read_points

        if self.scan:
            return read_points(data / self.scan)
        import virtual_scans

        mesh = read_mesh(data / self.mesh)
        match self.subset:
            case "sparse" | "clean" | "dense":
                return virtual_scans.sampled(mesh, POINTS[self.subset], seed)
            case "uneven":
                return virtual_scans.unevenly_sampled(mesh, POINTS[self.subset], seed)
            case "slight" | "noisy":
                cloud = virtual_scans.sampled(mesh, POINTS[self.subset], seed)
                return virtual_scans.perturbed(cloud, seed, slightly=self.subset == "slight")
            case "occluded":
                return virtual_scans.seen_from_around(mesh, seed)
            case "stepped":
                return virtual_scans.seen_in_steps(mesh, seed)
            case "misaligned":
                return virtual_scans.seen_misaligned(mesh, seed)
        raise ValueError(f"no way to make a scan of the subset {self.subset!r}")

    def reference(self, data: Path) -> Mesh | PointCloud:
        """The true surface, or the scan itself where none is known."""
        from sdf_siren.io import read_mesh

        return read_mesh(data / self.mesh) if self.mesh else self.load(data)


def cases_of(meshes: dict[str, str]) -> tuple[Case, ...]:
    """The nine virtual scans of watertight meshes, given as paths by name."""
    return (
        *(Case(f"{name}-sparse", "sparse", mesh) for name, mesh in meshes.items()),
        *(Case(f"{name}-uneven", "uneven", mesh) for name, mesh in meshes.items()),
        *(Case(name, "clean", mesh) for name, mesh in meshes.items()),
        *(Case(f"{name}-slight", "slight", mesh) for name, mesh in meshes.items()),
        *(Case(f"{name}-noisy", "noisy", mesh) for name, mesh in meshes.items()),
        *(Case(f"{name}-dense", "dense", mesh) for name, mesh in meshes.items()),
        *(Case(f"{name}-occluded", "occluded", mesh, incomplete=True) for name, mesh in meshes.items()),
        *(Case(f"{name}-stepped", "stepped", mesh, incomplete=True) for name, mesh in meshes.items()),
        *(Case(f"{name}-misaligned", "misaligned", mesh, incomplete=True) for name, mesh in meshes.items()),
    )


WATERTIGHT = {
    "nefertiti": "meshes/nefertiti_50k.ply",
    "skull": "meshes/skull.ply",
    "anchor": "meshes/srb_anchor.ply",
    "lordquas": "meshes/srb_lordquas.ply",
    "armadillo": "meshes/armadillo_100k.ply",
    "scorpion": "meshes/scorpion.ply",
    "spot": "meshes/spot.ply",
    "kitten": "meshes/kitten_gc.ply",
    "hammer": "meshes/hammer_rawscan.ply",
    "abc": "meshes/abc_00016513_gt.ply",
}

SCANS = (
    Case("bunny-scan", "scans", "meshes/bunny_zipper.ply", "scans/bunny_raw_merged.ply", incomplete=True),
    Case(
        "abc-scan", "scans", "meshes/abc_00016513_gt.ply", "scans/abc_00016513_simscan.npy", incomplete=True
    ),
    Case("skull-scan", "scans", "meshes/skull.ply", "demo/skull_points_100k.ply"),
    Case("hammer-scan", "scans", "meshes/hammer_rawscan.ply", "demo/hammer_points_30k.ply"),
    Case("spot-scan", "scans", "meshes/spot.ply", "demo/spot_points_12k.ply"),
    Case("kitten-scan", "scans", "", "scans/kitten.xyz"),
)

CASES = (*cases_of(WATERTIGHT), *SCANS)
