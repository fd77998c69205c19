"""Whether a scan is open: how much of the surface that was fitted to it is made up.

Every level set of a field in the cube is closed, or leaves the cube; of a scan of one side, the other side is
made up. What the scanner could not see of a closed object is made up too, but it is less. So the share of the
area that is beyond ``FAR`` spacings decides; docs/method.md has the shares on which the limits were set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh, area_vectors
from sdf_siren.clouds.support import Support
from sdf_siren.meshing.refine import edges_of

FAR = 3.0
"""Spacings beyond which a place is made up: see :mod:`sdf_siren.meshing.reach`."""

LARGE = 0.24
"""Made-up share from which on a surface that closes in the cube counts as open. Closed objects seen from four
sides have 0 to 19 %, one side of a closed object 31 % and more."""

LARGE_IF_LEAVING = 0.04
"""The same for one that leaves the cube, and is not closed anyway. A closed object of 1,400 points has 0.8 %,
a mountain 20 %."""

_FACES = 100_000
"""Faces looked at; enough for a share to a few tenths of a per cent."""

SUPPORT_BEYOND = (2.0, 3.0, 5.0)
"""Spacings for which :class:`Coverage` has the share of the area beyond."""


@dataclass(frozen=True)
class Openness:
    """The decision.

    Attributes:
        made_up: share of the area beyond ``FAR`` spacings.
        leaves: whether the surface leaves the cube.
    """

    made_up: float
    leaves: bool

    @property
    def open(self) -> bool:
        """Whether nothing should be shown where the scan has no points."""
        return self.made_up > (LARGE_IF_LEAVING if self.leaves else LARGE)

    def sentence(self) -> str:
        """For people."""
        if self.made_up < 0.0005 and not self.leaves:
            return "the scan is taken as closed: it has points all around"
        left = " and leaves the cube around it" if self.leaves else ""
        share = f"{100 * self.made_up:.1f} % of the surface is more than {FAR:g} spacings from the scan{left}"
        if self.open:
            return f"the scan is taken as open: {share}; --surface closed keeps all of it"
        return f"the scan is taken as closed: only {share}; --surface open cuts it off"


@dataclass(frozen=True)
class Coverage:
    """How much of a mesh is measured.

    Attributes:
        beyond: by spacings, the share of the area that is farther from the scan.
        largest: support of the worst vertex, in spacings; at most ``FARTHEST``.
    """

    beyond: dict[float, float]
    largest: float


def openness(mesh: Mesh, support: Support) -> Openness:
    """Judge an untrimmed ``mesh`` by a scan, of which a uniform subset is enough."""
    stride = -(-len(mesh.faces) // _FACES)
    faces = mesh.faces[::stride]
    vectors = area_vectors(mesh.vertices, faces)
    area = np.linalg.norm(vectors, axis=1)
    found = support.at(mesh.vertices[faces].mean(axis=1), vectors / np.maximum(area, 1e-300)[:, None])
    edges, side = edges_of(mesh.faces, len(mesh.vertices))
    leaves = bool((np.bincount(side.reshape(-1), minlength=len(edges)) == 1).any())
    return Openness(_share(area, found > FAR), leaves)


def coverage(mesh: Mesh, found: NDArray[np.floating]) -> Coverage:
    """Shares by the support ``found`` (v,) of the vertices; a face has the mean of its three."""
    area = np.linalg.norm(area_vectors(mesh.vertices, mesh.faces), axis=1)
    of_face = found[mesh.faces].mean(axis=1)
    beyond = {limit: _share(area, of_face > limit) for limit in SUPPORT_BEYOND}
    return Coverage(beyond, float(found.max()))


def _share(area: NDArray[np.float64], which: NDArray[np.bool_]) -> float:
    return float(area[which].sum() / (area.sum() or 1.0))
