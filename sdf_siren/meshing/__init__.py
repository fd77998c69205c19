"""Meshing: sparse evaluation of a field on a lattice, marching cubes, and what the scan supports."""

from sdf_siren.meshing.extract import Extraction, extract, extract_mesh, level_set
from sdf_siren.meshing.limit import Limited, limit, scan_support
from sdf_siren.meshing.openness import Coverage, Openness, coverage, openness
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
    "level_set",
    "limit",
    "openness",
    "scan_support",
    "trim",
]
