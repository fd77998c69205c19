"""The picture of a mesh: smooth where it is, finer at edges, empty elsewhere."""

import numpy as np
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.frames import Similarity
from sdf_siren.render.camera import VIEWS, framing
from sdf_siren.render.scene import Scene
from sdf_siren.render.shading import canvas
from sdf_siren.render.surface import SAMPLES, draw_surface

BACKGROUND = canvas(1)[0, 0]


def drawn(shape: trimesh.Trimesh, size: int) -> np.ndarray:
    mesh = Mesh(shape.vertices, shape.faces)
    scene = Scene(mesh, Similarity.fitting(mesh.vertices))
    return draw_surface(scene, framing(VIEWS[0], scene.vertices, "y"), size)


def shares(picture: np.ndarray) -> np.ndarray:
    """Of each pixel, how much is not background, by the green of a picture of one colour."""
    surface = np.median(picture[(picture != BACKGROUND).any(axis=-1)], axis=0)
    return np.clip((BACKGROUND[1] - picture[..., 1]) / (BACKGROUND[1] - surface[1]), 0, 1)


def test_samples_are_in_the_pixel_and_share_no_row_or_column() -> None:
    assert np.abs(SAMPLES).max() < 0.5
    np.testing.assert_allclose(SAMPLES.mean(axis=0), 0, atol=1e-12)
    assert (np.sort(SAMPLES, axis=0) == np.sort(SAMPLES, axis=0)[:, :1]).all()
    assert len(np.unique(SAMPLES[:, 0])) == len(np.unique(SAMPLES[:, 1])) == len(SAMPLES)


def test_a_silhouette_has_pixels_that_are_covered_in_part() -> None:
    # A thin plate seen from the front three-quarter: its outline is all edges, its face one colour.
    plate = trimesh.creation.box(extents=(1, 1, 0.001))
    coarse, fine = shares(drawn(plate, 48)), shares(drawn(plate, 192))
    mean = fine.reshape(48, 4, 48, 4).mean(axis=(1, 3))
    partial = (mean > 0.1) & (mean < 0.9)
    assert partial.sum() > 40
    assert np.abs(coarse - mean)[partial].mean() < 0.1
    assert np.abs(coarse.sum() - mean.sum()) < 0.01 * mean.sum()


def test_what_is_not_the_subject_is_background() -> None:
    picture = drawn(trimesh.creation.icosphere(subdivisions=4), 64)
    empty = (picture == BACKGROUND).all(axis=-1)
    row, column = np.mgrid[:64, :64] - 31.5
    assert empty[np.hypot(row, column) > 32].all()
    assert not empty[np.hypot(row, column) < 28].any()


def test_an_odd_size_and_a_long_subject_fill_the_same_picture() -> None:
    rod = trimesh.creation.cylinder(radius=0.05, height=2)
    picture = drawn(rod, 65)
    assert picture.shape == (65, 65, 3)
    assert (picture != BACKGROUND).any(axis=-1).sum() > 65
