"""Whether the normals that a scan comes with can be believed, and what becomes of them if not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sdf_siren.clouds.local_planes import FLAT, MOST_NODES
from sdf_siren.clouds.orientation import CLOSED, Orientation, closure
from sdf_siren.clouds.point_cloud import PointCloud
from sdf_siren.clouds.seams import dipoles
from sdf_siren.clouds.signed_graph import SignedGraph, neighbour_graph
from sdf_siren.clouds.spacing import gauge
from sdf_siren.clouds.surroundings import Surroundings, estimated

CONTRADICTED = 0.04
"""Share of the given normals that their neighbours contradict, where these can tell, from which on they are
mended. On good scans it is below 0.02, thin parts, noise and errors of 0.2 rad included; where one in twenty
is turned, 0.05."""

SOME_TELL, MOST_TELL = 0.1, 0.6
"""Shares of the neighbourhoods that can tell from which on they are asked at all, and about whole parts."""

IN_ACCORD = 0.6
"""Mean agreement with the neighbours from which on a normal is kept whatever the planes are."""

SURELY_AGAINST = 0.3
"""Mean agreement with the neighbours that a normal surely gains by being turned. Of right normals, of 1,000
points or more, at most 0.017 gain as much; where one in twenty is turned, 0.044 and more."""

DIFFERENT = 0.05
"""Share of the given normals on the other side than the orientation found, from which on it is believed."""

SURELY_CLOSED = 0.9
"""Share of the surface with half of the space inside from which on nothing else has to be asked."""

AGREEMENT = 0.5
"""Length of the mean of unit normals from which on they say one direction, and cosine from which on a normal
goes with a plane: within about 60 degrees."""

FLAT_ENOUGH_TO_SAY = (0.05, 0.1)
"""Flatness of a neighbourhood up to which its plane shows that a normal leans, and up to which it replaces
one that does: its own error is a few degrees there. Beside a crease its plane is that of one side."""

AGREEING_ENOUGH_TO_SAY = 10.0
"""Neighbours that lie in the plane of a point beside a crease from which on it shows that a normal leans."""

SURELY_LEANING = np.cos(np.radians(30))
"""Cosine below which a normal surely leans."""

LEANING = 2.0
"""Sine of the angle between normal and plane, as a multiple of the flatness, from which on the normal is
replaced once many lean: the plane's own error is smaller."""

MANY_LEAN = 0.01
"""Share of normals that surely lean from which on they are replaced. On good scans, thin parts, noise and
errors of 0.2 rad included, it is at most 0.001; normals that were interpolated over the edges of a machine
part, as shading does, have 0.05 to 0.12."""


def checked(cloud: PointCloud, sight: NDArray[np.float64] | None) -> PointCloud:
    """The cloud with its own normals if these are good, else with mended ones."""
    assert cloud.normals is not None
    around = Surroundings.of(cloud, sight)
    along = around.along(cloud.normals)
    given = around.per_node(along)
    around_it = given + around.graph.votes(given)
    tell = _can_tell(cloud.normals, around)
    against = _share(along * around_it[around.node_of] < 0, tell)
    if _share(np.abs(along) < AGREEMENT, tell) > 0.5:
        return estimated(cloud, "most of the scan's normals do not go with its surface: new ones were", sight)
    cloud = _straightened(cloud, around, around_it)
    assert cloud.normals is not None
    if against > CONTRADICTED:
        reason = f"{against:.1%} of the normals contradict their neighbours"
        mended = _mended(cloud, around, along, around.orientation(), reason)
        if mended is not cloud:
            return mended
    signs = np.where(given < 0, -1.0, 1.0)
    if sight is not None:
        facing = float((np.einsum("nd,nd->n", cloud.normals, sight) > 0).mean())
        reason = f"only {facing:.0%} of the normals point to where the scan was seen from"
        return cloud if facing >= 0.5 else _turned(cloud, reason)
    planes = around.planes
    one = np.zeros(len(planes.nodes), np.int64)
    inside = closure(dipoles(planes.nodes, planes.normals * signs[:, None], planes.areas, one), np.ones(1))
    if inside <= -CLOSED:
        cloud = _turned(cloud, "the normals point into the closed surface (--normals keep leaves them)")
        along, signs, inside = -along, -signs, -inside
    if inside >= SURELY_CLOSED or tell.mean() < MOST_TELL:
        return cloud
    found = around.orientation().trusting(signs)
    different = float((along * found.signs[around.node_of] < 0).mean())
    if different > DIFFERENT and found.improves(signs, around.graph):
        return _mended(cloud, around, along, found, "whole parts of the scan are inside out")
    return cloud


