"""Point clouds made from a mesh whose surface is known: sampled by area, or seen from viewpoints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sdf_siren.artifacts import Mesh, vertex_normals
from sdf_siren.clouds import PointCloud
from sdf_siren.frames import Similarity
from sdf_siren.metrics import sample_surface
from sdf_siren.open3d_import import import_open3d

NOISE = 0.004
"""Standard deviation of a noisy point's place, in the cube where the scan's half extent is 0.9."""

NORMAL_NOISE, SLIGHT_NORMAL_NOISE = 0.2, 0.1
"""Standard deviation of a noisy normal's direction about each axis, radians; and of one in a slightly noisy
scan, whose places have ``SENSOR_NOISE``."""

DISTANCE = 2.5
"""From a viewpoint to the middle of the object, in the cube: what lies deep in a fold is out of sight."""

SEEN_POINTS = 45_000
"""About how many points all viewpoints see together."""

STEP = 3.0
"""Of the depth of a depth camera at the middle of the object, in distances between its pixels there. Of the
first Kinect it is 1.7 times its distance in metres."""

DENSEST = 100.0
"""Times as dense is an uneven scan at one end of the object as at the other."""

MISALIGNED, SENSOR_NOISE = 0.003, 0.0005
"""Root mean square of how far a scan beside others is moved, and of the radians that it is turned by, as
registration leaves it; and standard deviation of its points. In the cube."""

GRAZING = 0.2
"""Cosine to the surface's normal below which rays come back from it too weak to be measured."""

_VIEWPOINTS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3)
_CORNERS = np.stack(np.meshgrid(*3 * [[-1, 1]]), axis=-1).reshape(8, 3) / np.sqrt(3)
_TRIAL_ROWS = 128


def sampled(mesh: Mesh, points: int, seed: int) -> PointCloud:
    """Area-uniform points with interpolated vertex normals."""
    samples = sample_surface(mesh, points, seed=seed)
    return PointCloud(samples.points, _normals(mesh, samples.faces, samples.weights))


def perturbed(cloud: PointCloud, seed: int, *, slightly: bool = False) -> PointCloud:
    """The cloud with noise on places and normals."""
    assert cloud.normals is not None
    generator = np.random.default_rng(1 + seed)
    noise, turn = (SENSOR_NOISE, SLIGHT_NORMAL_NOISE) if slightly else (NOISE, NORMAL_NOISE)
    scale = Similarity.fitting(cloud.points).scale
    points = cloud.points + generator.normal(scale=noise / scale, size=cloud.points.shape)
    normals = cloud.normals + generator.normal(scale=turn, size=cloud.points.shape)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return PointCloud(points, normals.astype(np.float32))


def unevenly_sampled(mesh: Mesh, points: int, seed: int) -> PointCloud:
    """Points with normals, ``DENSEST`` times as dense at one end of the object as at the other."""
    cloud = sampled(mesh, round(2 * DENSEST * points), seed)
    assert cloud.normals is not None
    generator = np.random.default_rng(1 + seed)
    along = cloud.points @ _random_rotation(generator)[0]
    weight = DENSEST ** -((along - along.min()) / np.ptp(along))
    kept = np.flatnonzero(generator.random(len(cloud)) < weight)
    chosen = np.sort(generator.choice(kept, points, replace=False))
    return PointCloud(cloud.points[chosen], cloud.normals[chosen])


def seen_from_around(mesh: Mesh, seed: int) -> PointCloud:
    """What four pinhole cameras around the object see of it, without noise.

    The viewpoints are the corners of a tetrahedron, turned at random: spread evenly, they leave out
    what the object itself hides and nothing else, whatever way up a mesh is stored.
    """
    return seen_from(mesh, _VIEWPOINTS, seed)


def seen_from(mesh: Mesh, viewpoints: ArrayLike, seed: int) -> PointCloud:
    """What pinhole cameras see of an object that they look at, without noise.

    A coarse shot sets the number of rays, so that small objects are not scanned more coarsely than large
    ones.

    Args:
        mesh: the object.
        viewpoints: (k, 3) unit vectors to the cameras from its middle, which are turned at random first.
        seed: of that turn.
    """
    hits = _shot(mesh, viewpoints, seed)[0]
    return PointCloud(hits.places(mesh.vertices, mesh.faces), _normals(mesh, hits.faces, hits.weights))


def seen_in_steps(mesh: Mesh, seed: int) -> PointCloud:
    """What four depth cameras around the object measure: inverse depth in steps, and no normals."""
    hits, eye, pixel = _shot(mesh, _VIEWPOINTS, seed)
    frame = Similarity.fitting(mesh.vertices)
    seen = hits.places(frame.to_cube(mesh.vertices), mesh.faces)
    depth = np.einsum("nd,nd->n", seen - eye, -eye / DISTANCE)
    unit = STEP * pixel / DISTANCE**2
    measured = 1 / (unit * np.round(1 / (unit * depth)))
    return PointCloud(frame.to_world(eye + (seen - eye) * (measured / depth)[:, None]))


