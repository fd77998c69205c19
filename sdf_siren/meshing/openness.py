"""Whether a scan is open: how much of what is seen of a surface from all around is made up.

Every level set of a field in the cube is closed, or leaves the cube; of a scan of one side, the other side
is made up. Of a closed object the scanner cannot see everything either. But what is missing there is hidden,
in bores and folds, while whoever went around it has measured what is seen from outside. So what decides is
not the area beyond ``FAR`` spacings, but what of it is seen in pictures of the surface from all around: a
bore counts by its mouth, and only in the few pictures that look into it. docs/method.md has the shares on
which the limits were set, and those that were looked at afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds.outward import spread_directions
from sdf_siren.clouds.support import FAR, Support
from sdf_siren.meshing.coverage import Places

LARGE = 0.1
"""Share of the pictures from which on a surface that closes in the cube counts as open. Closed objects seen
from three sides or more have at most 0.06, those without a tenth of their points 0.08; a room with holes
0.14, objects without a quarter of their points 0.18, half of a room 0.31."""

LARGE_IF_LEAVING = 0.02
"""The same for one that leaves the cube: it is not closed anyway, and most of what is made up lies beyond. An
object of 1,400 points that leaves at its neck has 0.008, a corridor without ends 0.05."""

CLEAR = 3.0
"""A coarse mesh decides where what is seen is so many times more than the limit, or less."""

_VIEWS = 32
"""Directions that the surface is looked at from."""

_FACES_PER_PIXEL, _MOST_PIXELS = 16, 64
"""So coarse are the pictures that hidden faces do not show between the centres of those before them."""


@dataclass(frozen=True)
class Openness:
    """The decision.

    Attributes:
        made_up: share of the area beyond ``FAR`` spacings.
        leaves: whether the surface leaves the cube.
        in_view: share of pictures of the surface from all around that this takes up.
    """

    made_up: float
    leaves: bool
    in_view: float

    @property
    def limit(self) -> float:
        """Of ``in_view``."""
        return LARGE_IF_LEAVING if self.leaves else LARGE

    @property
    def open(self) -> bool:
        """Whether nothing should be shown where the scan has no points."""
        return self.in_view > self.limit

    @property
    def clear(self) -> bool:
        """Whether a finer mesh would not change the decision."""
        return not self.limit / CLEAR < self.in_view < self.limit * CLEAR

    def sentence(self) -> str:
        """For people."""
        if self.made_up < 0.0005 and not self.leaves:
            return "the scan is taken as closed: it has points all around"
        share = f"{100 * self.made_up:.1f} % of the surface is more than {FAR:g} spacings from the scan"
        share += f", {100 * self.in_view:.1f} % of what is seen of it from outside"
        if self.leaves:
            share += ", and it leaves the cube around it"
        if self.open:
            return f"the scan is taken as open: {share}; --surface closed keeps all of it"
        return f"the scan is taken as closed: only {share}; --surface open cuts it off"


def openness(mesh: Mesh, support: Support, *, coarse: bool = False) -> Openness:
    """Judge an untrimmed ``mesh`` by a scan, of which a uniform subset is enough.

    Args:
        mesh: with normals, if it is coarse.
        support: the scan.
        coarse: whether only the vertices of the mesh are on the surface, and not its faces.
    """
    places = Places.at_vertices(mesh, support) if coarse else Places.on(mesh, support)
    edges, side = mesh.edges
    leaves = bool((np.bincount(side.reshape(-1), minlength=len(edges)) == 1).any())
    made_up = places.support > FAR
    return Openness(places.share(made_up), leaves, _in_view(places.centres, made_up))


def _in_view(centres: NDArray[np.float64], which: NDArray[np.bool_]) -> float:
    """The share of the places ``which`` (p,) in pictures of all, (p, 3), from all around."""
    centres = centres - centres.mean(axis=0)
    pixels = int(np.clip(np.sqrt(len(centres) / _FACES_PER_PIXEL), 1, _MOST_PIXELS))
    half = 1.001 * np.linalg.norm(centres, axis=1).max() or 1.0
    seen = shown = 0
    for direction in spread_directions(_VIEWS):
        across = np.linalg.svd(direction[None])[2][1:]
        # One column at a time: a product with a matrix this narrow is all waiting between BLAS's threads.
        column, row = (((centres @ axis / half + 1) / 2 * pixels).astype(np.int64) for axis in across)
        pixel, height = column * pixels + row, centres @ direction
        highest = np.full(pixels**2, -np.inf)
        np.maximum.at(highest, pixel, height)
        front = np.flatnonzero(height == highest[pixel])
        nearest = np.full(pixels**2, -1)
        nearest[pixel[front]] = front
        nearest = nearest[nearest >= 0]
        seen, shown = seen + len(nearest), shown + int(which[nearest].sum())
    return shown / seen
