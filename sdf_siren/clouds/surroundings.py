"""What is known of a scan without its normals, and the normals that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.local_planes import NEIGHBOURS, LocalPlanes, fit_planes
from sdf_siren.clouds.neighbours import all_neighbours
from sdf_siren.clouds.orientation import Orientation, orient
from sdf_siren.clouds.point_cloud import PointCloud
from sdf_siren.clouds.signed_graph import SignedGraph, neighbour_graph

_GRAZING = 0.3
"""Cosine between normal and line of sight from which on the sensor is believed point by point."""

_TURN = "--flip-normals turns them, --viewpoint X Y Z decides"
_GUESSES = {
    "up": f"the scan is open and seen from one side: up was guessed; {_TURN}",
    "away": f"the scan is open: away from its middle was guessed; {_TURN}",
}


@dataclass(frozen=True)
class Surroundings:
    """A scan in the cube, as far as its own normals say nothing.

    Attributes:
        points: (n, 3) cube coordinates.
        planes: the planes through its m nodes.
        graph: which of their normals point to the same side.
        sight: (n, 3) unit vectors to the sensors, zero where unknown, or None.
    """

    points: NDArray[np.float64]
    planes: LocalPlanes
    graph: SignedGraph
    sight: NDArray[np.float64] | None

    @classmethod
    def of(cls, cloud: PointCloud, sight: NDArray[np.float64] | None) -> Surroundings:
        """Look at the points of ``cloud``."""
        points = cloud.frame.to_cube(cloud.points)  # plane fits lose digits far from the origin
        planes = fit_planes(points)
        return cls(points, planes, neighbour_graph(planes.nodes, planes.normals, planes.near), sight)

    @property
    def node_of(self) -> NDArray[np.int64]:
        """The node of each point (n,)."""
        found = self.planes.node_of
        return np.arange(len(self.points)) if found is None else found

    @property
    def neighbours(self) -> NDArray[np.int64]:
        """The nearest other points of each point (n, k)."""
        if self.planes.node_of is None:
            return self.planes.near
        return all_neighbours(cKDTree(self.points), NEIGHBOURS + 1)[1][:, 1:]

    def along(self, vectors: NDArray[np.floating]) -> NDArray[np.float64]:
        """Cosine (n,) between unit vectors (n, 3) and the normals of the points' nodes."""
        return np.einsum("nd,nd->n", vectors, self.planes.normals[self.node_of])

    def per_node(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums (m,) of the points' values (n,)."""
        return np.asarray(np.bincount(self.node_of, values, len(self.planes.nodes)), np.float64)

    def orientation(self) -> Orientation:
        """Signs for the normals of the nodes."""
        votes = None if self.sight is None else self.per_node(self.along(self.sight))
        return orient(self.planes, self.graph, votes)

    def normals(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Estimated unit normals (n, 3), on the sensors' side where they see the surface steeply enough."""
        normals = self.planes.at_points(self.points, signs)
        if self.sight is not None:
            facing = np.einsum("nd,nd->n", normals, self.sight)
            normals[facing < -_GRAZING] *= -1
        return normals


def estimated(cloud: PointCloud, reason: str, sight: NDArray[np.float64] | None) -> PointCloud:
    """The cloud with new normals; ``reason`` begins the sentence that says so."""
    around = Surroundings.of(cloud, sight)
    found = around.orientation()
    note = f"{reason} estimated from planes through their neighbours; {_direction(found)}"
    normals = around.normals(found.signs).astype(np.float32)
    return replace(cloud, normals=normals, notes=(*cloud.notes, note))


def _direction(found: Orientation) -> str:
    if found.rule in _GUESSES:
        return _GUESSES[found.rule]
    if found.rule == "sensor":
        return "they point to where the scan was seen from"
    return f"they point outward (the surface closes around {found.closed:.0%} of it)"
