"""What must hold of a GLB file before trimesh may read it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from sdf_siren.errors import InputError
from sdf_siren.io.opening import checked_size


def check_glb(path: Path) -> dict[str, Any]:
    """The JSON part of the GLB file at ``path``.

    Raises:
        InputError: it has none, or accessors without data: trimesh fills them with as many zeros as they
            declare.
    """
    size = checked_size(path)
    with open(path, "rb") as file:
        head = file.read(20)
        length = int.from_bytes(head[12:16], "little")
        if head[:4] != b"glTF" or length > size - 20:
            raise InputError(
                f"{path}: expected a GLB file beginning with 'glTF', found another or half of one"
            )
        text = file.read(length)
    try:
        tree = json.loads(text)
        declared = math.fsum(float(a["count"]) for a in tree.get("accessors", []) if "bufferView" not in a)
        parts = [part for mesh in tree.get("meshes", []) for part in mesh["primitives"]]
        if not all(isinstance(part.get("mode", 4), int) for part in parts):
            raise ValueError
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise InputError(f"{path}: the JSON part of the GLB file is damaged") from None
    if not declared <= size:
        raise InputError(f"{path}: declares {declared:.0f} values without data; it is damaged or compressed")
    return dict(tree)
