"""How much light and sky is seen, on shapes whose answers are known."""

import numpy as np
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.render.camera import TANGENT, VIEWS, Camera, View, framing
from sdf_siren.render.scene import Hits, Scene
from sdf_siren.render.shading import key_direction
from sdf_siren.render.visibility import footprint, visibility


def look(mesh: Mesh, view: View = VIEWS[0], up: str = "y") -> tuple[Camera, Hits, np.ndarray, np.ndarray]:
    size = 256
    scene = Scene(mesh, Similarity.fitting(mesh.vertices))
    camera = framing(view, scene.vertices, up)
    hits = scene.cast(camera.rays(size).reshape(-1, 6))
    lit, openness = visibility(scene, hits, (size, size), 2 * TANGENT / size, key_direction(camera))
    return camera, hits, lit, openness


def ball() -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=3)
    return Mesh(shape.vertices, shape.faces, shape.vertices)


def test_nothing_hides_the_sky_from_a_sphere() -> None:
    *_, openness = look(ball())
    assert openness.min() > 0.97
    assert openness.max() <= 1


def test_a_sphere_hides_the_light_from_its_far_side_only() -> None:
    camera, hits, lit, _ = look(ball())
    facing = hits.normals @ key_direction(camera)
    assert lit[facing > 0.3].min() > 0.99
    assert lit[facing < -0.4].max() == 0


def test_the_sky_is_hidden_inside_a_tube_the_more_the_deeper() -> None:
    shape = trimesh.creation.annulus(r_min=0.3, r_max=1.0, height=1.0)
    _, hits, _, openness = look(Mesh(shape.vertices, shape.faces), View("into the tube", 20, 60), up="z")
    radius, height = np.linalg.norm(hits.points[:, :2], axis=1), hits.points[:, 2]
    wall, outside = radius < 0.29, (radius > 0.85) & (np.abs(hits.normals[:, 2]) < 0.1)
    assert wall.sum() > 300
    middle, mouth = openness[wall & (np.abs(height) < 0.1)], openness[wall & (height > 0.35)]
    assert middle.max() < 0.92
    assert middle.mean() < 0.8 < mouth.mean() - 0.03
    assert openness[outside].min() > 0.95


def test_what_is_in_shadow_before_a_lit_wall_leaves_no_rim_on_it() -> None:
    # A small ball in front of a large plate: behind its silhouette the plate's openness stays its own.
    plate = trimesh.creation.box(extents=(2, 2, 0.1))
    small = trimesh.creation.icosphere(subdivisions=4, radius=0.2)
    small.apply_translation((0, 0, 0.95))
    both = trimesh.util.concatenate([plate, small])
    _, hits, _, openness = look(Mesh(both.vertices, both.faces), View("front", 0, 0), up="y")
    near = hits.points[:, 2] > 0.3
    assert 500 < near.sum() < len(near) - 500
    # The rim of the ball looks sideways and sees the whole sky, though the plate's pixels are beside it.
    rim = near & (hits.normals[:, 2] < 0.6)
    assert openness[rim].min() > 0.85


def test_the_footprint_is_what_neighbouring_rays_differ_by() -> None:
    _, hits, *_ = look(ball())
    apart = np.full((256, 256), np.nan)
    apart[hits.mask.reshape(256, 256)] = hits.distance
    allowed = np.full((256, 256), np.nan)
    allowed[hits.mask.reshape(256, 256)] = footprint(hits, 2 * TANGENT / 256)
    middle = np.s_[60:196, 60:196]
    assert (np.abs(np.diff(apart[middle], axis=0)) < 1.1 * allowed[middle][1:]).all()
