"""All that is done on request, in world coordinates and in its order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree
from test_extract import bump_network, exact

from sdf_siren.artifacts import Mesh
from sdf_siren.fields import SignedDistanceField
from sdf_siren.frames import Similarity
from sdf_siren.meshing import extract_mesh, finished
from sdf_siren.metrics import topology

FRAME = Similarity((500000.123, 4900000.456, 1200.789), 0.02)


@pytest.fixture(scope="module")
def field() -> SignedDistanceField:
    return SignedDistanceField(bump_network(), FRAME)


@pytest.fixture(scope="module")
def mesh(field: SignedDistanceField) -> Mesh:
    return extract_mesh(field, 64)


def opened(mesh: Mesh, height: float = 0.4) -> Mesh:
    """The mesh without what is above ``height`` in the cube."""
    high = FRAME.to_cube(mesh.vertices)[:, 2] > height
    return mesh.of_faces(~high[mesh.faces].any(axis=1))


def pair(mesh: Mesh) -> Mesh:
    """The mesh, and beside it itself at a tenth of the size."""
    small = FRAME.to_world(0.1 * FRAME.to_cube(mesh.vertices) + 0.9)
    count = len(mesh.vertices)
    return Mesh(np.concatenate([mesh.vertices, small]), np.concatenate([mesh.faces, mesh.faces + count]))


def test_nothing_is_done_unasked(mesh: Mesh, field: SignedDistanceField) -> None:
    assert finished(mesh, field) == (mesh, ())
    assert finished(mesh, field, faces=len(mesh.faces)) == (mesh, ())
    assert finished(mesh, field, components=3) == (mesh, ())


def test_simplified(mesh: Mesh, field: SignedDistanceField) -> None:
    found, (note,) = finished(mesh, field, faces=500)
    assert note == f"{len(mesh.faces)} faces were simplified to {len(found.faces)}"
    assert len(found.faces) <= 500
    assert topology(found).watertight
    cube = FRAME.to_cube(found.vertices)
    assert np.abs(exact(cube)).max() < 0.02
    gradient = np.sin(np.pi * cube)
    gradient /= np.linalg.norm(gradient, axis=1, keepdims=True)
    np.testing.assert_allclose(found.normals, gradient, atol=2e-3)
    np.testing.assert_allclose(topology(found).volume, topology(mesh).volume, rtol=0.002)


def test_the_fewest_faces(mesh: Mesh, field: SignedDistanceField) -> None:
    found, (note,) = finished(pair(mesh), field, faces=4)
    assert len(found.faces) == 8
    assert "fewest" in note


def test_holes(mesh: Mesh, field: SignedDistanceField) -> None:
    found, (note,) = finished(opened(mesh), field, holes=True)
    assert note == "1 holes were filled, 0 wider ones left"
    assert topology(found).watertight
    assert np.isfinite(found.normals).all()
    np.testing.assert_allclose(np.linalg.norm(found.normals, axis=1), 1, atol=1e-5)
    rim = 2 * np.sqrt(2) / FRAME.scale
    assert topology(finished(opened(mesh), field, holes=True, widest_hole=rim)[0]).watertight
    for width in (0.0, 0.01 * rim):
        left, (note,) = finished(opened(mesh), field, holes=True, widest_hole=width)
        assert note == "0 holes were filled, 1 wider ones left"
        assert topology(left).boundary_edges == topology(opened(mesh)).boundary_edges


def test_smoothing_leaves_the_field(mesh: Mesh, field: SignedDistanceField) -> None:
    noise = np.random.default_rng(0).normal(scale=0.2 / 64 / FRAME.scale, size=mesh.vertices.shape)
    noisy = Mesh(mesh.vertices + noise, mesh.faces, mesh.normals)
    smooth, notes = finished(noisy, field, smooth=5)
    assert notes == ()

    def off(each: Mesh) -> float:
        return float(np.abs(exact(FRAME.to_cube(each.vertices))).mean())

    assert off(smooth) < 0.6 * off(noisy)
    assert off(smooth) > 10 * off(mesh)
    fewer, _ = finished(noisy, field, smooth=5, faces=1000)
    assert len(fewer.faces) <= 1000
    assert off(fewer) > 10 * off(mesh)


def test_components(mesh: Mesh, field: SignedDistanceField) -> None:
    found, (note,) = finished(pair(mesh), field, components=1)
    assert "removed the 1 smallest" in note
    np.testing.assert_array_equal(found.vertices, mesh.vertices)


def test_everything_in_one_go(mesh: Mesh, field: SignedDistanceField) -> None:
    asked = pair(opened(mesh))
    found, notes = finished(asked, field, components=1, holes=True, smooth=1, faces=600, device="cpu")
    assert [note.split()[0] for note in notes[:2]] == ["removed", "1"]
    assert notes[2].endswith("faces were simplified to 600")
    assert topology(found).watertight
    assert topology(found).components == 1


def test_colours_and_scalars_go_along(mesh: Mesh, field: SignedDistanceField) -> None:
    part = opened(mesh)
    right = FRAME.to_cube(part.vertices)[:, 0] > 0
    colours = np.where(right[:, None], [[200, 0, 0]], [[0, 0, 200]]).astype(np.uint8)
    told = Mesh(part.vertices, part.faces, part.normals, colours, {"support": right.astype(np.float32)})
    found, _ = finished(told, field, holes=True)
    count = len(part.vertices)
    np.testing.assert_array_equal(found.colours[:count], colours)
    np.testing.assert_array_equal(found.scalars["support"][:count], right)
    assert np.isnan(found.scalars["support"][count:]).all()
    _, nearest = cKDTree(part.vertices).query(found.vertices[count:])
    np.testing.assert_array_equal(found.colours[count:], colours[nearest])
    assert set(map(tuple, found.colours[count:].tolist())) == {(200, 0, 0), (0, 0, 200)}
    fewer, _ = finished(told, field, faces=300)
    x = FRAME.to_cube(fewer.vertices)[:, 0]
    clear = np.abs(x) > 0.1
    np.testing.assert_array_equal(fewer.colours[clear, 0] > 100, x[clear] > 0)
    np.testing.assert_array_equal(fewer.scalars["support"][clear], x[clear] > 0)


def test_a_mesh_that_is_no_surface_is_left_alone_and_it_is_said(
    mesh: Mesh, field: SignedDistanceField
) -> None:
    a, b, c = mesh.faces[0]
    other = next(v for v in mesh.faces[100] if v not in (a, b, c))
    crowded = Mesh(mesh.vertices, np.concatenate([mesh.faces, [[a, b, other]]]), mesh.normals)
    found, (note,) = finished(crowded, field, faces=100, holes=True)
    assert found is crowded
    assert "more than two faces" in note


def test_the_result_is_the_same_for_any_number_of_threads(mesh: Mesh, field: SignedDistanceField) -> None:
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            results.append(finished(mesh, field, faces=300)[0])
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(results[0].vertices, results[1].vertices)
    np.testing.assert_array_equal(results[0].faces, results[1].faces)
