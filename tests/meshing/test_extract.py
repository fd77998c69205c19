"""Extraction in world coordinates: units, orientation, normals, clear failure."""

import dataclasses
import importlib

import numpy as np
import pytest
import torch

from sdf_siren.clouds.support import Support
from sdf_siren.errors import EmptySurfaceError, UsageError
from sdf_siren.fields import CubicTiles, SignedDistanceField, Siren, SirenShape, initialise
from sdf_siren.frames import Similarity
from sdf_siren.meshing import extract, extract_mesh, scan_support, trim
from sdf_siren.meshing.extract import BEND, COARSE, resolution_for_sheets, sufficient_resolution
from sdf_siren.metrics import topology


def bump_network(offset=0.0, steep=0.25):
    """A SIREN that is known exactly: f = sum_d (1 - cos(pi x_d)) / 4 - 0.35 - offset, one closed blob.

    With z counted ``steep`` times instead of a quarter, it is a lens.

    One sine layer of 1 - cos(pi x) = 1 + sin(pi x - pi/2), fed through a second one in its linear
    range: sin(omega_0 z) is z omega_0 to 1e-7 relative for z omega_0 of 1e-3.
    """
    shape = SirenShape(width=3, hidden_layers=1)
    tiny = 1e-3
    first = torch.eye(3) * torch.pi / 30
    first_bias = torch.full((3,), -torch.pi / 2 / 30)
    hidden = torch.eye(3) * tiny / 30
    weights = [first, hidden, torch.tensor([[0.25, 0.25, steep]]) / tiny]
    biases = [first_bias, torch.zeros(3), torch.tensor([0.5 + steep - 0.35 - offset])]
    return Siren(shape, [w.double() for w in weights], [b.double() for b in biases]).to(dtype=torch.float32)


def exact(points):
    return (1 - np.cos(np.pi * points)).sum(axis=1) / 4 - 0.35


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_mesh_is_on_the_surface_in_world_units_and_outward(offset):
    frame = Similarity((offset, -offset, 3.0), 0.02)
    reports = []
    found = extract(SignedDistanceField(bump_network(), frame), 64, progress=reports.append)
    mesh = found.mesh
    cube = frame.to_cube(mesh.vertices)
    assert np.abs(exact(cube)).max() < 2e-6  # the Newton step: far below the 2e-4 of interpolation
    corner = mesh.vertices[mesh.faces] - np.asarray(frame.centre)
    cross = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    assert (cross * corner[:, 0]).sum() > 0
    gradient = np.pi / 4 * np.sin(np.pi * cube)
    expected = gradient / np.linalg.norm(gradient, axis=1, keepdims=True)
    np.testing.assert_allclose(mesh.normals, expected, atol=1e-3)
    assert found.components_removed == 0
    assert found.notes == ()
    assert reports[-1].done == reports[-1].total


class Flat:
    """So flat that a Newton step would lead far away: f = 1e-4 x, and a crossing that was seen elsewhere."""

    def value_and_gradient(self, x):
        return 1e-4 * x[:, :1], torch.tensor([[1e-4, 0.0, 0.0]]).expand(len(x), 3)


def test_a_vertex_is_moved_by_half_a_cell_at_most():
    onto = importlib.import_module("sdf_siren.meshing.extract")._onto_level_set
    start = np.array([[0.003, 0.1, 0.2], [0.3, 0.1, 0.2], [-0.3, 0.1, 0.2]])
    moved, normals = onto(Flat(), start, 0.02, "cpu")
    np.testing.assert_allclose(moved[:, 0], [0.0, 0.29, -0.29], atol=1e-6)
    np.testing.assert_allclose(moved[:, 1:], start[:, 1:])
    np.testing.assert_allclose(normals, np.tile([1.0, 0.0, 0.0], (3, 1)))


def test_a_field_in_double_precision_is_meshed_as_in_single():
    single = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0))
    double = dataclasses.replace(single, network=single.network.to(dtype=torch.float64))
    meshes = [extract_mesh(field, 32) for field in (single, double)]
    np.testing.assert_array_equal(meshes[1].vertices, meshes[0].vertices)
    np.testing.assert_array_equal(meshes[1].faces, meshes[0].faces)


