"""Meshes compared with references whose distances are known exactly."""

import json

import numpy as np
import pytest
import trimesh

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.errors import InputError
from sdf_siren.metrics import compare


def sphere(radius: float = 1.0, subdivisions: int = 5) -> Mesh:
    shape = trimesh.creation.icosphere(subdivisions=subdivisions, radius=radius)
    return Mesh(shape.vertices, shape.faces)


def plane(height: float = 0.0, side: float = 2.0) -> Mesh:
    half = side / 2
    corners = np.array(
        [[-half, -half, height], [half, -half, height], [half, half, height], [-half, half, height]]
    )
    return Mesh(corners, np.array([[0, 1, 2], [0, 2, 3]]))


def moved(mesh: Mesh, offset: float, scale: float) -> Mesh:
    return Mesh(mesh.vertices * scale + offset, mesh.faces)


def test_concentric_spheres() -> None:
    result = compare(sphere(1.01), sphere(1.0), samples=20_000)
    # The facets of both spheres sag by at most 3e-4; the distances between them by the same share.
    assert result.accuracy == pytest.approx(0.01, rel=5e-3)
    assert result.completeness == pytest.approx(0.01, rel=5e-3)
    assert result.chamfer == (result.accuracy + result.completeness) / 2
    assert result.hausdorff == pytest.approx(0.01, rel=5e-3)
    assert result.normal_consistency == pytest.approx(1, abs=1e-3)
    assert result.diagonal == pytest.approx(2 * np.sqrt(3), rel=1e-3)
    # The gap of 0.01 lies between 0.1 % and 0.5 % of the diagonal.
    assert result.f_scores == (0, 1, 1)


def test_parallel_planes_are_exact() -> None:
    result = compare(plane(0.125), plane(0), samples=1000)
    for length in (result.accuracy, result.completeness, result.chamfer, result.hausdorff):
        assert length == pytest.approx(0.125, rel=1e-14)
    assert result.normal_consistency == 1
    assert result.percent(0.125) == pytest.approx(12.5 / np.sqrt(8))


def test_accuracy_and_completeness_tell_missing_from_invented() -> None:
    small, large = plane(side=1), plane(side=4)
    result = compare(small, large, samples=50_000)
    assert result.accuracy == 0
    # Mean distance to the inner square: over four strips 0.75 each of 1.5, corners by quadrature.
    edge = (np.arange(2000) + 0.5) / 2000 * 1.5
    corner = np.hypot(edge[:, None], edge[None, :]).mean() * 4 * 1.5**2
    expected = (4 * 1.5 * 0.75 + corner) / 16
    assert result.completeness == pytest.approx(expected, rel=5e-3)
    # The farthest point is a corner: only the vertices reach it exactly.
    assert result.hausdorff == pytest.approx(1.5 * np.sqrt(2), rel=1e-12)
    # Precision 1 and recall 1/16 (a little more: the threshold widens the square).
    assert result.f_scores is not None
    recall = (1 + 2 * 0.001 * np.sqrt(32)) ** 2 / 16
    assert result.f_scores[0] == pytest.approx(2 * recall / (1 + recall), rel=0.02)


def test_roles_swap() -> None:
    one, other = sphere(1.0, 2), plane(0.5)
    there, back = compare(one, other, samples=20_000), compare(other, one, samples=20_000)
    assert there.accuracy == pytest.approx(back.completeness, rel=0.02)
    assert there.completeness == pytest.approx(back.accuracy, rel=0.02)
    assert there.hausdorff == pytest.approx(back.hausdorff, rel=0.02)


def test_a_mesh_against_itself() -> None:
    result = compare(sphere(), sphere(), samples=10_000)
    assert result.hausdorff is not None
    assert result.hausdorff < 1e-6
    assert result.f_scores == (1, 1, 1)
    assert result.normal_consistency == pytest.approx(1, abs=1e-4)


def test_inside_out_is_negative() -> None:
    inside_out = Mesh(sphere().vertices, sphere().faces[:, ::-1])
    assert compare(inside_out, sphere(), samples=5000).normal_consistency == pytest.approx(-1, abs=1e-3)


