from __future__ import annotations

from solids import sphere

from sdf_siren.clouds.outward import outward_share


def test_outward_share_tells_the_sides_apart_without_a_closed_surface() -> None:
    _, n = sphere()
    half = n[n[:, 2] > 0]
    assert outward_share(n, n) == 1
    assert outward_share(n, -n) == 0
    assert outward_share(half, half) > 0.6 > 0.4 > outward_share(half, -half)
