"""Whether the sides of a scan hold, asked of the field that was fitted to them.

A field goes along with a patch of normals that points the wrong way: on it, its gradient agrees with them.
But it must come back to the sides of all around, so there is one more level set on either side of the patch,
and no point of the scan lies there. A point of which both neighbouring sheets, outward and inward along the
gradient, are made up in this way is *enclosed*. A right side never needs that: outward is free space or a
surface that was seen, unless something closes a hole of the scan, and then the other side is real.

That alone is no proof: a scan from one place has pieces with nothing around, and there a field is as free.
So a patch is asked for too, whose rim lies in the surface: there neighbours point to opposite sides though
neither is above the other. What neighbours agree on is turned as one (:func:`turned_patches`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.surroundings import Surroundings
from sdf_siren.fields import Field, SignedDistanceField
from sdf_siren.fields.threads import processors, single_threaded
from sdf_siren.fitting.scan import OrientedScan

LOOKED_AT = 2000
"""Points of a scan that are asked."""

STEPS, REACH, FARTHEST = 20, 0.6, 1.02
"""Places along each way, from a spacing to ``REACH`` cube lengths in equal ratios; and how far from the
middle a field was told what is outside."""

MADE_UP = 3.0
"""Spacings from the nearest point beyond which a sheet is made up, as in the measure of support."""

_NEIGHBOURS = 16

FEWEST, LEAST_SHARE = 3, 0.03
"""Enclosed points of a patch, and their share of those looked at there, from which on it is turned. Scans of
eight watertight meshes have not a single one; of patches turned by hand it is 0.08 to 0.7."""

AGREED = 0.5
"""Agreement from which on neighbours are of one patch; across thin parts, what is not clear joins wrong to
right."""

OPPOSITE, LEVEL = -0.5, 0.3
"""Cosine of two normals below which they point to opposite sides, and sine of the angle of their chord with
both surfaces up to which neither is above the other."""

RIM = 1.0
"""Edges between such neighbours, for the square root of a patch's nodes: a round patch has twelve."""

LARGEST = 0.5
"""Share of the scan up to which something is a patch of it, and all patches together can be wrong."""


@dataclass(frozen=True)
class Sides:
    """What was found.

    Attributes:
        rows: (m,) the points that were looked at.
        enclosed: (m,) whether both sheets next to one are made up.
    """

    rows: NDArray[np.int64]
    enclosed: NDArray[np.bool_]

    @property
    def share(self) -> float:
        """Of the points."""
        return float(self.enclosed.mean())


