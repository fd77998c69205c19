"""A finished run, read back for a page: its mesh, and its scan if that is still there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.engine.folder import FIELD
from sdf_siren.engine.manifest import fingerprint
from sdf_siren.errors import InputError, UsageError
from sdf_siren.io import load_field, read_mesh, read_points
from sdf_siren.report.record import RunRecord, read_record, run_folder


@dataclass(frozen=True)
class Revisited:
    """What there is to show of a run.

    Attributes:
        record: of the run.
        mesh: its output.
        cloud: its scan, read as the run read it; None if it cannot be had.
        note: why it cannot, one sentence; empty otherwise.
    """

    record: RunRecord
    mesh: Mesh
    cloud: PointCloud | None
    note: str = ""


def revisited(path: Path) -> Revisited:
    """Read a run of ``reconstruct SCAN`` back.

    Args:
        path: its output, or its run folder.

    Raises:
        UsageError: there is no run, or it is not finished.
        InputError: its mesh cannot be read.
    """
    folder = run_folder(path)
    record = read_record(folder, chosen=_chosen(folder))
    if record.manifest.status != "done":
        raise UsageError(
            f"{folder}: expected a finished run, found one that is {record.manifest.status}; "
            "finish it with --resume"
        )
    mesh = read_mesh(record.output)
    try:
        return Revisited(record, mesh, _scan(record))
    except InputError as error:
        return Revisited(record, mesh, None, f"without the scan: {error}")


def _chosen(folder: Path) -> dict[str, Any] | None:
    """The settings that the fit chose, kept with the field."""
    try:
        found = load_field(folder / FIELD).record.get("settings")
    except InputError:  # a run without a field, or with one that is damaged: the rest can be shown
        return None
    return dict(found) if isinstance(found, dict) else None


def _scan(record: RunRecord) -> PointCloud:
    source = record.manifest.input
    path = Path(str(source.get("path")))
    if fingerprint(path)["sha256"] != source.get("sha256"):
        raise InputError(f"{path}: expected the scan that the run has read, found other content")
    options = record.settings.get("read.points", {})
    crop = options.get("crop")
    return read_points(
        path,
        mesh_as_scan=bool(options.get("mesh_as_scan", False)),
        crop=None if crop is None else tuple(crop),
        max_points=int(options.get("max_points", 5_000_000)),
    )
