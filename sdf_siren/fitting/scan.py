"""A scan as a fit sees it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds import PointCloud, unit_normals
from sdf_siren.clouds.spacing import SAMPLE, ScanGauge, gauge
from sdf_siren.errors import InputError
from sdf_siren.fields.threads import processors
from sdf_siren.fields.tiles import LEAST_SIDE

NEIGHBOUR = 8
SPARSE_QUANTILE, MUCH_SPARSER = 0.9, 2.0
"""A scan whose sparsest tenth of the surface is so much sparser than most points is drawn from by area, and
refitted by a level of its own there."""


@dataclass(frozen=True)
class OrientedScan:
    """A scan in the cube, as float32 arrays, with what is measured on it once."""

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    tree: cKDTree
    gauge: ScanGauge

    @cached_property
    def reaches(self) -> tuple[float, float]:
        """Distance to the eighth neighbour where the sparsest tenth of the surface begins; and the median."""
        rows = np.random.default_rng(0).permutation(len(self.points))[:SAMPLE]
        neighbour = min(NEIGHBOUR, len(self.points) - 1)
        reach = self.tree.query(self.points[rows], k=[neighbour + 1], workers=processors())[0][:, 0]
        reach = np.sort(np.maximum(reach, 2 * LEAST_SIDE))  # of points in heaps it is next to nothing
        area = np.cumsum(reach**2)  # each point stands for a patch of surface
        sparse = reach[min(np.searchsorted(area, SPARSE_QUANTILE * area[-1]), len(reach) - 1)]
        return float(sparse), float(np.median(reach))

    @property
    def uneven(self) -> bool:
        """Whether a tenth of the surface is much sparser than most points."""
        sparse, most = self.reaches
        return sparse > MUCH_SPARSER * most

    def without(self, rows: NDArray[np.int64]) -> OrientedScan:
        """The scan without some of its points; its gauge is kept."""
        points, normals = np.delete(self.points, rows, axis=0), np.delete(self.normals, rows, axis=0)
        return OrientedScan(points, normals, cKDTree(points), self.gauge)

    def turned(self, which: NDArray[np.bool_]) -> OrientedScan:
        """The scan with some normals (n,) turned."""
        return replace(self, normals=np.where(which[:, None], -self.normals, self.normals))


def oriented_scan(cloud: PointCloud) -> OrientedScan:
    """``cloud`` in its frame.

    Raises:
        InputError: the cloud has no normals, or some of them are zero or not finite.
    """
    if cloud.normals is None:
        raise InputError(
            f"{cloud.source}: a surface fit needs normals, found none; call complete_normals first"
        )
    points = cloud.frame.to_cube(cloud.points).astype(np.float32)
    if not (np.isfinite(cloud.normals).all() and cloud.normals.any(axis=1).all()):
        raise InputError(
            f"{cloud.source}: a surface fit needs finite normals above zero; call complete_normals first"
        )
    normals = unit_normals(cloud.normals)
    tree = cKDTree(points)
    return OrientedScan(points, normals, tree, gauge(points, normals, tree))
