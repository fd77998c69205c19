"""Write the input of one case as a binary PLY file, the way a scan comes to a user.

    python benchmarks/prepare.py DATA CASE SEED OUT.ply     (CASE as JSON)
    python benchmarks/prepare.py watertight FOLDER          (prints the watertight meshes in a folder)

A process of its own, because the one that measures commands has to stay small (surface.py).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from cases import Case
from plyfile import PlyData, PlyElement

from sdf_siren.clouds import PointCloud


def write_scan(cloud: PointCloud, path: Path) -> None:
    """Places in double precision, and normals where the cloud has them."""
    kinds = [(name, "f8") for name in "xyz"]
    if cloud.normals is not None:
        kinds += [(name, "f4") for name in ("nx", "ny", "nz")]
    rows = np.empty(len(cloud), dtype=kinds)
    for i, name in enumerate("xyz"):
        rows[name] = cloud.points[:, i]
        if cloud.normals is not None:
            rows[f"n{name}"] = cloud.normals[:, i]
    PlyData([PlyElement.describe(rows, "vertex")], byte_order="<").write(str(path))


def watertight(folder: Path) -> dict[str, str]:
    """File names of the watertight meshes in ``folder``, by the name of their cases."""
    from sdf_siren.errors import InputError
    from sdf_siren.io import read_mesh
    from sdf_siren.metrics import topology

    found = {}
    for path in sorted(folder.glob("*.ply")):
        try:
            closed = topology(read_mesh(path)).watertight
        except InputError:  # a scan, or damaged
            continue
        if closed:
            found[path.stem] = path.name
    return found


if __name__ == "__main__":
    if sys.argv[1] == "watertight":
        sys.stdout.write(json.dumps(watertight(Path(sys.argv[2]))) + "\n")
    else:
        scan = Case(**json.loads(sys.argv[2])).load(Path(sys.argv[1]), int(sys.argv[3]))
        write_scan(scan, Path(sys.argv[4]))
        sys.stdout.write(json.dumps({"points": len(scan)}) + "\n")
