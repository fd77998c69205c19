"""Meshes as binary glTF 2.0 (GLB), by its specification: one mesh of one primitive in one buffer.

Colours of vertices are linear light there (3.7.2.1): the sRGB bytes that other writers put in their place
come out pale in browsers and in Blender. Without a material a mesh is metal by default (5.22), so one
says that it is not.
"""

from __future__ import annotations

import json
import struct
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.srgb import to_linear

_FLOAT, _UNSIGNED = 5126, 5125
"""Component types of accessors: float32 and uint32."""

_VERTICES, _INDICES = 34962, 34963
"""Targets of buffer views."""

_MATERIAL = {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 1.0}, "doubleSided": True}


def write_glb(mesh: Mesh, file: IO[bytes]) -> None:
    """Write ``mesh`` in single precision: positions, normals, colours, and each scalar as ``_NAME``.

    glTF holds finite numbers only: what is NaN in a normal or a scalar becomes 0.
    """
    columns: dict[str, NDArray[np.floating]] = {"POSITION": mesh.vertices}
    if mesh.normals is not None:
        columns["NORMAL"] = np.nan_to_num(mesh.normals)
    if mesh.colours is not None:
        columns["COLOR_0"] = to_linear(mesh.colours)
    columns |= {f"_{name.upper()}": np.nan_to_num(values) for name, values in mesh.scalars.items()}
    arrays: list[NDArray[np.generic]] = [np.ascontiguousarray(values, "<f4") for values in columns.values()]
    arrays.append(np.ascontiguousarray(mesh.faces.reshape(-1), "<u4"))
    attributes = {name: number for number, name in enumerate(columns)}
    primitive = {"attributes": attributes, "indices": len(columns), "mode": 4, "material": 0}
    length = sum(values.nbytes for values in arrays)
    tree = {
        "asset": {"version": "2.0", "generator": "sdf-siren"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [primitive]}],
        "materials": [_MATERIAL],
        "accessors": [_accessor(number, values) for number, values in enumerate(arrays)],
        "bufferViews": _views(arrays),
        "buffers": [{"byteLength": length}],
    }
    text = json.dumps(tree, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 4)
    file.write(struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + 8 + length))
    file.write(struct.pack("<I4s", len(text), b"JSON") + text)
    file.write(struct.pack("<I4s", length, b"BIN\0"))
    for values in arrays:
        file.write(values.tobytes())


def _accessor(number: int, values: NDArray[np.generic]) -> dict[str, Any]:
    kind = "SCALAR" if values.ndim == 1 else f"VEC{values.shape[1]}"
    component = _UNSIGNED if values.dtype.kind == "u" else _FLOAT
    found = {"bufferView": number, "componentType": component, "count": len(values), "type": kind}
    if number == 0:  # positions have to tell their box
        found |= {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}
    return found


def _views(arrays: list[NDArray[np.generic]]) -> list[dict[str, int]]:
    """Where each array is in the buffer; all have four bytes a number, so all begin where they should."""
    views, offset = [], 0
    for values in arrays:
        target = _INDICES if values.dtype.kind == "u" else _VERTICES
        views.append({"buffer": 0, "byteOffset": offset, "byteLength": values.nbytes, "target": target})
        offset += values.nbytes
    return views
