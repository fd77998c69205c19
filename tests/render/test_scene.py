"""What rays meet, on shapes whose answers are known."""

import numpy as np
import pytest
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.render.camera import VIEWS, Camera, framing
from sdf_siren.render.scene import Hits, Scene


def look(mesh: Mesh, size: int = 64) -> tuple[Camera, Hits]:
    scene = Scene(mesh, Similarity.fitting(mesh.vertices))
    camera = framing(VIEWS[0], scene.vertices, "y")
    return camera, scene.cast(camera.rays(size).reshape(-1, 6))


def ball(with_normals: bool = True) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=3)
    return Mesh(shape.vertices, shape.faces, shape.vertices if with_normals else None)


@pytest.mark.parametrize(("with_normals", "tolerance"), [(True, 1e-3), (False, 5e-3)])
def test_points_and_normals_of_a_sphere(with_normals: bool, tolerance: float) -> None:
    camera, hits = look(ball(with_normals))
    np.testing.assert_allclose(np.linalg.norm(hits.normals, axis=1), 1, atol=1e-5)
    assert not hits.inside.any()
    # The ray meets a sphere of radius 0.9 where |eye + t d| = 0.9; the normal is that point.
    along = hits.directions @ camera.eye
    t = -along - np.sqrt(np.clip(along**2 - camera.eye @ camera.eye + 0.81, 0, None))
    expected = (camera.eye + t[:, None] * hits.directions) / 0.9
    assert 1 - np.einsum("ij,ij->i", hits.normals, expected).mean() < tolerance
    np.testing.assert_allclose(camera.eye + hits.distance[:, None] * hits.directions, hits.points, atol=1e-5)
    assert np.abs(np.linalg.norm(hits.points, axis=1) - 0.9).max() < 0.01


def test_the_mask_tells_rays_that_meet_the_mesh_from_those_that_do_not() -> None:
    _, hits = look(ball(), size=65)
    mask = hits.mask.reshape(65, 65)
    assert mask[32, 32]
    assert not mask[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert mask.sum() == len(hits.points) == len(hits.normals) == len(hits.inside)


def test_the_back_of_the_surface_is_told_apart() -> None:
    mesh = Mesh(ball().vertices, ball().faces[:, ::-1], -ball().vertices)
    _, hits = look(mesh)
    assert hits.inside.all()
    assert (np.einsum("ij,ij->i", hits.normals, hits.directions) < 0.2).all()


def test_a_step_reaches_as_far_as_nothing_is_in_its_way() -> None:
    scene = Scene(ball(), Similarity.fitting(ball().vertices))
    origins = np.array([[2, 0, 0], [2, 0, 0], [0, 0, 0]], dtype=np.float32)
    steps = np.array([[-1, 0, 0], [-2, 0, 0], [0, 0.5, 0]], dtype=np.float32)
    assert scene.reaches(origins, steps, share=1.0).tolist() == [True, False, True]
    assert scene.reaches(origins, steps).tolist() == [False, False, False]
    assert scene.reaches(origins[:1], -steps[:1]).tolist() == [True]
