"""Pages to look at: of a run, of two side by side, of a folder of many.

Names are loaded on first use: an index needs neither torch nor scipy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdf_siren.report.comparison import Comparison, write_comparison
    from sdf_siren.report.index import INDEX, Listed, write_index
    from sdf_siren.report.record import RunRecord, read_record, run_folder
    from sdf_siren.report.report import write_report
    from sdf_siren.report.revisiting import Revisited, revisited

_HOME = {
    "INDEX": "index",
    "Comparison": "comparison",
    "Listed": "index",
    "Revisited": "revisiting",
    "RunRecord": "record",
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
    "Listed",
    "Revisited",
    "RunRecord",
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