@single_threaded()
def looked_at(field: Field, scan: OrientedScan, seed: int = 0) -> Sides:
    """Look at some points of ``scan``, drawn by ``seed``, in a field in the cube."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(scan.points))[:LOOKED_AT])
    start = scan.points[rows]
    way = field.value_and_gradient(torch.from_numpy(start))[1].numpy()
    way = way / np.linalg.norm(way, axis=1, keepdims=True).clip(1e-12)
    spacing = _spacing(scan, start)
    made_up = [_leads_to_nothing(field, scan, start, spacing, sign * way, sign) for sign in (1, -1)]
    return Sides(rows, made_up[0] & made_up[1])


def _leads_to_nothing(
    field: Field,
    scan: OrientedScan,
    start: NDArray[np.float32],
    spacing: NDArray[np.float64],
    way: NDArray[np.float32],
    sign: int,
) -> NDArray[np.bool_]:
    """Whether the first sheet along ``way`` (m, 3), where the field times ``sign`` changes from positive to
    negative, is one without points."""
    ratio = REACH / np.minimum(spacing, REACH)
    along = (spacing[:, None] * ratio[:, None] ** np.linspace(0, 1, STEPS)).astype(np.float32)
    places = start[:, None] + along[..., None] * way[:, None]
    value = sign * field.value(torch.from_numpy(places.reshape(-1, 3)))[:, 0].numpy().reshape(along.shape)
    beyond = (value < 0) & (np.abs(places) <= FARTHEST).all(axis=2)
    beyond[:, 0] = False
    every, last = np.arange(len(start)), beyond.argmax(axis=1)
    before = np.maximum(last - 1, 0)
    first, second = value[every, before], value[every, last]
    part = np.clip(first / np.where(first > second, first - second, 1), 0, 1)[:, None]
    crossing = (1 - part) * places[every, before] + part * places[every, last]
    distance, nearest = scan.tree.query(crossing, workers=processors())
    wide = np.maximum(spacing, _spacing(scan, scan.points[nearest]))
    return beyond.any(axis=1) & (distance > MADE_UP * wide)


def _spacing(scan: OrientedScan, places: NDArray[np.float32]) -> NDArray[np.float64]:
    """The side of the square that a point at ``places`` (m, 3) of the scan stands for (m,)."""
    k = min(_NEIGHBOURS, len(scan.points) - 1)
    reach = np.asarray(scan.tree.query(places, k=[k + 1], workers=processors())[0])[:, 0]
    return np.maximum(reach * np.sqrt(np.pi / k), 1e-6)


def turned_patches(cloud: PointCloud, sides: Sides) -> NDArray[np.bool_]:
    """Which points (n,) are on patches of the scan that are inside out, as far as ``sides`` tell.

    None of a scan whose sensors are known: they tell the sides, while what floats in it, seen from one place,
    has as little around it as a patch that is inside out.

    Args:
        cloud: with normals.
        sides: of a field fitted to them.
    """
    assert cloud.normals is not None
    none = np.zeros(len(cloud), bool)
    if cloud.sensors is not None or sides.enclosed.sum() < FEWEST:
        return none
    around = Surroundings.of(cloud, None)
    sign = np.where(around.per_node(around.along(cloud.normals)) < 0, -1.0, 1.0)
    patch, rim = _patches(around, sign)
    nodes, patch_of = np.bincount(patch), patch[around.node_of]
    points = np.bincount(patch_of, minlength=len(nodes))
    asked = np.bincount(patch_of[sides.rows], minlength=len(nodes))
    enclosed = np.bincount(patch_of[sides.rows], sides.enclosed, len(nodes))
    wrong = (enclosed >= FEWEST) & (enclosed >= LEAST_SHARE * asked) & (rim >= RIM * np.sqrt(nodes))
    found = np.asarray((wrong & (points <= LARGEST * len(cloud)))[patch_of])
    return found if found.mean() <= LARGEST else none


def _patches(
    around: Surroundings, sign: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The patch of every node (m,), in which neighbours agree; and how many edges each one's rim has."""
    graph, nodes = around.graph, around.planes.nodes
    first, second = graph.first, graph.second
    agree = graph.agreement * sign[first] * sign[second] > AGREED
    links = coo_array((np.ones(agree.sum()), (first[agree], second[agree])), (graph.size, graph.size))
    count, patch = connected_components(links, directed=False)
    normals = around.planes.normals * sign[:, None]
    chord = nodes[second] - nodes[first]
    chord /= np.linalg.norm(chord, axis=1, keepdims=True).clip(1e-300)
    above = [np.abs(np.einsum("ed,ed->e", normals[end], chord)) for end in (first, second)]
    contrary = np.einsum("ed,ed->e", normals[first], normals[second]) < OPPOSITE
    contrary &= (np.maximum(*above) < LEVEL) & (patch[first] != patch[second])
    rim = sum(np.bincount(patch[end[contrary]], minlength=count) for end in (first, second))
    return patch, np.asarray(rim, np.float64)


def turned_along(cloud: PointCloud, field: SignedDistanceField) -> PointCloud:
    """The cloud with all normals on the side of the field's gradients, if its fit has turned any."""
    sides: Any = field.record.get("sides")
    if not sides or not sides["turned"]:
        return cloud
    assert cloud.normals is not None
    against = np.einsum("nd,nd->n", field.gradient(cloud.points), cloud.normals) < 0
    return replace(cloud, normals=np.where(against[:, None], -cloud.normals, cloud.normals))


def sides_sentence(sides: Mapping[str, float]) -> str | None:
    """What became of the sides in a fit, for people; None if nothing is wrong with them.

    Args:
        sides: shares of the points, as the record of a field has them.
    """
    if sides["turned"]:
        return (
            f"{sides['turned']:.1%} of the points were on patches with normals that point inside, as the fit "
            "showed: they were turned, and it went on (--normals keep leaves them)"
        )
    if sides["inside_out"]:
        return (
            f"{sides['inside_out']:.1%} of the points are on patches whose normals seem to point inside: "
            "surface had to be made up on both sides of them"
        )
    return None
