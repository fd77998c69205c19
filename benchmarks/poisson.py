"""Screened Poisson reconstruction (Kazhdan and Hoppe 2013) of Open3D as a command, scan to mesh.

    python benchmarks/poisson.py SCAN OUT.ply DEPTH THREADS

It reads, completes normals and writes as ``reconstruct`` does, so that whole commands can be compared,
and prints the seconds of the reconstruction alone as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.normals import complete_normals
from sdf_siren.io import read_points, write_mesh
from sdf_siren.open3d_import import import_open3d


def poisson(cloud: PointCloud, depth: int, threads: int) -> Mesh:
    """The mesh, untrimmed."""
    open3d = import_open3d()
    centre = cloud.points.mean(axis=0)
    points = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(cloud.points - centre))
    points.normals = open3d.utility.Vector3dVector(np.asarray(cloud.normals, dtype=np.float64))
    mesh, _ = open3d.geometry.TriangleMesh.create_from_point_cloud_poisson(
        points, depth=depth, n_threads=threads
    )
    return Mesh(np.asarray(mesh.vertices) + centre, np.asarray(mesh.triangles))


if __name__ == "__main__":
    scan = complete_normals(read_points(sys.argv[1]))
    import_open3d()
    cpu, wall = time.process_time(), time.perf_counter()
    reconstructed = poisson(scan, int(sys.argv[3]), int(sys.argv[4]))
    taken = {"wall": round(time.perf_counter() - wall, 3), "cpu": round(time.process_time() - cpu, 3)}
    write_mesh(reconstructed, sys.argv[2])
    sys.stdout.write("\n" + json.dumps({"poisson": taken}) + "\n")
