"""Files: scans, meshes, signals and problems in; meshes, fields, signals and grids out.

Names are loaded on first use: reading a scan needs neither torch (fields) nor trimesh (meshes).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdf_siren.io.arrays import write_array
    from sdf_siren.io.audio import check_audio_path, read_audio, write_audio
    from sdf_siren.io.beside import array_files
    from sdf_siren.io.edits import read_edit, read_mask
    from sdf_siren.io.field_file import load_field, write_field
    from sdf_siren.io.grid_files import check_grid_path, read_grid, write_grid
    from sdf_siren.io.images import check_image_path, read_image, write_image
    from sdf_siren.io.mesh_reader import read_mesh
    from sdf_siren.io.mesh_writer import check_mesh_path, write_mesh
    from sdf_siren.io.points import read_points
    from sdf_siren.io.problem_file import parse_problem, read_problem
    from sdf_siren.io.signal_file import load_signal_field, write_signal_field
    from sdf_siren.io.slowness_file import load_slowness, write_slowness
    from sdf_siren.io.solution_file import load_solution, write_solution
    from sdf_siren.io.survey_file import poses_inverse, read_inverse_problem
    from sdf_siren.io.video_reader import read_video
    from sdf_siren.io.video_writer import check_video_path, write_video

_HOME = {
    "array_files": "beside",
    "check_audio_path": "audio",
    "check_grid_path": "grid_files",
    "check_image_path": "images",
    "check_mesh_path": "mesh_writer",
    "check_video_path": "video_writer",
    "load_field": "field_file",
    "load_signal_field": "signal_file",
    "load_slowness": "slowness_file",
    "load_solution": "solution_file",
    "parse_problem": "problem_file",
    "poses_inverse": "survey_file",
    "read_audio": "audio",
    "read_edit": "edits",
    "read_grid": "grid_files",
    "read_image": "images",
    "read_inverse_problem": "survey_file",
    "read_mask": "edits",
    "read_mesh": "mesh_reader",
    "read_points": "points",
    "read_problem": "problem_file",
    "read_video": "video_reader",
    "write_array": "arrays",
    "write_audio": "audio",
    "write_field": "field_file",
    "write_grid": "grid_files",
    "write_image": "images",
    "write_mesh": "mesh_writer",
    "write_signal_field": "signal_file",
    "write_slowness": "slowness_file",
    "write_solution": "solution_file",
    "write_video": "video_writer",
}

__all__ = [
    "array_files",
    "check_audio_path",
    "check_grid_path",
    "check_image_path",
    "check_mesh_path",
    "check_video_path",
    "load_field",
    "load_signal_field",
    "load_slowness",
    "load_solution",
    "parse_problem",
    "poses_inverse",
    "read_audio",
    "read_edit",
    "read_grid",
    "read_image",
    "read_inverse_problem",
    "read_mask",
    "read_mesh",
    "read_points",
    "read_problem",
    "read_video",
    "write_array",
    "write_audio",
    "write_field",
    "write_grid",
    "write_image",
    "write_mesh",
    "write_signal_field",
    "write_slowness",
    "write_solution",
    "write_video",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sdf_siren.io' has no attribute {name!r}")
    return getattr(import_module(f"sdf_siren.io.{_HOME[name]}"), name)
