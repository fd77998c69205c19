"""A scan as a fit sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds import PointCloud, unit_normals
from sdf_siren.clouds.spacing import ScanGauge, gauge
from sdf_siren.errors import InputError


@dataclass(frozen=True)
class OrientedScan:
    """A scan in the cube, as float32 arrays, with what is measured on it once."""

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    tree: cKDTree
    gauge: ScanGauge

    def without(self, rows: NDArray[np.int64]) -> OrientedScan:
        """The scan without some of its points; its gauge is kept."""
        points, normals = np.delete(self.points, rows, axis=0), np.delete(self.normals, rows, axis=0)
        return OrientedScan(points, normals, cKDTree(points), self.gauge)


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