def test_unsupported_components_are_removed_and_said():
    # The same blob repeats with period 2: shifted, corners of the neighbours reach into the cube.
    network = bump_network()
    network.biases[0].add_(0.5 * torch.pi / 30)
    everything = extract(SignedDistanceField(network, Similarity((0, 0, 0), 1.0)), 64)
    vertices = everything.mesh.vertices
    support = vertices[np.linalg.norm(vertices + 0.5, axis=1) < 0.8].astype(np.float32)
    supported = SignedDistanceField(network, Similarity((0, 0, 0), 1.0), support=support)
    found = extract(supported, 64)
    assert found.components_removed > 0
    assert f"removed {found.components_removed} component" in found.notes[0]
    assert len(found.mesh.faces) < len(everything.mesh.faces)
    assert np.linalg.norm(found.mesh.vertices + 0.5, axis=1).max() < 0.9


def test_bubbles_that_a_correction_blows_far_from_the_networks_surface_are_removed():
    """Though points support them: the network alone has 0.69 there."""
    coefficients = torch.zeros(1, 20)
    coefficients[0, 0] = -2.0
    tiles = (CubicTiles(0.25, torch.tensor([[6, 6, 6]]), coefficients),)
    field = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0), tiles=tiles)
    whole = extract(field, 96).mesh
    assert topology(whole).components == 2
    found = extract(dataclasses.replace(field, support=whole.vertices.astype(np.float32)), 96)
    assert topology(found.mesh).components == found.components_removed == 1


def test_the_mesh_is_the_same_for_any_number_of_threads():
    network = initialise(SirenShape(width=16, hidden_layers=2), seed=3)
    field = SignedDistanceField(network, Similarity((0, 0, 0), 1.0))
    before = torch.get_num_threads()
    meshes = []
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            meshes.append(extract_mesh(field, 48))
    finally:
        torch.set_num_threads(before)
    for mesh in meshes[1:]:
        np.testing.assert_array_equal(mesh.vertices, meshes[0].vertices)
        np.testing.assert_array_equal(mesh.faces, meshes[0].faces)
        np.testing.assert_array_equal(mesh.normals, meshes[0].normals)


@pytest.mark.parametrize("record", [{}, {"surface": "closed"}])
def test_a_surface_that_leaves_the_cube_is_closed_if_asked(record):
    network = bump_network()
    network.biases[0].add_(0.5 * torch.pi / 30)
    field = SignedDistanceField(network, Similarity((0, 0, 0), 1.0), record)
    assert topology(extract(field, 64).mesh).watertight == bool(record)
    mesh = extract(field, 64, surface="closed").mesh
    assert topology(mesh).watertight
    reach = np.abs(mesh.vertices).max()
    assert reach == pytest.approx(1 - 1.5 / 32, abs=1e-6)
    walls = np.abs(mesh.vertices).max(axis=1) > reach - 1e-6
    outward = np.take_along_axis(
        mesh.normals[walls] * np.sign(mesh.vertices[walls]),
        np.abs(mesh.vertices[walls]).argmax(axis=1)[:, None],
        axis=1,
    )
    assert np.mean(outward > 0.99) > 0.9  # but at the edges
    assert topology(mesh).volume > 0


def test_what_stays_in_the_cube_is_the_same_if_asked_to_close():
    field = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0))
    open_, closed = extract(field, 64).mesh, extract(field, 64, surface="closed").mesh
    np.testing.assert_array_equal(open_.vertices, closed.vertices)
    np.testing.assert_array_equal(open_.faces, closed.faces)


def scanned(field, which=lambda points: np.ones(len(points), dtype=bool), cells=200):
    """``field`` with points all over its level set, or ``which`` of them."""
    mesh = extract(field, cells).mesh
    kept = which(mesh.vertices)
    points = field.frame.to_cube(mesh.vertices[kept]).astype(np.float32)
    return dataclasses.replace(field, support=points, support_normals=mesh.normals[kept])


@pytest.mark.parametrize("surface", ["open", "auto"])
def test_what_will_be_cut_off_is_not_made(surface):
    field = scanned(SignedDistanceField(bump_network(), Similarity((7.0, 0, 0), 0.02)), lambda p: p[:, 2] > 5)
    scan = scan_support(field)
    whole, part = extract(field, flatness=0.01), extract(field, flatness=0.01, surface=surface)
    assert part.evaluations < 0.75 * whole.evaluations
    assert (part.openness is not None and part.openness.open) == (surface == "auto")
    expected, found = trim(whole.mesh, scan).mesh, trim(part.mesh, scan).mesh
    assert 0 < len(found.faces) < len(part.mesh.faces) < len(whole.mesh.faces)
    assert corners_of(found) == corners_of(expected)


def corners_of(mesh):
    """The triangles, by the places of their corners; in whatever order."""
    return {tuple(sorted(map(tuple, triangle))) for triangle in mesh.vertices[mesh.faces].round(9)}


