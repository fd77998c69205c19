"""An exhibit as the JSON that a page's viewer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.report.exhibit import ERROR, Exhibit
from sdf_siren.report.packing import (
    LARGEST_STEP,
    Block,
    along_a_curve,
    ordered,
    packed_bytes,
    packed_faces,
    packed_floats,
    packed_steps,
)

_SHARE = 0.95
"""A scale of colours ends where this share of the values is on it; what is beyond has the last colour."""


def payload(exhibit: Exhibit, up: str = "y") -> dict[str, Any]:
    """Everything that the viewer needs, packed.

    Positions are whole steps from the lowest corner of the box; a step is the box's longest side by 65535, so
    a coordinate is off by half a step at most.

    Args:
        exhibit: what to show.
        up: ``"x"``, ``"y"`` or ``"z"``, the axis that points up at first.
    """
    low, high = exhibit.box
    step = float((high - low).max()) / LARGEST_STEP
    mesh = exhibit.mesh
    vertices = _steps(mesh.vertices, low, step)
    order = along_a_curve(vertices)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    assert mesh.normals is not None, "an exhibit has normals"
    shown: dict[str, Any] = {
        "low": low.tolist(),
        "step": step,
        "up": up,
        "vertices": packed_steps(vertices[order]),
        "faces": packed_faces(ordered(place[mesh.faces])),
        "normals": packed_bytes(_normal_bytes(mesh.normals)[order]),
        "colours": None if mesh.colours is None else packed_bytes(mesh.colours[order]),
        "scalars": {name: _scalar(values[order]) for name, values in mesh.scalars.items()},
        "points": None,
    }
    if len(exhibit.points):
        points = _steps(exhibit.points, low, step)
        row = along_a_curve(points)
        colours = exhibit.point_colours
        shown["points"] = packed_steps(points[row])
        shown["point_colours"] = None if colours is None else packed_bytes(colours[row])
        shown["distances"] = packed_floats(exhibit.distances[row])
        # One scale for the points and for the means of them on the mesh.
        shown["scalars"][ERROR] |= _ends(exhibit.distances, signed=True)
    return shown


def _steps(places: NDArray[np.float64], low: NDArray[np.float64], step: float) -> NDArray[np.uint16]:
    return np.clip(np.round((places - low) / step), 0, LARGEST_STEP).astype(np.uint16)


def _normal_bytes(normals: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Unit normals (n, 3) as signed bytes of which 127 is 1; what has no direction is zero."""
    length = np.linalg.norm(np.nan_to_num(normals), axis=1, keepdims=True)
    unit = np.divide(np.nan_to_num(normals), length, out=np.zeros(normals.shape), where=length > 0)
    return np.round(unit * 127).astype(np.int8).view(np.uint8)


def _scalar(values: NDArray[np.float32]) -> dict[str, Any]:
    block: Block = packed_floats(values)
    return {"values": block, **_ends(values)}


def _ends(values: NDArray[np.float32], *, signed: bool = False) -> Mapping[str, Any]:
    """The ends of the scale of colours: about zero if there are values below it, or ``signed`` says so."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if not len(finite):
        return {"low": 0.0, "high": 1.0, "signed": False}
    if signed or finite.min() < 0:
        sizes = np.abs(finite)
        reach = float(np.quantile(sizes, _SHARE)) or float(sizes.max()) or 1.0
        return {"low": -reach, "high": reach, "signed": True}
    low, high = (float(end) for end in np.quantile(finite, [1 - _SHARE, _SHARE]))
    return {"low": low, "high": high if high > low else low + 1.0, "signed": False}
