"""Planes through the neighbourhoods of a scan: normals without a side, at the scale of the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.creases import AGREEING, beside_creases
from sdf_siren.clouds.neighbours import all_neighbours
from sdf_siren.clouds.spacing import FLAT_ENOUGH, thickness
from sdf_siren.clouds.steps import half_step

MOST_NODES = 120_000
"""Larger scans are thinned to about as many nodes; the rest takes its normals from them."""

NOISY = 0.3
"""The part of the spacing from which on a chord between neighbours says more about noise than about shape."""

VOXEL = 2.5
"""Side of the boxes that are averaged on noisy scans, in standard deviations of the noise: thinner than the
thinnest part whose sides can be told apart."""

FLAT = 0.25
"""Thickness of a neighbourhood, as a part of its narrower width, below which it is not enlarged any more."""

ROUGH = 0.1
"""Thickness of a neighbourhood, as a part of its narrower width, from which on it may lie across a crease."""

ACROSS = np.cos(np.radians(10))
"""Cosine between the planes of a neighbourhood and of a part of it below which it lies across a crease."""

SAME_FACE = np.cos(np.radians(20))
"""Cosine between normals of neighbours from which on they are on one face."""

CREASED = 0.2
"""Share of the rough neighbourhoods that lie across a crease from which on a scan has creases: 0.24 to 0.69
on machine parts and other things with edges; 0.02 to 0.13 where all bends, by chance."""

CLEAN_SIZES = (8, 12, 18, 27, 40, 60)
NOISY_SIZES = (16, 24, 36, 54, 80)

_SMALLEST = 1e-6
"""Below this part of the extent, lengths are rounding errors; heaps of doubles have such ones."""

_SAMPLE = 2000
_LEVELS = (16, 48, 192, 768)
_LEAST_PARTS = 10
"""Neighbourhoods that are a larger part of the scan show its shape and no noise."""

NEIGHBOURS = 12
"""Of a node, that are asked which side they are on."""

_AREA_NEIGHBOURS = 8
_LARGEST_AREA_QUANTILE = 0.98
_SHARED_NODES = 12
_CHUNK = 8192

_Around = tuple[NDArray[np.float64], NDArray[np.int64]]


@dataclass(frozen=True)
class LocalPlanes:
    """The nodes of a scan with the plane through each of them.

    A clean scan's nodes are its points. On noisy or very large scans, a node is the mean of the points in a
    box, moved onto its plane.

    Attributes:
        nodes: (m, 3).
        normals: (m, 3) unit normals of the neighbourhoods, with an arbitrary side.
        flatness: (m,) thickness of the neighbourhood of each node, as a part of its narrower width.
        faces: (m, 3) unit normals without a side, beside a crease that of the node's own face.
        agreeing: (m,) how many neighbours lie in one plane with a node whose neighbourhood is not flat, where
            these are many; its face is that of this plane, or near it.
        areas: (m,) the part of the surface that a node stands for.
        near: (m, k) the ``NEIGHBOURS`` nearest other nodes of each, or all of them.
        node_of: (n,) the node of each point, or None where every point is a node.
        noise: standard deviation of the points across the surface, zero on clean scans. The smallest flat
            neighbourhoods show it, which follow a part of it: two thirds to all of the true one.
    """

    nodes: NDArray[np.float64]
    normals: NDArray[np.float64]
    flatness: NDArray[np.float64]
    faces: NDArray[np.float64]
    agreeing: NDArray[np.float64]
    areas: NDArray[np.float64]
    near: NDArray[np.int64]
    node_of: NDArray[np.int64] | None
    noise: float

    @property
    def step(self) -> float:
        """The typical distance between nodes."""
        return float(np.sqrt(np.median(self.areas)))

    def oriented(self, signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """The faces' normals (m, 3) on the sides that ``signs`` (m,) give to ``normals``.

        Beside a crease the neighbours on the same face say it: an acute edge is thin, and the side of the
        plane through all of them is one on one of its faces and the other on the other.
        """
        normals = self.normals * signs[:, None]
        found = self.faces * np.where(np.einsum("md,md->m", self.faces, normals) < 0, -1.0, 1.0)[:, None]
        rows = np.flatnonzero(self.agreeing)
        cosine = np.einsum("rkd,rd->rk", normals[self.near[rows]], found[rows])
        votes = np.where(np.abs(cosine) > SAME_FACE, np.sign(cosine), 0.0).sum(axis=1)
        found[rows[votes < 0]] *= -1
        return found

    def at_points(self, points: NDArray[np.float64], signs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Unit normals (n, 3) of the points from nodes whose normals are multiplied by ``signs`` (m,).

        Where points are averaged into nodes, a Gaussian mean over the nearest nodes.
        """
        oriented = self.oriented(signs)
        if self.node_of is None:
            return oriented
        tree = cKDTree(self.nodes)
        pieces = (points[start : start + _CHUNK] for start in range(0, len(points), _CHUNK))
        return np.concatenate([self._shared(some, tree, oriented) for some in pieces])

    def _shared(
        self, points: NDArray[np.float64], tree: cKDTree, oriented: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        count = min(_SHARED_NODES, len(self.nodes))
        distance, near = tree.query(points, k=count)
        distance, near = distance.reshape(-1, count), near.reshape(-1, count)
        width = 2 * self.noise if self.noise > 0 else self.step
        # The nearest node counts fully, however far a stray point is from all of them.
        weight = np.exp(-((distance**2 - distance[:, :1] ** 2) / (2 * width**2)))
        mean = np.einsum("nk,nkd->nd", weight, oriented[near])
        length = np.linalg.norm(mean, axis=1, keepdims=True)
        return np.where(length > 1e-6, mean / np.maximum(length, 1e-6), oriented[near[:, 0]])


def fit_planes(points: NDArray[np.float64]) -> LocalPlanes:
    """Fit a plane to the neighbourhood of every node.

    The noise decides whether points are averaged first. Neighbourhoods grow until they are ``FLAT``; where
    none is, the flattest counts. Planes are fitted with Gaussian weights (half the neighbourhood's radius).
    On clean scans, beside creases, faces are the planes of the points on one side
    (:mod:`sdf_siren.clouds.creases`).

    Args:
        points: (n, 3), n >= 4, of an extent near one.
    """
    tree = cKDTree(points)
    rows = np.arange(len(points))
    if len(rows) > _SAMPLE:
        rows = np.random.default_rng(0).choice(len(points), _SAMPLE, replace=False)
    spacing = float(np.median(tree.query(points[rows], k=[2])[0]))
    noise = max(_noise(points, tree, rows), half_step(points, tree, rows, spacing))
    noisy = noise > max(NOISY * spacing, _SMALLEST)
    side = VOXEL * noise if noisy and VOXEL * noise > spacing else 0.0
    nodes, node_of = (points, None) if not side else _averaged(points, side)
    while len(nodes) > MOST_NODES:
        side = max(1.2 * side, spacing, _SMALLEST)
        nodes, node_of = _averaged(points, side)
    if node_of is not None:
        tree = cKDTree(nodes)
    sizes = NOISY_SIZES if noisy else CLEAN_SIZES
    around = all_neighbours(tree, max(sizes[0], NEIGHBOURS + 1))
    normals, height, flatness = _planes(nodes, tree, sizes, around)
    faces, agreeing = normals, np.zeros(len(nodes))
    if not noisy:
        faces, agreeing = _faces(nodes, tree, normals, np.flatnonzero(flatness > ROUGH))
    else:
        # Only there: on clean scans it would press the two sides of a thin plate into one.
        nodes = nodes - normals * height[:, None]
        tree = cKDTree(nodes)
        around = all_neighbours(tree, NEIGHBOURS + 1)
    distance, near = around
    others = near[:, 1 : NEIGHBOURS + 1]
    areas = _areas(distance)
    noise = noise if noisy else 0.0
    return LocalPlanes(nodes, normals, flatness, faces, agreeing, areas, others, node_of, noise)


def _noise(points: NDArray[np.float64], tree: cKDTree, rows: NDArray[np.int64]) -> float:
    """The thickness of the smallest neighbourhoods that are flat; of the smallest ones if none are."""
    measured = []
    for size in _LEVELS:
        if size * _LEAST_PARTS > len(points):
            break
        measured.append(thickness(points, tree, rows, (size,)))
        width = np.median(tree.query(points[rows], k=[size])[0])
        if FLAT_ENOUGH * measured[-1] < width:
            return measured[-1]
    return measured[0] if measured else 0.0


def _averaged(points: NDArray[np.float64], side: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Means of the points in boxes of this side, and the box of each point."""
    box = np.floor((points - points.min(axis=0)) / side + 0.5).astype(np.int64)
    _, node_of, count = np.unique(
        np.ravel_multi_index(tuple(box.T), tuple(box.max(axis=0) + 1)),
        return_inverse=True,
        return_counts=True,
    )
    means = np.stack([np.bincount(node_of, column) for column in points.T], axis=1) / count[:, None]
    return means, node_of


def _planes(
    nodes: NDArray[np.float64], tree: cKDTree, sizes: tuple[int, ...], around: _Around
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Unit normals (m, 3), the heights of the nodes above their planes (m,), and flatness (m,)."""
    normals, height = np.zeros(nodes.shape), np.zeros(len(nodes))
    best = np.full(len(nodes), np.inf)
    left = tree.indices  # near nodes together
    for size in sizes:
        count, thick = min(size, len(nodes)), []
        for rows in np.split(left, range(_CHUNK, len(left), _CHUNK)):
            if count <= around[0].shape[1]:
                distance, near = around[0][rows, :count], around[1][rows, :count]
            else:
                distance, near = tree.query(nodes[rows], k=count, workers=torch.get_num_threads())
            ratio, normal, above = _plane(nodes, rows, distance, near)
            better = ratio < best[rows]
            chosen = rows[better]
            best[chosen], normals[chosen], height[chosen] = ratio[better], normal[better], above[better]
            thick.append(rows[ratio > FLAT])
        left = np.concatenate(thick)
        if not len(left) or size >= len(nodes):
            break
    return normals, height, best


def _plane(
    nodes: NDArray[np.float64],
    rows: NDArray[np.int64],
    distance: NDArray[np.float64],
    near: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For ``rows``, with their neighbours: thickness over narrower width, normal, height above the plane."""
    weight = np.exp(-2 * (distance / np.maximum(distance[:, -1:], 1e-300)) ** 2)
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.einsum("nk,nkd->nd", weight, nodes[near])
    offset = nodes[near] - mean[:, None]
    spread = (offset * weight[..., None]).swapaxes(1, 2) @ offset
    value, vector = np.linalg.eigh(spread)
    ratio = np.sqrt(np.maximum(value[:, 0], 0) / np.maximum(value[:, 1], 1e-300))
    normal = vector[:, :, 0]
    return ratio, normal, np.einsum("nd,nd->n", normal, nodes[rows] - mean)


def _faces(
    nodes: NDArray[np.float64], tree: cKDTree, normals: NDArray[np.float64], rough: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Faces (m, 3) and how many neighbours agree (m,), if many ``rough`` nodes are beside creases."""
    agreeing = np.zeros(len(nodes))

    def beside(
        rows: NDArray[np.int64],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        found, voices = beside_creases(nodes, tree, rows)
        many = voices > AGREEING
        aslant = np.abs(np.einsum("nd,nd->n", found, normals[rows])) < ACROSS
        return found, voices * many, many & aslant

    sample = rough
    if len(rough) > _SAMPLE:
        sample = np.random.default_rng(0).choice(rough, _SAMPLE, replace=False)
    if not len(rough) or beside(sample)[2].mean() < CREASED:
        return normals, agreeing
    found, agreeing[rough], across = beside(rough)
    faces = normals.copy()
    faces[rough[across]] = found[across]
    return faces, agreeing


def _areas(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Surface per node (m,): the disk that holds eight neighbours holds eight nodes' areas."""
    count = min(_AREA_NEIGHBOURS, len(distance) - 1)
    radius = distance[:, count]
    areas = np.pi * radius**2 / count
    # A stray point far from the rest would otherwise stand for more than the object.
    return np.maximum(np.minimum(areas, np.quantile(areas, _LARGEST_AREA_QUANTILE)), _SMALLEST**2)
