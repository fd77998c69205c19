"""What rays see, on shapes whose answers are known."""

import numpy as np
import pytest
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.render.camera import VIEWS, Camera, framing
from sdf_siren.render.scene import Hits, Scene
from sdf_siren.render.shading import key_direction


def look(mesh: Mesh, size: int = 64) -> tuple[Camera, Hits]:
    scene = Scene(mesh, Similarity.fitting(mesh.vertices))
    camera = framing(VIEWS[0], scene.vertices, "y")
    return camera, scene.look(camera, size, key_direction(camera))


def ball(with_normals: bool = True) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=3)
    return Mesh(shape.vertices, shape.faces, shape.vertices if with_normals else None)


@pytest.mark.parametrize(("with_normals", "tolerance"), [(True, 1e-3), (False, 5e-3)])
def test_normals_of_a_sphere(with_normals: bool, tolerance: float) -> None:
    camera, hits = look(ball(with_normals))
    np.testing.assert_allclose(np.linalg.norm(hits.normals, axis=1), 1, atol=1e-5)
    # The ray meets a sphere of radius 0.9 where |eye + t d| = 0.9; the normal is that point.
    along = hits.directions @ camera.eye
    t = -along - np.sqrt(np.clip(along**2 - camera.eye @ camera.eye + 0.81, 0, None))
    expected = (camera.eye + t[:, None] * hits.directions) / 0.9
    assert 1 - np.einsum("ij,ij->i", hits.normals, expected).mean() < tolerance


def test_nothing_hides_the_sky_from_a_sphere() -> None:
    _, hits = look(ball())
    assert hits.openness.min() > 0.97
    assert not hits.inside.any()


def test_a_sphere_hides_the_light_from_its_far_side_only() -> None:
    camera, hits = look(ball(), 256)
    facing = hits.normals @ key_direction(camera)
    assert hits.lit[facing > 0.3].min() > 0.99
    assert hits.lit[facing < -0.4].max() < 0.05


def test_the_sky_is_hidden_inside_a_pit() -> None:
    shape = trimesh.creation.annulus(r_min=0.3, r_max=1.0, height=1.0).subdivide().subdivide().subdivide()
    scene = Scene(Mesh(shape.vertices, shape.faces), Similarity.fitting(shape.vertices))
    radius = np.linalg.norm(shape.vertices[:, :2], axis=1)
    middle = np.abs(shape.vertices[:, 2]) < 0.1
    wall, outside = scene.openness[(radius < 0.31) & middle], scene.openness[(radius > 0.99) & middle]
    assert wall.max() < 0.8 < 0.95 < outside.min()


def test_the_back_of_the_surface_is_told_apart() -> None:
    mesh = Mesh(ball().vertices, ball().faces[:, ::-1], -ball().vertices)
    _, hits = look(mesh)
    assert hits.inside.all()
    assert (np.einsum("ij,ij->i", hits.normals, hits.directions) < 0.2).all()
