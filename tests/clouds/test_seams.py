"""Seams of patches on a sphere, against the formulas in double precision."""

from __future__ import annotations

import numpy as np
import pytest
from solids import sphere

from sdf_siren.clouds.seams import _WIDTH, Dipoles, dipoles


def octants(count: int = 4000) -> tuple[np.ndarray, Dipoles]:
    points, normals = sphere(count)
    patch = ((points > 0) @ [1, 2, 4]).astype(np.int64)
    return patch, dipoles(points, normals, np.full(count, 4 * np.pi / count), patch)


def test_dipoles_keep_the_moments_of_their_patches() -> None:
    points, normals = sphere(4000)
    patch, parts = octants()
    step = np.sqrt(4 * np.pi / 4000)
    for one in range(8):
        total = parts.moments[parts.patch == one].sum(axis=0)
        np.testing.assert_allclose(total, normals[patch == one].sum(axis=0), rtol=1e-9)
    assert np.ptp(parts.centres, axis=0) * step == pytest.approx(np.ptp(points, axis=0), rel=0.1)


def test_agreement_is_the_formula() -> None:
    rng = np.random.default_rng(0)
    x, m = rng.normal(size=(2, 40, 3))
    parts = Dipoles(5 * x, m, np.repeat(np.arange(4), 10), 1.5)
    r = 5 * (x[:, None] - x)
    h = _WIDTH * 1.5
    s = np.sqrt((r**2).sum(axis=2) + h * h)
    product = m @ m.T
    cross = np.einsum("ijd,id->ij", r, m) * np.einsum("ijd,jd->ij", r, m)
    q = (3 * h * h * product / s**5 - product / s**3 + 3 * cross / s**5) / (4 * np.pi)
    expected = -q.reshape(4, 10, 4, 10).sum(axis=(1, 3))
    np.testing.assert_allclose(parts.agreement(), expected, rtol=1e-3, atol=1e-6)


def test_a_closed_surface_has_no_seams_and_every_turn_makes_one() -> None:
    _, parts = octants()
    agreement = parts.agreement()
    closed = -agreement.sum()
    assert closed >= 0
    for turned in range(1, 128):
        signs = 1.0 - 2 * (turned >> np.arange(8) & 1)
        assert -signs @ agreement @ signs > 5 * closed


def test_winding_numbers_of_a_sphere() -> None:
    _, parts = octants()
    middle = parts.centres.mean(axis=0, keepdims=True)
    signs = np.ones(8)
    assert parts.winding_number(middle, signs) == pytest.approx(1, abs=0.01)
    assert parts.winding_number(middle + 1000, signs) == pytest.approx(0, abs=0.01)
    assert parts.winding_number(parts.centres, signs) == pytest.approx(0.5, abs=0.1)
    assert parts.winding_number(middle, -signs) == pytest.approx(-1, abs=0.01)
    half = parts.of(parts.patch % 2 == 0)
    assert half.winding_number(middle, signs) == pytest.approx(0.5, abs=0.02)


def test_many_nodes_share_dipoles() -> None:
    points, normals = sphere(60_000)
    parts = dipoles(points, normals, np.full(60_000, 4 * np.pi / 60_000), np.zeros(60_000, np.int64))
    assert len(parts.centres) <= 6000
    np.testing.assert_allclose(parts.moments.sum(axis=0), normals.sum(axis=0), atol=1e-6)
