"""Which neighbours' normals point to the same side, and joining them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from solids import plate, sphere

from sdf_siren.clouds.local_planes import fit_planes
from sdf_siren.clouds.signed_graph import (
    SignedGraph,
    certain_patches,
    contract,
    descend,
    mirrored_agreement,
    neighbour_graph,
)


def planted(size: int, seed: int, wrong: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Agreements of which a part is wrong, and the signs behind them."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], size)
    strength = np.triu(rng.random((size, size)), 1)
    strength[rng.random((size, size)) < wrong] *= -1
    return (strength + strength.T) * np.outer(signs, signs), signs


def test_on_a_sphere_the_mirror_image_is_exact() -> None:
    points, normals = sphere(500)
    rng = np.random.default_rng(0)
    one, other = rng.permutation(500), rng.permutation(500)
    pairs = one != other
    agreement = mirrored_agreement(points, normals, one[pairs], other[pairs])
    np.testing.assert_allclose(agreement, 1, atol=1e-12)


@pytest.mark.parametrize(
    ("points", "normals"),
    [
        ([[-1, 0, 0], [0, 0, -1]], [[0, 0, 1], [1, 0, 0]]),  # an edge of a cube
        ([[-1, 0, 0], [0, 0, 1]], [[0, 0, 1], [-1, 0, 0]]),  # a corner of a room
        ([[0, 0, 0], [0, 0, 1]], [[0, 0, -1], [0, 0, 1]]),  # two sides of a plate
        ([[0, 0, 0], [1, 0, 0]], [[0, 0, 1], [0, 0, 1]]),  # a plane
        ([[0, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 1]]),  # a double point
    ],
)
def test_agreement_is_exact_across_creases_and_plates(points: list, normals: list) -> None:
    agreement = mirrored_agreement(np.array(points, float), np.array(normals, float), [0], [1])
    np.testing.assert_allclose(agreement, 1, atol=1e-12)


@pytest.mark.parametrize("turned", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("thick", [1.0, 20.0])
def test_settled_normals_tell_each_other_where_single_ones_are_wrong(turned: float, thick: float) -> None:
    points, normals = plate(thick, 600)
    wrong = np.random.default_rng(1).random(len(points)) < turned
    given = np.where(wrong[:, None], -normals, normals)
    near = cKDTree(points).query(points, k=13)[1][:, 1:]
    graph = neighbour_graph(points, given, near)
    signs = graph.settled(np.ones(graph.size))
    assert np.mean((signs < 0) == wrong) > 0.97
    assert graph.total(signs) >= graph.total(np.ones(graph.size))
    assert (graph.accord(signs) > -1e-9).all(), "no single turn is better"


def test_settling_goes_on_from_where_it_starts() -> None:
    points, normals = sphere(500)
    near = cKDTree(points).query(points, k=13)[1][:, 1:]
    graph = neighbour_graph(points, normals, near)
    np.testing.assert_array_equal(graph.settled(-np.ones(500)), -np.ones(500))
    np.testing.assert_allclose(graph.accord(-np.ones(500)), 1, atol=1e-12)


def test_settling_ends_where_all_are_contradicted_alike() -> None:
    ring = np.arange(10)
    graph = SignedGraph(10, ring[:-1], ring[1:], -np.ones(9), np.ones(9))
    signs = graph.settled(np.ones(10))
    np.testing.assert_array_equal(signs[1:], -signs[:-1])
    assert graph.total(signs) == 9
    assert SignedGraph(3, ring[:0], ring[:0], np.empty(0), np.empty(0)).accord(np.ones(3)).tolist() == [
        0,
        0,
        0,
    ]


def test_the_graph_has_every_pair_once_and_votes_are_its_sums() -> None:
    points, normals = plate(3, 600)
    graph = neighbour_graph(points, normals, fit_planes(points).near)
    assert (graph.first < graph.second).all()
    assert len(set(zip(graph.first.tolist(), graph.second.tolist(), strict=True))) == len(graph.first)
    matrix = np.zeros((graph.size, graph.size))
    matrix[graph.first, graph.second] = graph.agreement
    values = np.random.default_rng(0).normal(size=graph.size)
    np.testing.assert_allclose(graph.votes(values), (matrix + matrix.T) @ values)
    signs = np.sign(values)
    assert graph.total(signs) == pytest.approx(signs @ matrix @ signs)


def test_joining_adds_agreements_and_counts() -> None:
    edges = np.array([[0, 1], [0, 2], [1, 3], [2, 3]]).T
    graph = SignedGraph(4, *edges, np.array([1.0, 2, 3, 4]), np.ones(4))
    joined = graph.joined(np.array([0, 1, 0, 1]), np.array([1.0, 1, -1, 1]), 2)
    assert joined.agreement.tolist() == [1 + 3 * 0 - 4]
    assert joined.count.tolist() == [2]
    assert (joined.first.tolist(), joined.second.tolist()) == ([0], [1])


def test_patches_are_small_and_right_whatever_side_normals_have() -> None:
    points, normals = sphere(5000)
    side = np.random.default_rng(1).choice([-1.0, 1.0], len(points))
    near = fit_planes(points).near
    patch, sign, between = certain_patches(neighbour_graph(points, normals * side[:, None], near))
    assert between.size == patch.max() + 1 < len(points) / 10
    assert np.bincount(patch).max() <= 30
    net = np.bincount(patch, side * sign)
    np.testing.assert_array_equal(np.abs(net), np.bincount(patch))


@pytest.mark.parametrize("seed", range(5))
def test_contraction_finds_planted_signs(seed: int) -> None:
    matrix, signs = planted(40, seed, wrong=0.05)
    found, groups = contract(matrix)
    assert abs(found @ signs) == 40
    assert len(groups) == 39


def test_what_says_nothing_is_not_joined() -> None:
    matrix, _ = planted(6, 0)
    apart = np.block([[matrix, np.zeros((6, 6))], [np.zeros((6, 6)), matrix]])
    _, groups = contract(apart)
    assert len(groups) == 10
    assert contract(np.zeros((3, 3)))[0].tolist() == [1, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_descent_never_loses_and_ends_where_no_turn_helps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(30, 30))
    matrix += matrix.T
    np.fill_diagonal(matrix, 0)
    start, groups = contract(matrix)
    found = descend(matrix, start, groups)
    assert found @ matrix @ found >= start @ matrix @ start
    for group in [*groups, *np.arange(30)[:, None]]:
        other = found.copy()
        other[group] *= -1
        assert other @ matrix @ other <= found @ matrix @ found + 1e-3
