"""Meshing: sparse evaluation of a field on a lattice, marching cubes, what the scan supports, its colours."""

from sdf_siren.meshing.coverage import Coverage, coverage
from sdf_siren.meshing.extract import Extraction, extract, extract_mesh, level_set
from sdf_siren.meshing.finishing import finished
from sdf_siren.meshing.limit import Limited, limit, scan_support
from sdf_siren.meshing.openness import Openness, openness
from sdf_siren.meshing.painting import painted
from sdf_siren.meshing.trim import Trimmed, trim

__all__ = [
    "Coverage",
    "Extraction",
    "Limited",
    "Openness",
    "Trimmed",
    "coverage",
    "extract",
    "extract_mesh",
    "finished",
    "level_set",
    "limit",
    "openness",
    "painted",
    "scan_support",
    "trim",
]
