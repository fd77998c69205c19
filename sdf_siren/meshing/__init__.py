"""Meshing: sparse evaluation of a field on a lattice, marching cubes, what the scan supports, its colours."""

from sdf_siren.meshing.extract import Extraction, extract, extract_mesh, level_set
from sdf_siren.meshing.finishing import finished
from sdf_siren.meshing.painting import painted

__all__ = ["Extraction", "extract", "extract_mesh", "finished", "level_set", "painted"]
