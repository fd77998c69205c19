"""Pictures: silhouette, background, determinism, place and units."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.errors import EmptySurfaceError, UsageError
from sdf_siren.render import write_comparison, write_preview
from sdf_siren.render.camera import MARGIN
from sdf_siren.render.shading import BACKGROUND


def ball(offset: float = 0.0, scale: float = 1.0) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=4)
    return Mesh(shape.vertices * scale + offset, shape.faces, shape.vertices)


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image)


def coverage(pixels: np.ndarray) -> np.ndarray:
    return (pixels != BACKGROUND).any(axis=-1)


def test_the_silhouette_of_a_sphere_is_a_disc_in_every_view(tmp_path: Path) -> None:
    write_preview(ball(), tmp_path / "a.png", size=128)
    sheet = picture(tmp_path / "a.png")
    assert sheet.shape == (256, 256, 3)
    radius = 64 * (1 - MARGIN)
    for tile in sheet.reshape(2, 128, 2, 128, 3).swapaxes(1, 2).reshape(4, 128, 128, 3):
        seen = coverage(tile)
        # A pixel counts as soon as one of its samples does: half a pixel all round at most.
        assert np.pi * (radius - 0.5) ** 2 < seen.sum() < np.pi * (radius + 0.6) ** 2
        rows, columns = np.nonzero(seen)
        assert np.hypot(rows - 63.5, columns - 63.5).max() < radius + 1
        assert len(np.unique(tile[seen], axis=0)) > 200
        assert tile[seen].std() > 10


def test_the_same_picture_again_and_at_any_place_and_scale(tmp_path: Path) -> None:
    write_preview(ball(), tmp_path / "here.png", size=64)
    write_preview(ball(), tmp_path / "again.png", size=64)
    write_preview(ball(offset=1e6, scale=3.0), tmp_path / "there.png", size=64)
    here = picture(tmp_path / "here.png")
    np.testing.assert_array_equal(here, picture(tmp_path / "again.png"))
    there = picture(tmp_path / "there.png")
    assert (np.abs(here.astype(int) - there) > 3).any(axis=-1).mean() < 0.01


@pytest.mark.parametrize(
    ("views", "with_cloud", "shape"),
    [
        (1, False, (32, 32)),
        (1, True, (32, 64)),
        (2, False, (32, 64)),
        (3, False, (64, 64)),
        (4, True, (96, 64)),
    ],
)
def test_layout(tmp_path: Path, views: int, with_cloud: bool, shape: tuple[int, int]) -> None:
    cloud = PointCloud(ball().vertices) if with_cloud else None
    write_preview(ball(), tmp_path / "a.png", cloud, views=views, size=32)
    sheet = picture(tmp_path / "a.png")
    assert sheet.shape == (*shape, 3)
    if (views + with_cloud) % 2 and views > 1:
        assert not coverage(sheet[-32:, 32:]).any()


def test_a_comparison_has_scan_and_mesh_in_the_same_place(tmp_path: Path) -> None:
    mesh = ball(offset=1e6)
    write_comparison(PointCloud(mesh.vertices, mesh.normals), mesh, tmp_path / "a.png", size=96)
    pair = picture(tmp_path / "a.png")
    assert pair.shape == (96, 192, 3)  # a sphere fills its tile but for the margin
    scan, surface = coverage(pair[:, :96]), coverage(pair[:, 96:])
    assert (scan & ~surface).sum() < 0.1 * surface.sum()
    assert scan.sum() > 0.5 * surface.sum()


def test_stray_vertices_do_not_shrink_the_picture(tmp_path: Path) -> None:
    stray = Mesh(np.vstack([ball().vertices, [[99, 0, 0]]]), ball().faces)
    write_preview(stray, tmp_path / "a.png", views=1, size=64)
    assert coverage(picture(tmp_path / "a.png")).mean() > 0.5


def test_nothing_to_draw_is_an_error_and_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(EmptySurfaceError, match="no faces"):
        write_preview(Mesh(np.zeros((3, 3)), np.zeros((0, 3))), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("views", [0, 5])
def test_number_of_views(tmp_path: Path, views: int) -> None:
    with pytest.raises(ValueError, match="1 to 4 views"):
        write_preview(ball(), tmp_path / "a.png", views=views)


def test_an_unwritable_output_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot write"):
        write_preview(ball(), tmp_path / "missing" / "a.png", views=1, size=8)


def test_a_comparison_is_no_higher_than_its_subject(tmp_path: Path) -> None:
    rod = Mesh(ball().vertices * [5, 1, 1], ball().faces)
    write_comparison(PointCloud(rod.vertices), rod, tmp_path / "a.png", size=96)
    pair = picture(tmp_path / "a.png")
    assert pair.shape[1] == 192
    assert pair.shape[0] < 70
    assert coverage(pair[3:-3]).any(axis=1).all()
    assert not coverage(pair[[0, -1]]).any()


def hues(pixels: np.ndarray) -> np.ndarray:
    """How much redder than blue each covered pixel is."""
    seen = pixels[coverage(pixels)].astype(int)
    return seen[:, 0] - seen[:, 2]


def test_colours_are_shown_beside_the_scan_and_clay_elsewhere(tmp_path: Path) -> None:
    plain = ball()
    blue = np.tile(np.array([20, 40, 220], np.uint8), (len(plain.vertices), 1))
    mesh = Mesh(plain.vertices, plain.faces, plain.normals, blue)
    write_preview(mesh, tmp_path / "a.png", PointCloud(mesh.vertices, mesh.normals, blue), views=3, size=96)
    sheet = picture(tmp_path / "a.png")
    tiles = sheet.reshape(2, 96, 2, 96, 3).swapaxes(1, 2).reshape(4, 96, 96, 3)
    _, coloured, *clay = (np.median(hues(tile)) for tile in tiles)
    assert hues(tiles[0]).min() < -150
    assert coloured < -100
    assert min(clay) > 30
    write_preview(plain, tmp_path / "b.png", PointCloud(plain.vertices, plain.normals), views=3, size=96)
    np.testing.assert_array_equal(picture(tmp_path / "b.png")[96:], sheet[96:])
    assert hues(picture(tmp_path / "b.png")[:96, :96]).min() > -80  # slate
    write_comparison(PointCloud(mesh.vertices, None, blue), mesh, tmp_path / "c.png", size=96)
    assert np.median(hues(picture(tmp_path / "c.png"))) < -30


def test_halves_of_two_colours_are_where_they_belong(tmp_path: Path) -> None:
    plain = ball()
    colours = np.where(plain.vertices[:, 1:2] > 0, [[250, 20, 20]], [[20, 20, 250]]).astype(np.uint8)
    mesh = Mesh(plain.vertices, plain.faces, plain.normals, colours)
    write_preview(mesh, tmp_path / "a.png", views=1, size=96)
    tile = picture(tmp_path / "a.png")
    assert np.median(hues(tile[:30])) > 100
    assert np.median(hues(tile[-30:])) < -100
