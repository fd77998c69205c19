"""From a scan to a mesh with a neural signed distance field (SIREN).

    import sdf_siren
    points = sdf_siren.read_points("scan.ply")
    field = sdf_siren.fit_surface(points, quality="standard")
    mesh = sdf_siren.extract_mesh(field, resolution=256)
    sdf_siren.write_mesh(mesh, "scan.obj")

Names are loaded on first use, so that ``import sdf_siren`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sdf_siren.artifacts import Mesh
    from sdf_siren.clouds import PointCloud
    from sdf_siren.clouds.normals import complete_normals
    from sdf_siren.errors import InputError, SdfSirenError, UsageError
    from sdf_siren.fields import SignedDistanceField
    from sdf_siren.fitting import fit_surface, solve_problem
    from sdf_siren.frames import Similarity
    from sdf_siren.io import (
        load_field,
        load_solution,
        read_mesh,
        read_points,
        read_problem,
        write_field,
        write_mesh,
    )
    from sdf_siren.meshing import extract_mesh
    from sdf_siren.progress import Progress

_HOME = {
    "InputError": "errors",
    "Mesh": "artifacts",
    "PointCloud": "clouds",
    "Progress": "progress",
    "SdfSirenError": "errors",
    "SignedDistanceField": "fields",
    "Similarity": "frames",
    "UsageError": "errors",
    "complete_normals": "clouds.normals",
    "extract_mesh": "meshing",
    "fit_surface": "fitting",
    "load_field": "io",
    "load_solution": "io",
    "read_mesh": "io",
    "read_points": "io",
    "read_problem": "io",
    "solve_problem": "fitting",
    "write_field": "io",
    "write_mesh": "io",
}

__all__ = [
    "InputError",
    "Mesh",
    "PointCloud",
    "Progress",
    "SdfSirenError",
    "SignedDistanceField",
    "Similarity",
    "UsageError",
    "__version__",
    "complete_normals",
    "extract_mesh",
    "fit_surface",
    "load_field",
    "load_solution",
    "read_mesh",
    "read_points",
    "read_problem",
    "solve_problem",
    "write_field",
    "write_mesh",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sdf_siren' has no attribute {name!r}")
    return getattr(import_module(f"sdf_siren.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
