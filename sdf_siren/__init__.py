"""From a scan to a mesh with a neural signed distance field (SIREN); fields of images, sounds and videos.

    import sdf_siren
    points = sdf_siren.read_points("scan.ply")
    field = sdf_siren.fit_surface(points, quality="standard")
    mesh = sdf_siren.extract_mesh(field, resolution=256)
    sdf_siren.write_mesh(mesh, "scan.obj")

    image = sdf_siren.read_image("photo.png")
    field = sdf_siren.fit_image(image)
    field([[10.5, 20.0]]), field.gradient([[10.5, 20.0]]), field.laplacian([[10.5, 20.0]])

    for result in sdf_siren.run_batch("scans/", "meshes/", resume=True):
        result.name, result.status, result.reason

Names are loaded on first use, so that ``import sdf_siren`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from sdf_siren.artifacts import Mesh
    from sdf_siren.batch.api import run_batch
    from sdf_siren.clouds import PointCloud
    from sdf_siren.clouds.normals import complete_normals
    from sdf_siren.errors import InputError, SdfSirenError, UsageError
    from sdf_siren.fields import SignalField, SignedDistanceField
    from sdf_siren.fitting import fit_image, fit_signal, fit_surface, recover_slowness, solve_problem
    from sdf_siren.frames import Similarity
    from sdf_siren.io import (
        load_field,
        load_signal_field,
        load_slowness,
        load_solution,
        read_audio,
        read_image,
        read_inverse_problem,
        read_mesh,
        read_points,
        read_problem,
        read_video,
        write_audio,
        write_field,
        write_image,
        write_mesh,
        write_signal_field,
        write_video,
    )
    from sdf_siren.meshing import extract_mesh
    from sdf_siren.metrics import extract_image
    from sdf_siren.progress import Progress
    from sdf_siren.signals import SampleFormat, Signal

_HOME = {
    "InputError": "errors",
    "Mesh": "artifacts",
    "PointCloud": "clouds",
    "Progress": "progress",
    "SampleFormat": "signals",
    "SdfSirenError": "errors",
    "Signal": "signals",
    "SignalField": "fields",
    "SignedDistanceField": "fields",
    "Similarity": "frames",
    "UsageError": "errors",
    "complete_normals": "clouds.normals",
    "extract_image": "metrics",
    "extract_mesh": "meshing",
    "fit_image": "fitting",
    "fit_signal": "fitting",
    "fit_surface": "fitting",
    "load_field": "io",
    "load_signal_field": "io",
    "load_slowness": "io",
    "load_solution": "io",
    "read_audio": "io",
    "read_image": "io",
    "read_inverse_problem": "io",
    "read_mesh": "io",
    "read_points": "io",
    "read_problem": "io",
    "read_video": "io",
    "recover_slowness": "fitting",
    "run_batch": "batch.api",
    "solve_problem": "fitting",
    "write_audio": "io",
    "write_field": "io",
    "write_image": "io",
    "write_mesh": "io",
    "write_signal_field": "io",
    "write_video": "io",
}

__all__ = [
    "InputError",
    "Mesh",
    "PointCloud",
    "Progress",
    "SampleFormat",
    "SdfSirenError",
    "Signal",
    "SignalField",
    "SignedDistanceField",
    "Similarity",
    "UsageError",
    "__version__",
    "complete_normals",
    "extract_image",
    "extract_mesh",
    "fit_image",
    "fit_signal",
    "fit_surface",
    "load_field",
    "load_signal_field",
    "load_slowness",
    "load_solution",
    "read_audio",
    "read_image",
    "read_inverse_problem",
    "read_mesh",
    "read_points",
    "read_problem",
    "read_video",
    "recover_slowness",
    "run_batch",
    "solve_problem",
    "write_audio",
    "write_field",
    "write_image",
    "write_mesh",
    "write_signal_field",
    "write_video",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'sdf_siren' has no attribute {name!r}")
    return getattr(import_module(f"sdf_siren.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
