"""Operators: their signs, and the absorbing layer."""

from __future__ import annotations

import math

import pytest
import torch

from sdf_siren import jets
from sdf_siren.conditions import AbsorbingLayer, helmholtz, poisson, screened_poisson, wave
from sdf_siren.jets import Jet


def points(n=60, d=2, seed=0):
    return torch.rand(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1


def constant(c):
    return lambda x: Jet.constant(c, x)


def test_eigenfunctions():
    x = points()
    a, b = Jet.coordinates(x)
    u = jets.sin(a * 2) * jets.sin(b * 3)
    assert torch.allclose(poisson().applied(u, x), 13 * u.value)
    assert torch.allclose(screened_poisson(constant(4.0)).applied(u, x), 17 * u.value)
    assert torch.allclose(helmholtz(constant(5.0)).applied(u, x), 12 * u.value)


def test_a_travelling_wave_solves_the_wave_equation():
    x = points(d=3)
    a, b, t = Jet.coordinates(x)
    u = jets.exp(-((a * 0.6 + b * 0.8 - t * 3.0) ** 2))
    assert wave(constant(3.0), 3.0).applied(u, x).abs().max() < 1e-12


def test_a_reaction_is_added_with_its_derivative_by_the_value():
    def cube(xu):
        return Jet.coordinates(xu)[-1] ** 3

    operator = poisson(cube)
    x = points()
    a, b = Jet.coordinates(x)
    u = a * b + 1
    assert not operator.is_linear
    assert torch.allclose(operator.applied(u, x), u.value**3)
    value, slope = operator.reaction_at(x, u.value)
    assert torch.allclose(value, u.value**3)
    assert torch.allclose(slope, 3 * u.value**2)


class TestAbsorbingLayer:
    layer = AbsorbingLayer((-1, -1), (1, 1), 0.5)

    def test_nothing_happens_outside_the_layer(self):
        x = points() / 2
        s, slope = self.layer.stretch(x)
        assert torch.equal(s, torch.ones_like(s))
        assert torch.equal(slope, torch.zeros_like(slope))
        assert torch.equal(self.layer.stretched(x), x.to(torch.complex128))

    def test_factors_are_the_derivatives_of_the_coordinates(self):
        x, h = points(), 1e-5
        difference = (self.layer.stretched(x + h) - self.layer.stretched(x - h)) / (2 * h)
        s, slope = self.layer.stretch(x)
        assert torch.allclose(difference, s, atol=1e-7)
        second = (self.layer.stretch(x + h)[0] - self.layer.stretch(x - h)[0]) / (2 * h)
        assert torch.allclose(second, slope, atol=1e-5)

    def test_a_plane_wave_in_stretched_coordinates_solves_the_equation(self):
        x = points(200)
        k = torch.tensor([12.0, 16.0], dtype=torch.complex128)
        value = torch.exp(-1j * (self.layer.stretched(x) * k).sum(1))
        s, slope = self.layer.stretch(x)
        rate = -1j * k * s
        gradient = rate * value[:, None]
        hessian = rate[:, :, None] * rate[:, None, :] * value[:, None, None]
        hessian = hessian + torch.diag_embed(-1j * k * slope * value[:, None])
        residual = helmholtz(constant(20.0), self.layer).applied(Jet(value, gradient, hessian), x)
        assert (residual.abs() / value.abs()).max() < 1e-10  # it grows where it comes in

    def test_an_outgoing_wave_decays_as_the_profile_says(self):
        k = 20.0
        edge = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
        size = torch.exp(-1j * k * self.layer.stretched(edge)[:, 0]).abs()
        assert float(size) == pytest.approx(math.exp(-k * 5.0 * 0.5 / 3))