def test_points_that_lie_elsewhere_tell_where_an_open_mesh_ends():
    field = scanned(SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0)))
    half = Support(field.support[field.support[:, 0] > 0].astype(float), None, field.frame)
    mesh = extract(field, 100, surface="open", support=half).mesh
    assert -0.15 < mesh.vertices[:, 0].min() < -4.5 * np.median(half.spacing)


def test_no_surface_near_an_open_scan_is_an_error():
    field = scanned(SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0)))
    far = Support(field.support[:1000] * 0.01 + 0.95, None, field.frame)
    with pytest.raises(EmptySurfaceError, match="--surface closed"):
        extract(field, 64, surface="open", support=far)


def test_of_a_closed_scan_nothing_is_left_out():
    field = scanned(SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0)))
    whole, found = extract(field, 64), extract(field, 64, surface="auto")
    assert not found.openness.open
    np.testing.assert_array_equal(found.mesh.vertices, whole.mesh.vertices)
    np.testing.assert_array_equal(found.mesh.faces, whole.mesh.faces)


def test_a_plate_thinner_than_the_cells_that_decide_is_closed():
    field = SignedDistanceField(bump_network(steep=1000.0), Similarity((0, 0, 0), 1.0))
    field = scanned(field, cells=400)
    assert np.ptp(field.support[:, 2]) < 0.55 * 2 / COARSE
    found = extract(field, 400, surface="auto")
    assert found.openness.made_up < 0.01
    assert not found.openness.open


def test_where_a_coarse_mesh_does_not_decide_the_whole_is_made():
    """Of a blob without a sixth of its points, pictures show somewhat more than the limit of a tenth."""
    field = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0))
    field = scanned(field, lambda points: points[:, 0] > np.quantile(points[:, 0], 0.2))
    found = extract(field, 64, surface="auto")
    assert found.openness is None
    assert topology(found.mesh).watertight


@pytest.mark.parametrize("told", ["open", "closed"])
def test_what_the_fit_was_told_need_not_be_decided(told):
    field = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0), {"surface": told})
    field = scanned(field, lambda points: points[:, 0] > 0)
    found = extract(field, 64, surface="auto")
    assert found.openness is None
    assert topology(found.mesh).watertight == (told == "closed")
    assert topology(extract(field, 64).mesh).watertight


def test_fields_that_keep_no_points_are_meshed_whole():
    field = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0))
    for surface in ("open", "auto"):
        found = extract(field, 32, surface=surface)
        assert topology(found.mesh).watertight
        assert found.openness is None


def test_no_surface_is_an_error():
    field = SignedDistanceField(bump_network(offset=-5.0), Similarity((0, 0, 0), 1.0))
    with pytest.raises(EmptySurfaceError, match="found none"):
        extract_mesh(field, 32)


def test_resolution_is_checked():
    with pytest.raises(UsageError, match="from 8 to 1024"):
        extract_mesh(SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0)), 2000)


def fitted(after, noise=0.0):
    """The blob as a fit whose points kept back lie ``after`` cube lengths from it."""
    record = {"refit": {"after": after}, "settings": {"noise": noise}}
    return SignedDistanceField(bump_network(), Similarity((0, 0, 0), 0.02), record)


def largest_gap(mesh, frame):
    """How far the middles of edges are from the surface, cube lengths."""
    corners = frame.to_cube(mesh.vertices)[mesh.faces]
    middle = ((corners + np.roll(corners, -1, axis=1)) / 2).reshape(-1, 3)
    slope = np.pi / 4 * np.linalg.norm(np.sin(np.pi * middle), axis=1)
    return (np.abs(exact(middle)) / slope).max()


def test_left_open_the_mesh_is_as_fine_as_the_fit_is_good():
    field = fitted(3e-5)
    fine, coarse = extract_mesh(field), extract_mesh(field, 180)
    assert len(fine.faces) > 1.3 * len(coarse.faces)
    assert largest_gap(fine, field.frame) < 3e-5 < largest_gap(coarse, field.frame)
    assert topology(fine).watertight
    assert len(extract_mesh(fitted(1e-3)).faces) == len(coarse.faces)
    finest = extract_mesh(fitted(1e-9))  # finer than anybody looks
    assert largest_gap(finest, field.frame) == pytest.approx(2e-5, rel=0.1)


def test_most_of_what_noisy_points_are_away_is_no_error_of_the_field():
    field = fitted(6e-5, noise=1e-4)
    mesh = extract_mesh(field)
    assert len(mesh.faces) > 1.3 * len(extract_mesh(fitted(6e-5)).faces)
    assert largest_gap(mesh, field.frame) < 0.35 * 6e-5


