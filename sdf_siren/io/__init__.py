"""Files: scans and meshes in, meshes and fields out.

Names are loaded on first use: reading a scan needs neither torch (fields) nor trimesh (meshes).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdf_siren.io.field_file import load_field, write_field
    from sdf_siren.io.mesh_reader import read_mesh
    from sdf_siren.io.mesh_writer import check_mesh_path, write_mesh
    from sdf_siren.io.points import read_points

_HOME = {
    "check_mesh_path": "mesh_writer",
    "load_field": "field_file",
    "read_mesh": "mesh_reader",
    "read_points": "points",
    "write_field": "field_file",
    "write_mesh": "mesh_writer",
}

__all__ = ["check_mesh_path", "load_field", "read_mesh", "read_points", "write_field", "write_mesh"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sdf_siren.io' has no attribute {name!r}")
    return getattr(import_module(f"sdf_siren.io.{_HOME[name]}"), name)
