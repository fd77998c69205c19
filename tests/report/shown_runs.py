"""Meshes, scans and run folders for pages."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.engine.manifest import Manifest

PIPELINE = """title = "Surface from a scan"
seed = 3

[[stages]]
use = "read.points"
max_points = 5000000

[[stages]]
use = "fit.sdf"
quality = "draft"

[[stages]]
use = "write.mesh"
"""
MEASURES = {
    "points": 1000,
    "normals_in_file": True,
    "faces": 1280,
    "vertices": 642,
    "components": 2,
    "watertight": False,
    "boundary_edges": 7,
    "non_manifold_edges": 0,
    "volume": 4.1,
    "residual_median": 0.00123,
    "residual_p95": 0.0456,
}


def ball(subdivisions: int = 3, radius: float = 1.0, offset: float = 0.0) -> Mesh:
    """A sphere of 20 * 4**subdivisions faces about (offset, offset, offset)."""
    shape = trimesh.creation.icosphere(subdivisions=subdivisions)
    return Mesh(shape.vertices * radius + offset, shape.faces, shape.vertices)


def shell(count: int = 500, radius: float = 1.0, offset: float = 0.0, seed: int = 0) -> PointCloud:
    """Points on a sphere."""
    directions = np.random.default_rng(seed).normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return PointCloud(directions * radius + offset, directions)


def make_run(path: Path, *, notes: tuple[str, ...] = (), loss: float = 1.0, **changes: object) -> Path:
    """A finished run folder beside ``path``, its preview two by two tiles; keywords change the manifest."""
    folder = path.with_name(path.name + ".run")
    folder.mkdir()
    manifest = Manifest(
        input={"path": "scans/a.ply", "bytes": 2400, "sha256": "ab" * 32},
        output=str(path),
        asked="cd" * 32,
        seed=3,
        device="auto",
        threads=None,
        replace_output=False,
        started="2026-01-02T03:04:05+00:00",
        status="done",
        seconds={"read.points": 0.25, "fit.sdf": 12.5, "write.mesh": 0.0},
        measures=dict(MEASURES),
        versions={"python": "3.12.1", "numpy": "2.0.0"},
    )
    manifest = dataclasses.replace(manifest, **changes)
    (folder / "manifest.json").write_text(manifest.to_json())
    (folder / "pipeline.toml").write_text(PIPELINE)
    events = [{"kind": "note", "stage": "read.points", "text": text} for text in notes]
    for step in (50, 100, 150):
        values = {"surface": loss / step, "eikonal": 0.5 * loss / step, "rate": 0.001}
        events.append({"kind": "progress", "stage": "fit.sdf", "task": "fit", "done": step, "values": values})
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    tiles = np.zeros((64, 64, 3), np.uint8)
    tiles[:32, 32:] = (200, 60, 30)
    Image.fromarray(tiles).save(folder / "preview.png")
    return folder