def test_tessellation_does_not_weigh() -> None:
    """A plane of two triangles and one with thousands in one corner measure the same."""
    shape = trimesh.Trimesh(plane(0.1).vertices, plane(0.1).faces, process=False)
    for _ in range(5):
        shape = shape.subdivide(np.arange(len(shape.faces) // 2))
    wedge = Mesh(shape.vertices @ np.array([[1, 0, 0.05], [0, 1, 0], [0, 0, 1]]), shape.faces)
    plain = Mesh(plane(0.1).vertices @ np.array([[1, 0, 0.05], [0, 1, 0], [0, 0, 1]]), plane().faces)
    results = [compare(mesh, plane(0), samples=50_000) for mesh in (wedge, plain)]
    assert results[0].accuracy == pytest.approx(results[1].accuracy, rel=2e-3)


@pytest.mark.parametrize(("offset", "scale"), [(1e6, 1.0), (-3e5, 20.0), (0.0, 1e-3), (0.0, 1e6)])
def test_offset_and_scale_change_nothing(offset: float, scale: float) -> None:
    here = compare(sphere(1.01, 3), sphere(1.0, 3), samples=5000)
    there = compare(moved(sphere(1.01, 3), offset, scale), moved(sphere(1.0, 3), offset, scale), samples=5000)
    # Coordinates at 1e6 are themselves rounded to 1e-10.
    tolerance = 1e-9 + abs(offset) / scale * 1e-15
    for name in ("accuracy", "completeness", "chamfer", "hausdorff", "diagonal"):
        assert getattr(there, name) / scale == pytest.approx(getattr(here, name), abs=tolerance), name
    assert there.f_scores == pytest.approx(here.f_scores)
    assert there.normal_consistency == pytest.approx(here.normal_consistency, abs=1e-5)


def test_a_scan_tells_completeness_only() -> None:
    points = sphere(1.02).vertices
    result = compare(sphere(1.0), PointCloud(points))
    assert result.completeness == pytest.approx(0.02, rel=5e-3)
    assert result.accuracy is result.chamfer is result.hausdorff is result.f_scores is None
    figures = result.to_dict()
    assert figures["normal_consistency"] is figures["f_score"]["0.1"] is figures["hausdorff_percent"] is None


def test_figures_are_json_and_have_stable_names() -> None:
    figures = json.loads(json.dumps(compare(plane(0.1), plane(0), samples=100).to_dict()))
    assert list(figures) == [
        "diagonal",
        *("accuracy", "accuracy_percent", "completeness", "completeness_percent"),
        *("chamfer", "chamfer_percent", "hausdorff", "hausdorff_percent"),
        *("f_score", "normal_consistency"),
    ]
    assert list(figures["f_score"]) == ["0.1", "0.5", "1"]


def test_a_seed_fixes_the_figures() -> None:
    one, again, other = (compare(sphere(1, 2), plane(), samples=500, seed=seed) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def test_vertices_without_faces_do_not_count() -> None:
    stray = Mesh(np.vstack([plane().vertices, [[0, 0, 9]]]), plane().faces)
    assert compare(stray, plane(), samples=100).hausdorff == 0
    assert compare(plane(), stray, samples=100).diagonal == pytest.approx(np.sqrt(8))


@pytest.mark.parametrize(("mesh", "reference", "culprit"), [(0, 1, "the mesh"), (1, 0, "the reference")])
def test_no_faces_is_an_error(mesh: int, reference: int, culprit: str) -> None:
    shapes = [Mesh(np.zeros((3, 3)), np.zeros((0, 3))), plane()]
    with pytest.raises(InputError, match=f"{culprit} has no faces"):
        compare(shapes[mesh], shapes[reference])


def test_coordinates_must_be_finite() -> None:
    broken = Mesh(np.array([[0, 0, 0], [1, 0, 0], [0, np.nan, 0]]), np.array([[0, 1, 2]]))
    with pytest.raises(InputError, match="not finite"):
        compare(plane(), broken)