def seen_misaligned(mesh: Mesh, seed: int) -> PointCloud:
    """What eight scans from around see of an object, each a little out of place, and no normals."""
    hits, eyes, _ = _shot(mesh, _CORNERS, seed)
    frame = Similarity.fitting(mesh.vertices)
    seen = hits.places(frame.to_cube(mesh.vertices), mesh.faces)
    rays = (eyes - seen) / np.linalg.norm(eyes - seen, axis=1, keepdims=True)
    facing = np.einsum("nd,nd->n", rays, _normals(mesh, hits.faces, hits.weights)) > GRAZING
    seen, scan = seen[facing], np.unique(eyes[facing], axis=0, return_inverse=True)[1].reshape(-1)
    generator = np.random.default_rng(1 + seed)
    turns, moves = generator.normal(scale=MISALIGNED / np.sqrt(3), size=(2, scan.max() + 1, 3))[:, scan]
    placed = seen + np.cross(turns, seen) + moves
    return PointCloud(frame.to_world(placed + generator.normal(scale=SENSOR_NOISE, size=placed.shape)))


def _shot(mesh: Mesh, viewpoints: ArrayLike, seed: int) -> tuple[Hits, NDArray[np.float64], float]:
    """What cameras see, from where (n, 3), and how far pixels are apart at the middle; in the cube."""
    frame = Similarity.fitting(mesh.vertices)
    vertices = frame.to_cube(mesh.vertices)
    cast = ray_caster(vertices, mesh.faces)
    radius = float(np.linalg.norm(vertices, axis=1).max())
    eyes = DISTANCE * np.asarray(viewpoints) @ _random_rotation(np.random.default_rng(seed))

    def shoot(rows: int) -> Hits:
        return cast(np.concatenate([_pinhole(eye, radius, rows) for eye in eyes]))

    share = len(shoot(_TRIAL_ROWS).rays) / (len(eyes) * _TRIAL_ROWS**2)
    rows = round(np.sqrt(SEEN_POINTS / (len(eyes) * share)))
    hits = shoot(rows)
    return hits, eyes[hits.rays // rows**2], 2 * _reach(DISTANCE, radius) * DISTANCE / rows


@dataclass(frozen=True)
class Hits:
    """Where rays first meet a mesh.

    Attributes:
        rays: (n,) which of them do.
        faces: (n,) the triangles that they meet.
        weights: (n, 3) barycentric coordinates there.
    """

    rays: NDArray[np.int64]
    faces: NDArray[np.int64]
    weights: NDArray[np.float64]

    def places(self, vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
        """Where (n, 3) they meet it, by its vertices in any frame."""
        return np.asarray(np.einsum("nk,nkd->nd", self.weights, vertices[faces[self.faces]]))


def ray_caster(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> Callable[[NDArray[np.float64]], Hits]:
    """A function of rays (n, 6), each an origin and a direction, for a mesh."""
    open3d = import_open3d()
    scene = open3d.t.geometry.RaycastingScene()
    scene.add_triangles(
        open3d.core.Tensor(vertices.astype(np.float32)), open3d.core.Tensor(faces.astype(np.uint32))
    )

    def cast(rays: NDArray[np.float64]) -> Hits:
        answer = scene.cast_rays(open3d.core.Tensor(rays.astype(np.float32)))
        hit = np.isfinite(answer["t_hit"].numpy())
        along = answer["primitive_uvs"].numpy()[hit].astype(np.float64)
        weights = np.column_stack([1 - along.sum(axis=1), along])
        return Hits(np.flatnonzero(hit), answer["primitive_ids"].numpy()[hit].astype(np.int64), weights)

    return cast


def _normals(mesh: Mesh, faces: NDArray[np.int64], weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Unit vertex normals, interpolated to places on faces."""
    normals = np.einsum("nk,nkd->nd", weights, vertex_normals(mesh.vertices, mesh.faces)[mesh.faces[faces]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return normals.astype(np.float32)


def _pinhole(eye: NDArray[np.float64], radius: float, rows: int) -> NDArray[np.float64]:
    """Rays (rows^2, origin and direction) from ``eye`` that cover the ball of ``radius`` about the middle."""
    ahead = -eye / np.linalg.norm(eye)
    right = np.cross(ahead, np.eye(3)[np.argmin(np.abs(ahead))])
    right /= np.linalg.norm(right)
    reach = _reach(float(np.linalg.norm(eye)), radius)
    centres = ((np.arange(rows) + 0.5) / rows * 2 - 1) * reach
    x, y = (part.reshape(-1, 1) for part in np.meshgrid(centres, centres))
    directions = ahead + x * right + y * np.cross(right, ahead)
    return np.hstack([np.broadcast_to(eye, directions.shape), directions])


def _reach(distance: float, radius: float) -> float:
    """Tangent of the half angle under which a ball of ``radius`` is seen from ``distance``."""
    return radius / float(np.sqrt(distance**2 - radius**2))


def _random_rotation(generator: np.random.Generator) -> NDArray[np.float64]:
    """Uniform over all rotations (and reflections, which make no difference here)."""
    q, r = np.linalg.qr(generator.standard_normal((3, 3)))
    return np.asarray(q * np.sign(np.diag(r)))
