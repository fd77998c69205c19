"""``read_points``: one table of formats, and the checks that all of them share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io.e57 import read_e57_points
from sdf_siren.io.gathering import FARTHEST, MINIMUM_POINTS, gather
from sdf_siren.io.las import read_las_points
from sdf_siren.io.mesh_reader import MESH_SUFFIXES, read_mesh_points
from sdf_siren.io.numpy_files import read_npy_points, read_npz_points
from sdf_siren.io.opening import checked_size
from sdf_siren.io.pcd import read_pcd_points
from sdf_siren.io.ply import read_ply_points
from sdf_siren.io.precision import is_single, needs_double, single_step
from sdf_siren.io.pts import read_pts_points
from sdf_siren.io.ptx import read_ptx_points
from sdf_siren.io.raw_points import RawPoints
from sdf_siren.io.text import read_text_points
from sdf_siren.io.vertex_files import has_faces, read_vertices

MAX_POINTS = 5_000_000
"""Points kept of a scan unless told otherwise: half a gigabyte with all that they can have."""

Reader = Callable[[Path], Iterator[RawPoints]]
"""Reads one format, piece by piece where the format allows it."""

_READERS: dict[str, Reader] = {
    ".ply": read_ply_points,
    ".pcd": read_pcd_points,
    ".xyz": read_text_points,
    ".pwn": read_text_points,
    ".pts": read_pts_points,
    ".ptx": read_ptx_points,
    ".txt": read_text_points,
    ".csv": read_text_points,
    ".las": read_las_points,
    ".laz": read_las_points,
    ".e57": read_e57_points,
    ".npy": read_npy_points,
    ".npz": read_npz_points,
}

SCAN_SUFFIXES = frozenset(_READERS) | MESH_SUFFIXES
"""Of files that :func:`read_points` may be able to read: a mesh format can hold points alone."""

_ARCHIVES = frozenset({".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst"})
"""Not opened: what they grow to is not known before."""


def read_points(
    path: str | os.PathLike[str],
    *,
    mesh_as_scan: bool = False,
    crop: Sequence[float] | None = None,
    max_points: int = MAX_POINTS,
) -> PointCloud:
    """Read a scan and check that it can be used; the file is never modified.

    Rows that are not finite and points that repeat another one exactly are dropped; the notes of
    the result count them.

    Args:
        path: a file of one of the formats in docs/formats.md.
        mesh_as_scan: take the vertices and vertex normals of a mesh (.ply, .obj, .stl, .off or .glb
            with faces) as the scan.
        crop: (xmin, ymin, zmin, xmax, ymax, zmax) in the units of the file; points outside this
            box are dropped.
        max_points: how many points to keep at most. Of a larger scan (after the crop) a uniform random
            sample is drawn, the same each time, while the file is read.

    Returns:
        World coordinates in double precision, with normals, colours, intensity and sensor positions if
        the file has them.

    Raises:
        InputError: the file cannot be read, or holds fewer than four usable points, or no extent.
        UsageError: ``crop`` is not a box, or ``max_points`` is below four.
        MissingLibraryError: the format needs an optional library; the message names the command that
            installs it.
    """
    path = Path(path)
    box = None if crop is None else _checked_box(crop)
    if max_points < MINIMUM_POINTS:
        raise UsageError(f"max_points: expected at least {MINIMUM_POINTS}, found {max_points}")
    try:
        cloud = gather(path, _reader(path, mesh_as_scan)(path), box, max_points)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    cloud = _without_duplicates(cloud)
    if len(cloud) < MINIMUM_POINTS:
        raise InputError(f"{path}: expected at least {MINIMUM_POINTS} different points, found {len(cloud)}")
    _check_extent(cloud)
    if is_single(cloud.points) and needs_double(cloud.points):
        step = single_step(cloud.points)
        note = (
            f"the coordinates are in single precision and far from the origin: detail below {step:.3g} units"
            " was lost before this file was written; export it in double precision or with an offset removed"
        )
        cloud = replace(cloud, notes=(*cloud.notes, note))
    return cloud


def _reader(path: Path, mesh_as_scan: bool) -> Reader:
    suffix = path.suffix.lower()
    if suffix in _READERS:
        # A PLY file is a mesh if it has faces; that takes a look at its header.
        is_mesh = mesh_as_scan and suffix == ".ply" and has_faces(path)
        return read_mesh_points if is_mesh else _READERS[suffix]
    checked_size(path)
    if suffix in MESH_SUFFIXES:
        if not has_faces(path):
            return read_vertices
        if mesh_as_scan:
            return read_mesh_points
        raise InputError(
            f"{path}: expected a scan, found a mesh format; to use its vertices as a scan, ask for it with"
            " mesh_as_scan=True (command line: --set read.points.mesh_as_scan=true)"
        )
    if suffix in _ARCHIVES:
        raise InputError(f"{path}: expected a scan, found an archive; unpack it first")
    if suffix == ".3mf":
        raise InputError(f"{path}: expected a scan, found an archive; convert it to .ply or .stl first")
    known = " ".join([*_READERS, *sorted(MESH_SUFFIXES - {".ply"})])
    raise InputError(f"{path}: cannot read the format {suffix!r}; expected one of {known}")


def _checked_box(crop: Sequence[float]) -> NDArray[np.float64]:
    try:
        box = np.asarray(crop, dtype=np.float64)
    except (TypeError, ValueError):
        box = np.empty(0)
    if box.shape != (6,) or not np.isfinite(box).all() or not (box[:3] < box[3:]).all():
        raise UsageError(f"crop: expected xmin ymin zmin xmax ymax zmax, each min below max, found {crop}")
    return box


def _without_duplicates(cloud: PointCloud) -> PointCloud:
    """The first of the points that share exact coordinates, in the order of the file."""
    order = np.lexsort(cloud.points.T)  # stable, and much faster than np.unique by rows
    ordered = cloud.points[order]
    repeats = np.zeros(len(cloud), dtype=bool)
    repeats[order[1:]] = (ordered[1:] == ordered[:-1]).all(axis=1)
    count = int(repeats.sum())
    if not count:
        return cloud
    note = f"{count} of {len(cloud)} points repeated another one exactly and were dropped"
    return cloud.select(~repeats, note)


def _check_extent(cloud: PointCloud) -> None:
    extent, largest = float(cloud.extent.max()), float(np.abs(cloud.points).max())
    if not extent > max(1e-12 * largest, 1.0 / FARTHEST):
        raise InputError(
            f"{cloud.source}: expected points that spread in space, found an extent of {extent:.3g}"
            f" at coordinates of {largest:.3g}"
        )
