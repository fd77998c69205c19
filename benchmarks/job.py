"""One case by one method, in a process of its own: prints one line of JSON.

    python benchmarks/job.py DATA CASE METHOD RESOLUTION THREADS [CPU_SECONDS]

METHOD is draft, standard, high, paper (then CPU_SECONDS is what its fit may take) or poisson@DEPTH.
Time and memory are those of the reconstruction alone: imports, reading and measuring stand outside.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from cases import CASES

import sdf_siren
from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.metrics import compare, topology
from sdf_siren.open3d_import import import_open3d

CALIBRATION_STEPS = (20, 60)


def reconstruct(
    cloud: PointCloud, method: str, resolution: int, threads: int, settings: dict[str, Any]
) -> tuple[Mesh, dict[str, Any]]:
    """The mesh and what there is to note about how it was made."""
    if method.startswith("poisson@"):
        return poisson(cloud, int(method.removeprefix("poisson@")), threads), {}
    before = time.process_time()
    field = sdf_siren.fit_surface(cloud, method, device="cpu", **settings)
    noted = {"fit_cpu_seconds": time.process_time() - before, **settings}
    return sdf_siren.extract_mesh(field, resolution), noted


def seconds_per_paper_step(cloud: PointCloud) -> float:
    """CPU seconds; of the difference of two short fits, so that setting up does not count."""
    taken = []
    for steps in CALIBRATION_STEPS:
        before = time.process_time()
        sdf_siren.fit_surface(cloud, "paper", device="cpu", steps=steps)
        taken.append(time.process_time() - before)
    return (taken[1] - taken[0]) / (CALIBRATION_STEPS[1] - CALIBRATION_STEPS[0])


def poisson(cloud: PointCloud, depth: int, threads: int) -> Mesh:
    """Screened Poisson reconstruction (Kazhdan and Hoppe 2013) of open3d."""
    open3d = import_open3d()
    centre = cloud.points.mean(axis=0)
    points = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(cloud.points - centre))
    points.normals = open3d.utility.Vector3dVector(np.asarray(cloud.normals, dtype=np.float64))
    mesh, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
        points, depth=depth, n_threads=threads
    )
    return Mesh(np.asarray(mesh.vertices) + centre, np.asarray(mesh.triangles))


def main(data: Path, name: str, method: str, resolution: int, threads: int, budget: float) -> dict[str, Any]:
    """Reconstruct, then measure; lengths in the units of the cube."""
    import torch

    torch.set_num_threads(threads)
    import_open3d()
    case = next(case for case in CASES if case.name == name)
    cloud = case.load(data)
    settings: dict[str, Any] = {}
    if method == "paper":
        settings["steps"] = max(1, round(budget / seconds_per_paper_step(cloud)))
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    cpu, wall = time.process_time(), time.perf_counter()
    mesh, noted = reconstruct(cloud, method, resolution, threads, settings)
    cost = {
        "cpu_seconds": time.process_time() - cpu,
        "wall_seconds": time.perf_counter() - wall,
        "peak_memory_mib": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident) / 1024,
    }
    reference = case.reference(data)
    figures = compare(mesh, reference).to_dict()
    scale = cloud.frame.scale
    for length in ("diagonal", "accuracy", "completeness", "chamfer", "hausdorff"):
        figures[length] = None if figures[length] is None else figures[length] * scale
    return {**cost, **noted, "surface": figures, "topology": topology(mesh).to_dict(), "points": len(cloud)}


if __name__ == "__main__":
    folder, case_name, by, cells, cores, *rest = sys.argv[1:]
    result = main(Path(folder), case_name, by, int(cells), int(cores), float(rest[0]) if rest else 0.0)
    sys.stdout.write("\n" + json.dumps(result, allow_nan=False) + "\n")
