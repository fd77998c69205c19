"""A finished run, read back for a page: its result, and what it was made of if that is still there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sdf_siren.clouds import PointCloud
from sdf_siren.engine.folder import FIELD
from sdf_siren.engine.manifest import fingerprint
from sdf_siren.errors import InputError, UsageError
from sdf_siren.fields import SignalField
from sdf_siren.io import load_field, load_signal_field, read_edit, read_image, read_mesh, read_points
from sdf_siren.metrics import signal_error
from sdf_siren.report.fitted_image import FittedImage
from sdf_siren.report.preview import Preview
from sdf_siren.report.record import RunRecord, read_record, run_folder
from sdf_siren.report.subject import Shown
from sdf_siren.report.surface import Surface


def revisited(path: Path) -> Shown:
    """Read a run of ``reconstruct SCAN``, ``image``, ``audio`` or ``video`` back.

    Of an image, the fit is evaluated again.

    Args:
        path: its output, or its run folder.

    Raises:
        UsageError: there is no run, it is not finished, or it is of another kind.
        InputError: its mesh cannot be read, or the picture or the field of an image.
    """
    folder = run_folder(path)
    record = read_record(folder)
    if record.manifest.status != "done":
        raise UsageError(
            f"{folder}: expected a finished run, found one that is {record.manifest.status}; "
            "finish it with --resume"
        )
    if "fit.image" in record.settings:
        return _signal(folder)
    if "write.mesh" not in record.settings:
        raise UsageError(
            f"{folder}: expected a run of a scan, an image, a sound or a video, found {record.title!r}; "
            "there are no pages about others"
        )
    record = read_record(folder, chosen=_chosen(folder))
    mesh = read_mesh(record.output)
    try:
        return Shown(record, Surface(mesh, _scan(record)))
    except InputError as error:
        return Shown(record, Surface(mesh), f"Without the scan: {error}")


def _signal(folder: Path) -> Shown:
    field = load_signal_field(folder / FIELD)
    found = field.record.get("settings")
    record = read_record(folder, chosen=found if isinstance(found, dict) else None)
    return Shown(record, _image(record, field) if "read.image" in record.settings else Preview())


def _image(record: RunRecord, field: SignalField) -> FittedImage:
    """The picture that was fitted, and the fit at its pixels."""
    signal = read_image(_source(record, "image"))
    edit = dict(record.settings.get("edit.image", {}))
    if edit:
        column, row = edit.pop("offset", (0, 0))
        signal = signal.with_samples(read_edit(signal, **edit, offset=(row, column)).solution)
    return FittedImage(signal, signal_error(field, signal)[1])


def _chosen(folder: Path) -> dict[str, Any] | None:
    """The settings that the fit chose, kept with the field."""
    try:
        found = load_field(folder / FIELD).record.get("settings")
    except InputError:  # a run without a field, or with one that is damaged: the rest can be shown
        return None
    return dict(found) if isinstance(found, dict) else None


def _scan(record: RunRecord) -> PointCloud:
    options = record.settings.get("read.points", {})
    crop = options.get("crop")
    return read_points(
        _source(record, "scan"),
        mesh_as_scan=bool(options.get("mesh_as_scan", False)),
        crop=None if crop is None else tuple(crop),
        max_points=int(options.get("max_points", 5_000_000)),
    )


def _source(record: RunRecord, noun: str) -> Path:
    """The path of what the run has read, if it is still that."""
    source = record.manifest.input
    path = Path(str(source.get("path")))
    if fingerprint(path)["sha256"] != source.get("sha256"):
        raise InputError(f"{path}: expected the {noun} that the run has read, found other content")
    return path
