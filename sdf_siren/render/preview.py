"""Contact sheets of a mesh, beside the scan it came from."""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.errors import EmptySurfaceError
from sdf_siren.files import atomic_path
from sdf_siren.frames import Similarity
from sdf_siren.render.camera import MARGIN, VIEWS, Camera, framing
from sdf_siren.render.scene import Scene
from sdf_siren.render.shading import BACKGROUND, canvas, encode, linear
from sdf_siren.render.splats import draw_points
from sdf_siren.render.surface import draw_surface

SUPERSAMPLING = 2
"""Samples of a scan's points per pixel along each side."""

Picture = NDArray[np.uint8]


def write_preview(
    mesh: Mesh,
    path: str | os.PathLike[str],
    cloud: PointCloud | None = None,
    *,
    views: int = 4,
    size: int = 512,
    up: str = "y",
) -> None:
    """Write a PNG sheet of ``mesh`` from several sides, two pictures to a row.

    The views are, in this order: front three-quarter, side, back three-quarter, top. If the mesh has colours
    the first view shows them, and the scan its own; the others stay clay, in which a shape is seen best.

    Args:
        mesh: in any units and place; it fills each picture.
        path: where to write; appears only when complete.
        cloud: drawn first, from the first view, so that the first row is scan and mesh.
        views: how many views of the mesh, 1 to 4; with a cloud, one fewer leaves the sheet even.
        size: side of each picture, pixels.
        up: ``"x"``, ``"y"`` or ``"z"``. A scan does not say which way is up; y is the custom of
            scanned objects, and the views show the shape from all sides whatever it is.

    Raises:
        EmptySurfaceError: the mesh has no faces.
        UsageError: the folder of ``path`` cannot be written.
    """
    if not 1 <= views <= len(VIEWS):
        raise ValueError(f"expected 1 to {len(VIEWS)} views, found {views}")
    frame, scene = _stage(mesh)
    cameras = [framing(view, scene.vertices, up) for view in VIEWS[:views]]
    pictures = [] if cloud is None else [_scan(cloud, frame, cameras[0], size)]
    pictures += [_surface(scene, camera, size, in_colour=not number) for number, camera in enumerate(cameras)]
    _write(path, _sheet(pictures, columns=2))


def write_comparison(
    cloud: PointCloud, mesh: Mesh, path: str | os.PathLike[str], *, size: int = 720, up: str = "y"
) -> None:
    """Write a PNG with the scan on the left and the mesh on the right, through the same camera.

    The picture is twice ``size`` wide and as high as the subject needs, at most ``size``. Both are in
    colour if they have any. Arguments and errors as for :func:`write_preview`.
    """
    frame, scene = _stage(mesh)
    camera = framing(VIEWS[0], scene.vertices, up)
    pair = np.hstack([_scan(cloud, frame, camera, size), _surface(scene, camera, size, in_colour=True)])
    _write(path, _trimmed(pair, int(MARGIN * size / 2)))


def _stage(mesh: Mesh) -> tuple[Similarity, Scene]:
    if not len(mesh.faces):
        raise EmptySurfaceError("there is nothing to draw: the mesh has no faces")
    used = _without_strays(mesh)
    frame = Similarity.fitting(used.vertices)
    return frame, Scene(used, frame)


def _without_strays(mesh: Mesh) -> Mesh:
    """Vertices that no face uses would only push the camera away."""
    return mesh.of_faces(np.ones(len(mesh.faces), dtype=bool))


def _surface(scene: Scene, camera: Camera, size: int, *, in_colour: bool) -> Picture:
    return encode(draw_surface(scene, camera, size, in_colour=in_colour), 1)


def _scan(cloud: PointCloud, frame: Similarity, camera: Camera, size: int) -> Picture:
    points = frame.to_cube(cloud.points).astype(np.float32)
    colours = None if cloud.colours is None else linear(cloud.colours)
    return encode(draw_points(camera, points, cloud.normals, size * SUPERSAMPLING, colours), SUPERSAMPLING)


def _sheet(pictures: list[Picture], columns: int) -> Picture:
    blank = encode(canvas(len(pictures[0])), 1)
    pictures = pictures + [blank] * (-len(pictures) % min(columns, len(pictures)))
    rows = [np.hstack(pictures[i : i + columns]) for i in range(0, len(pictures), columns)]
    return np.vstack(rows)


def _trimmed(picture: Picture, margin: int) -> Picture:
    """The rows of ``picture`` that show something, and ``margin`` more on either side."""
    rows = np.flatnonzero((picture != BACKGROUND).any(axis=(1, 2)))
    return picture[max(rows[0] - margin, 0) : rows[-1] + 1 + margin] if len(rows) else picture


def _write(path: str | os.PathLike[str], picture: Picture) -> None:
    with atomic_path(path) as temporary:
        # Level 2 takes half the time of the default and a tenth more room.
        Image.fromarray(picture).save(temporary, format="PNG", compress_level=2)
