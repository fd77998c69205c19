"""Pages to look at: of a run, of two side by side, of a folder of many."""

from sdf_siren.report.index import INDEX, Listed, write_index
from sdf_siren.report.record import RunRecord, read_record, run_folder
from sdf_siren.report.report import write_report

__all__ = ["INDEX", "Listed", "RunRecord", "read_record", "run_folder", "write_index", "write_report"]
