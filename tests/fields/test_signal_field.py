"""A field on a grid: places, units, and derivatives that are those of its own values."""

import numpy as np
import pytest
import torch

from sdf_siren.fields import Relu, SignalField, SirenShape, initialise, initialise_perceptron, signal_field
from sdf_siren.frames import GridFrame


def field_on(shape=(20, 30), outputs=2, spacing=None, low=-3.0, high=5.0):
    network = initialise(SirenShape(len(shape), outputs, 16, 1, omega_0=5.0), seed=2, dtype=torch.float64)
    return SignalField(network, GridFrame.fitting(shape, spacing), low, high)


def places(count, shape, seed=0):
    return np.random.default_rng(seed).uniform(0, 1, (count, len(shape))) * (np.array(shape) - 1)


def test_values_are_those_of_the_network_in_the_signals_units():
    field = field_on()
    at = places(7, (20, 30))
    raw = field.network.value(torch.from_numpy(field.frame.to_cube(at))).numpy()
    np.testing.assert_allclose(field(at), -3 + (raw + 1) * 4, rtol=1e-13)


@pytest.mark.parametrize("shape", [(50,), (20, 30), (6, 9, 12)])
@pytest.mark.parametrize("uneven", [False, True])
def test_derivatives_are_per_sample(shape, uneven):
    spacing = tuple(1.0 + 0.5 * k for k in range(len(shape))) if uneven else None
    field, h = field_on(shape, spacing=spacing), 1e-4
    at = places(5, shape)
    value, gradient, laplacian = field.derivatives(at)
    np.testing.assert_allclose(value, field(at), rtol=1e-12)
    second = 0.0
    shortest = min(field.frame.step)
    for axis in range(len(shape)):
        move = h * np.eye(len(shape))[axis]
        before, after = field(at - move), field(at + move)
        np.testing.assert_allclose(gradient[:, :, axis], (after - before) / (2 * h), rtol=1e-5, atol=1e-6)
        scale = (shortest / field.frame.step[axis]) ** 2 if uneven else 1.0
        second = second + (after - 2 * value + before) / h**2 * scale
    np.testing.assert_allclose(laplacian, second, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(field.gradient(at), gradient)
    np.testing.assert_array_equal(field.laplacian(at), laplacian)


def test_a_grid_is_its_places_one_by_one_whatever_the_parts(monkeypatch):
    field = field_on()
    axes = field.frame.axes((9, 11))
    at = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    for part in (signal_field.PART, 7):
        monkeypatch.setattr(signal_field, "PART", part)
        value, gradient, laplacian = field.derivatives_on_grid(axes)
        for found, expected in zip((value, gradient, laplacian), field.derivatives(at), strict=True):
            assert found.dtype == np.float32
            np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_array_equal(field.on_grid(axes), value)


def test_any_network_serves():
    network = initialise_perceptron((2, 8, 8, 1), Relu(), seed=0)
    field = SignalField(network, GridFrame.fitting((4, 4)))
    assert field.on_grid(field.frame.axes()).shape == (4, 4, 1)
    assert not field.laplacian([[0.3, 0.2]]).any()


def test_places_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"places of shape \(n, 2\)"):
        field_on()(np.zeros((3, 3)))
