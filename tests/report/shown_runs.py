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
from sdf_siren.engine.manifest import Manifest, fingerprint
from sdf_siren.io import write_image
from sdf_siren.metrics import Likeness, Rendition
from sdf_siren.signals import IMAGE, Signal

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
    "points_missed": 0.0123,
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


IMAGE_PIPELINE = """title = "Field of an image"

[[stages]]
use = "read.image"

[[stages]]
use = "fit.image"
quality = "draft"
"""
IMAGE_MEASURES = {
    "parameters": 1234,
    "psnr": 31.984,
    "psnr_up_to_constant": 31.99,
    "ssim": 0.85331,
    "gradient_psnr": 30.5,
    "laplacian_psnr": 27.25,
    "difference_psnr": None,
}


def image(shape: tuple[int, int] = (40, 60), channels: int = 3, seed: int = 0) -> Signal:
    """A picture of 8 bits with a bright square in its upper left quarter."""
    samples = np.random.default_rng(seed).integers(0, 100, (*shape, channels))
    samples[: shape[0] // 2, : shape[1] // 2] += 150
    return Signal((samples / 255).astype(np.float32), IMAGE)


def likeness_to(signal: Signal, size: float = 0.02, seed: int = 1) -> Likeness:
    """A fit that is off by noise of ``size``, with slopes and Laplacians of no meaning."""
    noise = np.random.default_rng(seed).normal(scale=size, size=(4, *signal.samples.shape)).astype(np.float32)
    found = Rendition(signal.samples + noise[0], np.stack([noise[1], noise[2]], axis=-1), noise[3])
    return Likeness(signal.samples, found, 20 * np.log10(1 / size))


def make_image_run(path: Path, signal: Signal | None = None, **changes: object) -> Path:
    """A finished run of an image; with ``signal`` it is what the run has read."""
    given = {}
    if signal is not None:
        write_image(signal, path.with_name("given.png"))
        given["input"] = fingerprint(path.with_name("given.png"))
    seconds = {"read.image": 0.1, "fit.image": 20.0}
    folder = make_run(path, **{"measures": IMAGE_MEASURES, "seconds": seconds, **given, **changes})
    (folder / "pipeline.toml").write_text(IMAGE_PIPELINE)
    events = [
        {"kind": "progress", "task": "fit", "done": step, "values": {"values": 2 / step, "rate": 0.1}}
        for step in (50, 100, 150)
    ]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    return folder


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
