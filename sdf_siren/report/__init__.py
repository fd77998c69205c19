"""Pages to look at: of a run, of two side by side, of a folder of many.

Names are loaded on first use: an index needs neither torch nor scipy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdf_siren.report.comparison import Comparison, write_comparison
    from sdf_siren.report.fitted_image import FittedImage
    from sdf_siren.report.index import INDEX, Listed, write_index
    from sdf_siren.report.preview import Preview
    from sdf_siren.report.record import RunRecord, read_record, run_folder
    from sdf_siren.report.report import write_report
    from sdf_siren.report.revisiting import revisited
    from sdf_siren.report.subject import Shown, Subject
    from sdf_siren.report.surface import Surface

_HOME = {
    "INDEX": "index",
    "Comparison": "comparison",
    "FittedImage": "fitted_image",
    "Listed": "index",
    "Preview": "preview",
    "RunRecord": "record",
    "Shown": "subject",
    "Subject": "subject",
    "Surface": "surface",
    "read_record": "record",
    "revisited": "revisiting",
    "run_folder": "record",
    "write_comparison": "comparison",
    "write_index": "index",
    "write_report": "report",
}

__all__ = [
    "INDEX",
    "Comparison",
    "FittedImage",
    "Listed",
    "Preview",
    "RunRecord",
    "Shown",
    "Subject",
    "Surface",
    "read_record",
    "revisited",
    "run_folder",
    "write_comparison",
    "write_index",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sdf_siren.report' has no attribute {name!r}")
    return getattr(import_module(f"sdf_siren.report.{_HOME[name]}"), name)