def test_left_open_what_bends_is_split_however_noisy_the_points_are():
    radius, noise = 0.03, {"refit": {"after": 1.0}}
    ball = bump_network(np.pi**2 * radius**2 / 8 - 0.35)  # nearly one: of the cosines only the squares count

    def deepest(resolution):
        mesh = extract_mesh(SignedDistanceField(ball, Similarity((0, 0, 0), 1.0), noise), resolution)
        corners = mesh.vertices[mesh.faces]
        return radius - np.linalg.norm((corners + np.roll(corners, -1, axis=1)) / 2, axis=2).min()

    allowed = BEND / 8 * 2 / 180
    assert deepest(None) < 1.1 * allowed < 2 * allowed < deepest(180)


def test_a_flatness_in_world_units_may_be_asked_for():
    field = fitted(1e-3)
    mesh = extract(field, 64, flatness=1e-4 / field.frame.scale).mesh
    assert largest_gap(mesh, field.frame) < 1.3e-4
    assert len(extract(field, 64, flatness=0.0).mesh.faces) < len(mesh.faces)


@pytest.mark.parametrize(
    ("sides", "cells"), [((), 180), ((0.1,), 180), ((0.02, 0.005), 360), ((1e-4,), 1024)]
)
def test_left_open_the_resolution_follows_the_finest_tiles(sides, cells):
    empty = torch.empty(0, 3, dtype=torch.int64), torch.empty(0, 20)
    tiles = tuple(CubicTiles(side, *empty) for side in sides)
    field = SignedDistanceField(bump_network(), Similarity((0, 0, 0), 1.0), tiles=tiles)
    assert sufficient_resolution(field) == cells


def test_detail_beyond_the_lattice_is_said():
    empty = torch.empty(0, 3, dtype=torch.int64), torch.empty(0, 20)
    field = SignedDistanceField(
        bump_network(), Similarity((0, 0, 0), 1.0), tiles=(CubicTiles(0.001, *empty),)
    )
    (note,) = extract(field, 32).notes
    assert "--crop" in note


def plate(thickness):
    """A field whose level set is a plate, and points on both of its sides."""
    shape = SirenShape(width=2, hidden_layers=1)
    wave, tiny = torch.pi, 1e-3
    first = torch.zeros(2, 3)
    first[0, 2] = wave / 30
    # f = (cos(pi t / 2) - cos(pi z)) / (pi sin(pi t / 2)), of slope one at the sides of the plate.
    hidden = torch.eye(2) * tiny / 30
    scale = 1 / (torch.pi * np.sin(np.pi * thickness / 2))
    weights = [first, hidden, torch.tensor([[-scale / tiny, 0.0]])]
    biases = [
        torch.tensor([torch.pi / 2 / 30, 0.0]),
        torch.zeros(2),
        torch.tensor([scale * np.cos(np.pi * thickness / 2)]),
    ]
    network = Siren(shape, [w.double() for w in weights], [b.double() for b in biases])
    side = np.linspace(-0.5, 0.5, 40)
    x, y, up = (a.ravel() for a in np.meshgrid(side, side, [-1.0, 1.0]))
    points = np.column_stack([x, y, up * thickness / 2]).astype(np.float32)
    return SignedDistanceField(
        network.to(dtype=torch.float32),
        Similarity((0, 0, 0), 1.0),
        support=points,
    )


@pytest.mark.parametrize(
    ("cells_thick", "expected"), [(1.5, 64), (0.9, 91), (0.6, 129), (0.4, 181), (0.1, 64)]
)
def test_the_lattice_parts_sheets_that_are_close(cells_thick, expected):
    field = plate(cells_thick * 2 / 64)
    assert resolution_for_sheets(field, field.in_cube, 64, "cpu") == expected
    bare = dataclasses.replace(field, support=None)
    assert resolution_for_sheets(bare, bare.in_cube, 64, "cpu") == 64


@pytest.mark.parametrize(("side", "expected"), [(0.01, 129), (0.05, 100), (0.1, 64)])
def test_sheets_thinner_than_the_scan_tells_get_no_finer_lattice(side, expected):
    tiles = CubicTiles(side, torch.tensor([[0, 0, 0]]), torch.zeros(1, 20))
    field = dataclasses.replace(plate(0.65 * 2 / 64), tiles=(tiles,))
    assert resolution_for_sheets(field, field.in_cube, 64, "cpu") == expected
