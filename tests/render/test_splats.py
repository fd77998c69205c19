"""Scans drawn as discs."""

import numpy as np
import pytest
import trimesh

from sdf_siren.render.camera import VIEWS, framing
from sdf_siren.render.shading import canvas
from sdf_siren.render.splats import draw_points

SPHERE = np.asarray(trimesh.creation.icosphere(subdivisions=5).vertices, dtype=np.float32)
CAMERA = framing(VIEWS[0], SPHERE, "y")


@pytest.mark.parametrize("normals", [None, SPHERE, 5 * SPHERE])
def test_points_cover_the_disc_of_their_sphere_and_nothing_else(normals: np.ndarray | None) -> None:
    picture = draw_points(CAMERA, SPHERE, normals, 400)
    drawn = (picture != canvas(1)[0, 0]).any(axis=-1)
    rows, columns = np.nonzero(drawn)
    radius = np.hypot(rows - 199.5, columns - 199.5)
    assert radius.max() < 200 * 0.94 + 4
    assert drawn.sum() > 0.5 * np.pi * 188**2


def test_the_nearest_point_is_seen() -> None:
    towards = CAMERA.axes[2]
    near, far = 0.5 * towards, -0.5 * towards
    # On the line of sight through the middle; the near one is lit from its own side.
    for points, normals in ([near, far], [towards, -towards]), ([far, near], [-towards, towards]):
        both = draw_points(CAMERA, np.array(points), np.array(normals), 100)
        alone = draw_points(CAMERA, np.array([near, near]), np.array([towards, towards]), 100)
        np.testing.assert_array_equal(both[50, 50], alone[50, 50])


def test_points_outside_the_picture_are_left_out() -> None:
    picture = draw_points(CAMERA, 30 * CAMERA.axes[:1], None, 50)
    np.testing.assert_array_equal(picture, canvas(50))
