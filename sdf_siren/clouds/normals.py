"""Normals for every point: those of the file where they are good, estimated ones where they are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.point_cloud import PointCloud, unit_normals
from sdf_siren.errors import InputError
from sdf_siren.open3d_import import import_open3d

_FLAT = 1e-6
"""Thickness of a cloud, as a part of its size, from which on it can enclose a volume."""

_SHORTEST = 1e-12
"""Normals below this length hold no direction; files write zeros where they have none."""

_NEIGHBOURS_TO_ESTIMATE = 16
_NEIGHBOURS_TO_BORROW = 6

_AGREEMENT = 0.5
"""Length of the mean of unit normals from which on they say one direction: within about 60 degrees."""

_DIRECTIONS = 128

_JITTER = 1e-6
"""Breaks ties of points on a sphere or a grid, which qhull refuses; cube units, far below any detail."""


def complete_normals(cloud: PointCloud) -> PointCloud:
    """The cloud with a unit normal at every point, pointing outward for closed scans.

    Given normals are normalised and their side is believed. Where a few are zero or not finite,
    they are taken from the nearest good ones, and points whose neighbours disagree are dropped.
    Where there are none, or fewer than half are good, all are estimated and oriented with open3d.
    A note says which of this was done. open3d is imported only to estimate.

    Raises:
        InputError: the points lie in a plane or on a line.
        MissingLibraryError: normals have to be estimated and open3d cannot be imported.
    """
    check_volume(cloud)
    if cloud.normals is None:
        return _estimated(cloud, "the scan has no normals: they were")
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(cloud.normals.astype(np.float64), axis=1)
        good = np.isfinite(lengths) & (lengths > _SHORTEST)
    bad = int((~good).sum())
    if 2 * bad > len(cloud):
        return _estimated(cloud, f"{bad} of {len(cloud)} normals are zero or not finite: all were")
    normals = np.zeros(cloud.points.shape)
    normals[good] = unit_normals(cloud.normals[good])
    if not bad:
        return replace(cloud, normals=normals.astype(np.float32))
    return _borrowed(cloud, normals, good)


def check_volume(cloud: PointCloud) -> None:
    """Refuse points in one plane or on one line, which no closed surface can be fitted to.

    Raises:
        InputError: the thickness of the cloud (the smallest singular value of the centred points)
            is less than 1e-6 of its size (the largest).
    """
    centred = cloud.points - cloud.points.mean(axis=0)
    centred /= np.abs(centred).max() or 1.0  # so that no square overflows or vanishes
    # The eigenvalues of the 3 x 3 scatter would square the ratio down to the rounding errors.
    singular = np.linalg.svd(np.linalg.qr(centred, mode="r"), compute_uv=False)
    if len(singular) < 3 or not singular[-1] > _FLAT * singular[0]:
        raise InputError(
            f"{cloud.source}: expected points around a volume, found all of them in one plane or on one line;"
            " there is no closed surface to fit"
        )


def _borrowed(cloud: PointCloud, normals: NDArray[np.float64], good: NDArray[np.bool_]) -> PointCloud:
    """Fill the normals that are not good from the nearest good ones; drop points where these disagree."""
    missing = np.flatnonzero(~good)
    k = min(_NEIGHBOURS_TO_BORROW, int(good.sum()))
    _, nearest = cKDTree(cloud.points[good]).query(cloud.points[missing], k=k)
    mean = normals[good][nearest.reshape(len(missing), k)].mean(axis=1)
    length = np.linalg.norm(mean, axis=1)
    clear = length > _AGREEMENT
    normals[missing[clear]] = mean[clear] / length[clear, None]
    filled, dropped = int(clear.sum()), int((~clear).sum())
    parts = [f"{filled} were taken from their neighbours"] if filled else []
    parts += [f"{dropped} points with unclear neighbours were dropped"] if dropped else []
    note = f"{len(missing)} of {len(cloud)} normals are zero or not finite: " + ", ".join(parts)
    keep = np.ones(len(cloud), dtype=bool)
    keep[missing[~clear]] = False
    return replace(cloud, normals=normals.astype(np.float32)).select(keep, note)


def _estimated(cloud: PointCloud, reason: str) -> PointCloud:
    """Normals by local plane fits, their sides by a minimum spanning tree (Hoppe et al. 1992)."""
    open3d = import_open3d()
    points = cloud.frame.to_cube(cloud.points)  # plane fits lose digits far from the origin
    scan = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    k = min(_NEIGHBOURS_TO_ESTIMATE, len(cloud))
    scan.estimate_normals(open3d.geometry.KDTreeSearchParamKNN(k))
    jitter = _JITTER * np.random.default_rng(0).standard_normal(points.shape)
    scan.points = open3d.utility.Vector3dVector(points + jitter)
    try:
        scan.orient_normals_consistent_tangent_plane(k)
    except RuntimeError as error:
        text = " ".join(str(error).split())[:120]
        raise InputError(f"{cloud.source}: its normals cannot be oriented ({text})") from None
    normals = np.asarray(scan.normals)
    share = outward_share(points, normals)
    if share < 0.5:
        normals, share = -normals, 1 - share
    note = (
        f"{reason} estimated from {k} neighbours and oriented consistently; they point outward in"
        f" {share:.0%} of the directions around the scan (100% for a closed surface)"
    )
    return replace(cloud, normals=normals.astype(np.float32), notes=(*cloud.notes, note))


def outward_share(points: NDArray[np.float64], normals: NDArray[np.float64]) -> float:
    """The share of directions in which the outermost point's normal points outward.

    At the point of a closed surface that is outermost in direction d, the outward normal is d.
    This needs no areas and no closed scan, unlike the sign of the enclosed volume.

    Args:
        points: (n, 3).
        normals: (n, 3).

    Returns:
        From 0 (normals point inward) to 1 (outward).
    """
    directions = _spread_directions(_DIRECTIONS)
    # One direction at a time: all products at once would be 128 numbers per point.
    outermost = [int(np.argmax(points @ direction)) for direction in directions]
    return float(np.mean(np.einsum("nd,nd->n", normals[outermost], directions) > 0))


def _spread_directions(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors spread evenly: a Fibonacci spiral."""
    i = np.arange(count) + 0.5
    z = 1 - 2 * i / count
    angle = np.pi * (1 + np.sqrt(5)) * i
    radius = np.sqrt(1 - z * z)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)
