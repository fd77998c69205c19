"""How far a mesh reaches: all of the level set, or what the scan supports of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.support import Support
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.fields import SignedDistanceField
from sdf_siren.meshing.openness import Openness, openness
from sdf_siren.meshing.trim import trim

NOTHING_NEAR = "expected a surface near the scan's points, found none: try --surface closed"

OVERRULED = 0.5
"""Cosine between a point's normal and the field's gradient below which the gradient is believed: a tenth of
the points of a laser scan of a geyser, whose completeness was else a fifth worse after cutting."""


@dataclass(frozen=True)
class Limited:
    """A mesh and what was decided.

    Attributes:
        mesh: the whole one, or what the scan supports of it.
        kind: ``open`` or ``closed``.
        made_up: the share of the whole mesh that no point supports, or None where nothing had to be decided.
        notes: one-line sentences for the user.
    """

    mesh: Mesh
    kind: str
    made_up: float | None = None
    notes: tuple[str, ...] = ()


def limit(
    mesh: Mesh,
    field: SignedDistanceField,
    support: Support | None,
    kind: str = "auto",
    found: Openness | None = None,
) -> Limited:
    """The mesh of a closed scan as it is, that of an open one without what no point supports.

    Args:
        mesh: of ``field``, with normals.
        field: what is decided by; the points that it keeps do not depend on whether the scan is at hand.
        support: what an open mesh is cut by.
        kind: ``open``, ``closed``, or ``auto`` to decide, unless the field was told when it was fitted.
        found: the decision, if it was made before.

    Raises:
        EmptySurfaceError: an open scan supports no part of the mesh.
    """
    kind = told(field, kind)
    made_up, notes = None, []
    if kind == "auto" and found is None:
        kept = scan_support(field)
        found = None if kept is None else openness(mesh, kept)
    if kind == "auto" and found is not None:
        made_up, kind = found.made_up, "open" if found.open else "closed"
        notes.append(found.sentence())
    if support is None or kind != "open":
        return Limited(mesh, "closed", made_up, tuple(notes))
    trimmed = trim(mesh, support)
    if not len(trimmed.mesh.faces):
        raise EmptySurfaceError(NOTHING_NEAR)
    return Limited(trimmed.mesh, kind, made_up, (*notes, trimmed.sentence()))


def told(field: SignedDistanceField, kind: str) -> str:
    """``kind`` or, where that is ``auto``, what was asked for when ``field`` was fitted."""
    before = field.record.get("surface")
    return str(before) if kind == "auto" and before in ("open", "closed") else kind


def scan_support(field: SignedDistanceField, cloud: PointCloud | None = None) -> Support | None:
    """What supports a mesh of ``field``.

    A point's normal says which side of a surface was seen, if the field has gone along with it. Where it has
    not, as in foliage whose normals are a guess, the point counts for the side that the field has there.

    Args:
        field: its frame is used, so that places are measured where it was fitted.
        cloud: the scan; without it, the points that the field keeps. These may be fewer and lie farther
            apart, and their own spacing counts.

    Returns:
        None if there is neither.
    """
    if cloud is not None:
        points, normals = cloud.points, cloud.normals
    elif field.support is not None and len(field.support):
        points, normals = field.frame.to_world(field.support), field.support_normals
    else:
        return None
    if normals is None:
        return Support(points, None, field.frame)
    gradient = field.gradient(points)
    gradient /= np.maximum(np.linalg.norm(gradient, axis=1, keepdims=True), 1e-12)
    overruled = np.einsum("nd,nd->n", gradient, normals) < OVERRULED
    return Support(points, np.where(overruled[:, None], gradient, normals), field.frame)
