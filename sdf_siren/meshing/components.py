"""Components of a mesh, and which of those of a level set the scan supports."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from sdf_siren.artifacts import face_areas
from sdf_siren.clouds.support import Support
from sdf_siren.frames import Similarity

EXPECTED_SHARE = 0.2
"""A component is kept if the scan points that it is nearest to stand for at least this share of its area,
beside what they do on the component that carries most. A ghost sheet carries none: every scan point is nearer
to the true sheet."""

FEWEST = 16
"""And to at least so many: a speck about a handful of points, such as noise leaves, is no surface."""


def face_components(faces: NDArray[np.int64], vertices: int) -> tuple[int, NDArray[np.int32]]:
    """The number of components and the component of each face (f,).

    Faces that share a vertex are connected.
    """
    # Two edges of each face, in the order of the faces: scipy then finds most rows sorted and adjacent,
    # which is more than twice as fast as edges sorted by kind. Its graphs take 32-bit numbers without a copy.
    corner = faces.astype(np.int32)
    edges = corner[:, 0].repeat(2), corner[:, 1:].reshape(-1)
    graph = coo_matrix((np.ones(len(edges[0]), dtype=np.int8), edges), shape=(vertices, vertices))
    _, label = connected_components(graph, directed=False)
    of_face = label[corner[:, 0]]
    used = np.bincount(of_face) > 0  # a vertex without faces is no component
    number = np.cumsum(used, dtype=np.int32) - 1
    return int(used.sum()), number[of_face]


_IN_PLACE = Similarity((0.0, 0.0, 0.0), 1.0)

Strangeness = Callable[[NDArray[np.float64]], NDArray[np.floating]]


def supported_faces(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    support: NDArray[np.floating],
    strangeness: Strangeness | None = None,
) -> tuple[NDArray[np.bool_], int]:
    """Which faces belong to a component that the scan supports, and how many components do not.

    Args:
        vertices: (v, 3).
        faces: (f, 3).
        support: (m, 3) points of the scan, a uniform subset of it; same coordinates.
        strangeness: of vertices (n, 3): how far (n,) the network is from having a surface there; a component
            where the mean is above 1 was made up by a local correction that has too much to mend.
    """
    count, component = face_components(faces, len(vertices))
    if count <= 1:
        return np.ones(len(faces), dtype=bool), 0
    area = np.bincount(component, face_areas(vertices, faces), minlength=count)
    of_vertex = np.zeros(len(vertices), dtype=np.int32)
    of_vertex[faces.reshape(-1)] = np.repeat(component, 3)
    _, nearest = cKDTree(vertices).query(support, workers=torch.get_num_threads())
    # A point stands for the square of its own spacing: scans are sparser where they were taken from far away.
    stands_for = Support(support.astype(np.float64), None, _IN_PLACE).spacing ** 2
    carried = np.bincount(of_vertex[nearest], stands_for, minlength=count)
    points = np.bincount(of_vertex[nearest], minlength=count)
    # What is usual is judged on the component that carries most, not on all: ghosts may be large.
    largest = int(np.argmax(carried))
    kept = carried * area[largest] >= EXPECTED_SHARE * carried[largest] * area
    kept &= points >= FEWEST
    if strangeness is not None:
        used = np.bincount(of_vertex, minlength=count)
        kept &= np.bincount(of_vertex, strangeness(vertices), minlength=count) <= used
    kept[largest] = True
    return kept[component], int(count - kept.sum())