def _can_tell(normals: NDArray[np.float32], around: Surroundings) -> NDArray[np.bool_]:
    """Which points (n,) have neighbourhoods that know the surface better than given ``normals`` do.

    On a clean scan those that are flat. Where points are about as far apart as the shape is thick, neighbours
    lie on the other side of it and the thickness passes for noise, but not by the normals: these are right
    then.
    """
    planes = around.planes
    if not planes.noise:
        return np.asarray(planes.flatness[around.node_of] < FLAT)
    return np.full(len(normals), gauge(around.points, normals).noisy)


def _share(found: NDArray[np.bool_], asked: NDArray[np.bool_]) -> float:
    """Of the points ``asked`` (n,), if these are some."""
    return float(found[asked].mean()) if asked.mean() >= SOME_TELL else 0.0


def _straightened(cloud: PointCloud, around: Surroundings, around_it: NDArray[np.float64]) -> PointCloud:
    """The cloud with its normals; where many lean away from flat places, with the surface's there."""
    assert cloud.normals is not None
    planes, node_of = around.planes, around.node_of
    faces = planes.oriented(np.where(around_it < 0, -1.0, 1.0))[node_of]
    along = np.einsum("nd,nd->n", cloud.normals, faces)
    flatness, agreeing = planes.flatness[node_of], planes.agreeing[node_of]
    says = (flatness < FLAT_ENOUGH_TO_SAY[0]) | (agreeing > AGREEING_ENOUGH_TO_SAY)
    if (says & (np.abs(along) < SURELY_LEANING)).mean() < MANY_LEAN:
        return cloud
    flatness = np.where(agreeing > 0, np.minimum(flatness, FLAT_ENOUGH_TO_SAY[0]), flatness)
    sine = np.sqrt(np.maximum(1 - along**2, 0))
    leaning = (flatness < FLAT_ENOUGH_TO_SAY[1]) & (sine > LEANING * flatness)
    # A normal that lies in the surface does not say which side it means; its neighbours do.
    against = leaning & (along <= -AGREEMENT)
    normals = np.where(leaning[:, None], faces, cloud.normals).astype(np.float32)
    normals[against] *= -1
    note = f"{leaning.mean():.1%} of the normals lean away from a flat surface: those were estimated anew"
    return replace(cloud, normals=normals, notes=(*cloud.notes, note))


def _turned(cloud: PointCloud, reason: str) -> PointCloud:
    assert cloud.normals is not None
    return replace(cloud, normals=-cloud.normals, notes=(*cloud.notes, f"{reason}: all were turned"))


def _mended(
    cloud: PointCloud, around: Surroundings, along: NDArray[np.float64], found: Orientation, reason: str
) -> PointCloud:
    """Given directions on other sides; estimated ones where these go with neither planes nor neighbours.

    The sides are those ``found`` by the planes or the given ones, after the normals have settled what is odd
    among them, whichever they agree with more: a plane through points on both sides of something thin is
    wrong, and what it says of normals with it. The cloud as it is where few of the given ones are odd.
    """
    assert cloud.normals is not None
    given = cloud.normals.astype(np.float64)
    found = found.trusting(np.where(around.per_node(along) < 0, -1.0, 1.0))
    estimated = around.normals(found.signs)
    cosine = np.einsum("nd,nd->n", given, estimated)
    turns, fits = np.where(cosine < 0, -1.0, 1.0), np.abs(cosine) >= AGREEMENT
    if len(given) <= MOST_NODES:  # where more points are, planes see one side of a part
        graph = neighbour_graph(around.points, given, around.neighbours)
        own, turns = _settled(graph, np.ones(len(given))), _settled(graph, turns)
        if graph.total(own) > graph.total(turns):
            if np.mean(own < 0) <= CONTRADICTED:
                return cloud
            turns = own
            votes = around.per_node(along * turns)
            estimated = around.normals(np.where(votes + around.graph.votes(votes) < 0, -1.0, 1.0))
        fits |= graph.accord(turns) >= IN_ACCORD
    normals = np.where(fits[:, None], given * turns[:, None], estimated)
    note = f"{reason}: {np.mean(fits & (turns < 0)):.1%} were turned and {np.mean(~fits):.1%} estimated anew"
    return replace(cloud, normals=normals.astype(np.float32), notes=(*cloud.notes, note))


def _settled(graph: SignedGraph, signs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Signs (n,) of normals after those are turned that their neighbours surely are against."""
    settled = graph.settled(signs)
    return np.where(graph.accord(settled) > SURELY_AGAINST, settled, signs)
