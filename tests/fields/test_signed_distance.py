"""A field in world coordinates: units, signs and the frame."""

import numpy as np
import pytest
import torch

from sdf_siren.fields import SignedDistanceField, SirenShape, initialise
from sdf_siren.frames import Similarity


@pytest.fixture(scope="module")
def network():
    return initialise(SirenShape(width=16), seed=0, dtype=torch.float64)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_derivatives_are_those_of_the_world_distance(network, offset):
    field = SignedDistanceField(network, Similarity((offset, 2.0, -offset), 0.01))
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


def test_points_of_the_wrong_shape_are_refused(network):
    field = SignedDistanceField(network, Similarity((0, 0, 0), 1.0))
    with pytest.raises(ValueError, match="shape"):
        field(np.zeros(3))
