"""A field in world coordinates: units, signs and the frame."""

import numpy as np
import pytest
import torch

from sdf_siren.fields import CubicTiles, SignedDistanceField, Siren, SirenShape, initialise
from sdf_siren.frames import Similarity


@pytest.fixture(scope="module")
def network():
    return initialise(SirenShape(width=16), seed=0, dtype=torch.float64)


def local_correction():
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    generator = torch.Generator().manual_seed(0)
    return CubicTiles(0.5, places, 0.01 * torch.randn(64, 20, dtype=torch.float64, generator=generator))


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_derivatives_are_those_of_the_world_distance(network, offset, corrected):
    tiles = (local_correction(),) if corrected else ()
    field = SignedDistanceField(network, Similarity((offset, 2.0, -offset), 0.01), tiles=tiles)
    points = np.random.default_rng(0).uniform(-50, 50, (20, 3)) + field.frame.centre
    step = 1e-2  # world units; 1e-4 in the cube
    shifts = np.eye(3) * step
    gradient = np.stack([(field(points + s) - field(points - s)) / (2 * step) for s in shifts], axis=1)
    np.testing.assert_allclose(field.gradient(points), gradient, atol=2e-4)
    second = sum((field(points + s) - 2 * field(points) + field(points - s)) / step**2 for s in shifts)
    np.testing.assert_allclose(field.laplacian(points), second, atol=2e-3 * np.abs(second).max())


def test_distance_and_gradient_are_those_of_the_separate_calls(network):
    field = SignedDistanceField(network, Similarity((3.0, 2.0, 1.0), 0.1))
    points = np.random.default_rng(0).uniform(-5, 5, (20, 3))
    distance, gradient = field.distance_and_gradient(points)
    np.testing.assert_allclose(distance, field(points), rtol=1e-12)
    np.testing.assert_array_equal(gradient, field.gradient(points))


def ball():
    """One sine layer of which nothing but a square is left: f = (x^2 + y^2 + z^2 - 1 / 4) / 2, to 1e-3."""
    small, tiny = 0.03, 1e-3
    first, bias = torch.eye(3) * small / 30, torch.full((3,), torch.pi / 2 / 30)  # 1 - x^2 small^2 / 2
    weights = [first, torch.eye(3) * tiny / 30, torch.full((1, 3), -1 / (tiny * small**2))]
    biases = [bias, torch.zeros(3), torch.tensor([3 / small**2 - 1 / 8])]
    return Siren(
        SirenShape(width=3, hidden_layers=1), [w.double() for w in weights], [b.double() for b in biases]
    )


def test_outside_of_the_cube_the_way_there_is_added():
    frame = Similarity((100.0, 0.0, -50.0), 0.1)
    field = SignedDistanceField(ball(), frame)
    x = np.array([[3.0, 0, 0], [-2.0, -4.0, 0.5], [1.5, 1.5, 1.5]])
    nearest = np.clip(x, -1, 1)
    way = np.linalg.norm(x - nearest, axis=1)
    expected = ((nearest**2).sum(axis=1) - 0.25) / 2 + way
    np.testing.assert_allclose(field(frame.to_world(x)), expected / 0.1, rtol=1e-2)
    gradient = (x - nearest) / way[:, None] + np.where(x == nearest, x, 0)
    np.testing.assert_allclose(field.gradient(frame.to_world(x)), gradient, atol=1e-2)
    assert np.isnan(field.laplacian(frame.to_world(x))).all()
    inverted = ball()
    for part in (inverted.weights[-1], inverted.biases[-1]):
        part.neg_()
    np.testing.assert_allclose(
        SignedDistanceField(inverted, frame)(frame.to_world(x)), -expected / 0.1, rtol=1e-2
    )


@pytest.mark.parametrize("scale", [1.0, 50.0])
def test_across_the_walls_of_the_cube_value_and_gradient_agree(network, scale):
    field = SignedDistanceField(network, Similarity((1.0, 2.0, 3.0), 1 / scale), tiles=(local_correction(),))
    points = np.random.default_rng(0).uniform(-2, 2, (200, 3))
    wall = np.where(np.abs(points).max(axis=1, keepdims=True) > 1, np.clip(points, -1, 1), points)
    just_out, just_in = (field(field.frame.to_world(wall * (1 + e))) for e in (1e-9, -1e-9))
    np.testing.assert_allclose(just_out, just_in, atol=1e-7 * scale)
    points = field.frame.to_world(points)
    step = 1e-5 * scale
    shifts = np.eye(3) * step
    gradient = np.stack([(field(points + s) - field(points - s)) / (2 * step) for s in shifts], axis=1)
    np.testing.assert_allclose(field.gradient(points), gradient, atol=1e-5)
    distance, again = field.distance_and_gradient(points)
    np.testing.assert_array_equal(distance, field(points))
    np.testing.assert_array_equal(again, field.gradient(points))


def test_points_of_the_wrong_shape_are_refused(network):
    field = SignedDistanceField(network, Similarity((0, 0, 0), 1.0))
    with pytest.raises(ValueError, match="shape"):
        field(np.zeros(3))


def test_the_error_is_known_where_points_were_kept_back(network):
    frame = Similarity((0, 0, 0), 0.1)
    assert SignedDistanceField(network, frame).error is None
    field = SignedDistanceField(network, frame, {"refit": {"after": 0.002}})
    assert field.error == pytest.approx(0.02)


def test_it_is_known_whether_the_points_were_noisy(network):
    frame = Similarity((0, 0, 0), 1.0)
    assert not SignedDistanceField(network, frame).noisy
    assert not SignedDistanceField(network, frame, {"settings": {"noise": 0.0}}).noisy
    assert SignedDistanceField(network, frame, {"settings": {"noise": 1e-3}}).noisy
