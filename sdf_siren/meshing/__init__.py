"""Meshing: sparse evaluation of a field on a lattice, marching cubes, and what the scan supports."""

from sdf_siren.meshing.extract import Extraction, extract, extract_mesh, level_set

__all__ = ["Extraction", "extract", "extract_mesh", "level_set"]
