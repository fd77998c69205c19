"""Normals for every point: those of the file where they are good, estimated ones where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.dimension import dimension
from sdf_siren.clouds.given_normals import AGREEMENT, checked
from sdf_siren.clouds.point_cloud import PointCloud, unit_normals
from sdf_siren.clouds.surroundings import estimated
from sdf_siren.errors import InputError, UsageError

Mode = Literal["auto", "keep", "estimate"]

_FLAT = 1e-6
"""Thickness of a cloud, as a part of its size, from which on it can enclose a volume."""

_SHORTEST = 1e-12
"""Normals below this length hold no direction; files write zeros where they have none."""

_NEIGHBOURS_TO_BORROW = 6


def complete_normals(
    cloud: PointCloud,
    mode: Mode = "auto",
    *,
    viewpoint: Sequence[float] | None = None,
    flip: bool = False,
) -> PointCloud:
    """The cloud with a unit normal at every point, pointing outward for closed scans.

    Given normals are compared with the planes and the normals around them. Good ones stay as they are, to
    the last bit; a scan that is inside out as a whole is turned; where too many contradict their neighbours,
    sides are found anew and directions that do not go with the surface are replaced. A few that are zero or
    not finite are taken from the nearest good ones, and points whose neighbours disagree are dropped. Where
    there are none, or fewer than half are good, all are estimated (:mod:`sdf_siren.clouds.local_planes`) and
    oriented (:mod:`sdf_siren.clouds.orientation`). Notes say which of this was done, and whether the points
    can tell a surface at all (:mod:`sdf_siren.clouds.dimension`).

    Args:
        cloud: the scan.
        mode: ``auto`` as above; ``keep`` believes given normals and their side; ``estimate`` ignores them.
        viewpoint: where all points were seen from, world coordinates, by the user's word: normals point
            there. Else they point to the cloud's ``sensors``, where it has them.
        flip: turn all normals at the end.

    Raises:
        InputError: the points lie on a line.
        UsageError: an unknown mode, or a viewpoint of the wrong shape.
    """
    if mode not in ("auto", "keep", "estimate"):
        raise UsageError(f"normals: expected auto, keep or estimate, found {mode!r}")
    sight = _lines_of_sight(cloud, viewpoint)
    check_area(cloud)
    doubt = dimension(cloud.points).doubt()
    done = _completed(cloud, mode, sight)
    if doubt is not None:
        done = replace(done, notes=(*done.notes, doubt))
    if flip and done.normals is not None:
        done = replace(done, normals=-done.normals, notes=(*done.notes, "all normals were turned, as asked"))
    return done


def check_area(cloud: PointCloud) -> None:
    """Refuse points in one place or on one line, through which no surface is better than any other.

    Raises:
        InputError: the second width of the cloud is less than 1e-6 of its length.
    """
    if not _widths(cloud)[1] > _FLAT:
        raise InputError(
            f"{cloud.source}: expected points on a surface, found all of them in one place or on one line"
        )


def check_volume(cloud: PointCloud) -> None:
    """Refuse points in one plane, which no closed surface can be fitted to.

    Raises:
        InputError: the thickness of the cloud is less than 1e-6 of its length.
    """
    if not _widths(cloud)[2] > _FLAT:
        raise InputError(
            f"{cloud.source}: expected points around a volume for a closed surface, found all of them in one "
            "plane; leave out --surface closed"
        )


def _widths(cloud: PointCloud) -> NDArray[np.float64]:
    """The extents (3,) of the cloud along its own axes: singular values, as parts of the largest."""
    centred = cloud.points - cloud.points.mean(axis=0)
    centred /= np.abs(centred).max() or 1.0  # so that no square overflows or vanishes
    # The eigenvalues of the 3 x 3 scatter would square the ratio down to the rounding errors.
    singular = np.linalg.svd(np.linalg.qr(centred, mode="r"), compute_uv=False)
    widths = np.zeros(3)
    widths[: len(singular)] = singular / (singular[0] or 1.0)
    return widths


def _lines_of_sight(cloud: PointCloud, viewpoint: Sequence[float] | None) -> NDArray[np.float64] | None:
    """Unit vectors (n, 3) from the points to where they were seen from, zero in that very place."""
    if viewpoint is None and cloud.sensors is None:
        return None
    place = np.asarray(cloud.sensors if viewpoint is None else viewpoint, dtype=np.float64)
    if viewpoint is not None and (place.shape != (3,) or not np.isfinite(place).all()):
        raise UsageError(f"viewpoint: expected three finite coordinates, found {viewpoint}")
    sight = place - cloud.points
    length = np.linalg.norm(sight, axis=1, keepdims=True)
    return np.asarray(sight / np.maximum(length, 1e-300))


def _completed(cloud: PointCloud, mode: Mode, sight: NDArray[np.float64] | None) -> PointCloud:
    if mode == "estimate" and cloud.normals is not None:
        return estimated(cloud, "the scan's normals were set aside, as asked: new ones were", sight)
    if cloud.normals is None:
        return estimated(cloud, "the scan has no normals: they were", sight)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(cloud.normals.astype(np.float64), axis=1)
        good = np.isfinite(lengths) & (lengths > _SHORTEST)
    bad = int((~good).sum())
    if 2 * bad > len(cloud):
        return estimated(cloud, f"{bad} of {len(cloud)} normals are zero or not finite: all were", sight)
    normals = np.zeros(cloud.points.shape, np.float32)
    normals[good] = unit_normals(cloud.normals[good])
    given = replace(cloud, normals=normals)
    if bad:
        given, keep = _borrowed(cloud, normals.astype(np.float64), good)
        sight = None if sight is None else sight[keep]
    return given if mode == "keep" else checked(given, sight)


def _borrowed(
    cloud: PointCloud, normals: NDArray[np.float64], good: NDArray[np.bool_]
) -> tuple[PointCloud, NDArray[np.bool_]]:
    """Fill the normals that are not good from the nearest good ones; drop points where these disagree."""
    missing = np.flatnonzero(~good)
    k = min(_NEIGHBOURS_TO_BORROW, int(good.sum()))
    _, nearest = cKDTree(cloud.points[good]).query(cloud.points[missing], k=k)
    mean = normals[good][nearest.reshape(len(missing), k)].mean(axis=1)
    length = np.linalg.norm(mean, axis=1)
    clear = length > AGREEMENT
    normals[missing[clear]] = mean[clear] / length[clear, None]
    filled, dropped = int(clear.sum()), int((~clear).sum())
    parts = [f"{filled} were taken from their neighbours"] if filled else []
    parts += [f"{dropped} points with unclear neighbours were dropped"] if dropped else []
    note = f"{len(missing)} of {len(cloud)} normals are zero or not finite: " + ", ".join(parts)
    keep = np.ones(len(cloud), dtype=bool)
    keep[missing[~clear]] = False
    return replace(cloud, normals=normals.astype(np.float32)).select(keep, note), keep
