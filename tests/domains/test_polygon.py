"""Polygons: membership against exact winding, areas, corners, and lines that are no polygon."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdf_siren.domains import Box, Polygon
from sdf_siren.errors import UsageError

ELL = ((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2))


def test_edges_are_named_in_the_order_of_the_vertices():
    for polygon in (Polygon(ELL), Polygon(ELL[::-1])):
        start = torch.tensor(polygon.vertices, dtype=torch.float64)
        points = polygon.boundary(500, 0)
        for k, (a, b) in enumerate(zip(start, start.roll(-1, 0), strict=True)):
            on = points.x[points.part == polygon.part(f"edge_{k + 1}")]
            assert len(on) > 20
            torch.testing.assert_close(
                (on - a).norm(dim=1) + (on - b).norm(dim=1), (b - a).norm().expand(len(on))
            )
        assert polygon.area == 3
        assert polygon.diameter == math.hypot(2, 2)


def test_a_rectangle_is_a_box():
    box, polygon = Box([0, 1], [3, 2]), Polygon([(0, 1), (3, 1), (3, 2), (0, 2)])
    x = torch.rand(500, 2, dtype=torch.float64) * 5 - 1
    torch.testing.assert_close(polygon.distance(x), box.distance(x))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.2, 2), min_size=3, max_size=20), st.booleans())
def test_stars_hold_the_points_that_their_radius_says(radii, turned):
    """A polygon about the origin with these radii at equal angles: membership is known sector by sector."""
    n = len(radii)
    step = 2 * math.pi / n
    vertices = [(r * math.cos(k * step), r * math.sin(k * step)) for k, r in enumerate(radii)]
    polygon = Polygon(vertices[::-1] if turned else vertices)
    generator = torch.Generator().manual_seed(n)
    u = torch.rand(200, 2, dtype=torch.float64, generator=generator)
    for k in range(n):
        a, b = (torch.tensor(vertices[j % n], dtype=torch.float64) for j in (k, k + 1))
        x = 1.5 * (u[:, :1] * a + u[:, 1:] * b)
        clear = (u.sum(1) * 1.5 - 1).abs() > 1e-6
        if n > 3 or math.pi > step:
            assert torch.equal(polygon.contains(x)[clear], (u.sum(1) * 1.5 < 1)[clear])
    exact = sum(radii[k] * radii[(k + 1) % n] for k in range(n)) * math.sin(step) / 2
    assert polygon.area == pytest.approx(exact)
    opening = sum(corner.opening - math.pi for corner in polygon.reentrant_corners)
    assert opening < math.pi * n


class TestCorners:
    def test_of_an_ell(self):
        for vertices in (ELL, ELL[::-1]):
            (corner,) = Polygon(vertices).reentrant_corners
            assert corner.position == (1, 1)
            assert corner.opening == pytest.approx(1.5 * math.pi)
            assert corner.start == pytest.approx(math.pi / 2)

    def test_polar_coordinates_begin_and_end_at_the_sides(self):
        (corner,) = Polygon(ELL).reentrant_corners
        x = torch.tensor([[1, 1.5], [1.5, 1], [0.5, 0.5], [0.5, 1], [1, 0.5]], dtype=torch.float64)
        radius, angle = corner.polar(x)
        expected = torch.tensor([0, 1.5, 0.75, 0.5, 1], dtype=torch.float64) * math.pi
        torch.testing.assert_close(angle.value, expected)
        torch.testing.assert_close(radius.value, (x - 1).norm(dim=1))
        inside = Polygon(ELL).interior(300, 0)
        assert (corner.polar(inside)[1].value > 0).all()
        assert (corner.polar(inside)[1].value < corner.opening).all()
        assert angle.laplacian.abs().max() < 1e-12

    def test_convex_polygons_and_straight_angles_have_none(self):
        assert Polygon([(0, 0), (1, 0), (2, 0), (2, 2), (0, 2)]).reentrant_corners == ()

    def test_a_notch(self):
        (corner,) = Polygon([(0, 0), (1, 0), (1, 1), (0.5, 0.01), (0, 1)]).reentrant_corners
        assert corner.opening == pytest.approx(2 * math.pi - 2 * math.atan2(0.5, 0.99))


@pytest.mark.parametrize(
    ("vertices", "message"),
    [
        ([(0, 0), (1, 0)], "3 to 1000 vertices, found 2"),
        ([(0, 0)] * 2000, "3 to 1000 vertices, found 2000"),
        ([(0, 0), (1, 0), (1, 0), (0, 1)], "found vertex 2 twice in a row"),
        ([(0, 0), (1, 0), (0, 1), (0, 0)], "found vertex 4 twice in a row"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "found edge_1 and edge_3 meeting"),
        ([(0, 0), (1, 0), (2, 0)], "found edge_2 and edge_3 meeting"),
        ([(0, 0), (2, 0), (1, 0), (1, 1)], "meeting"),
        ([(0, 0), (2, 0), (2, 1), (1, 0), (0, 1)], "meeting"),
        ([(0, 0), (4, 0), (4, 1), (3, 0), (1, 0), (0, 1)], "meeting"),
        ([(0, 0), (1, 0), (0, 1, 2)], "needs two numbers, found 3 in vertex 3"),
        ([(0, 0), (1, 0), (0, float("nan"))], "finite numbers for vertex 3"),
    ],
)
def test_what_is_no_polygon_is_refused(vertices, message):
    with pytest.raises(UsageError, match=message):
        Polygon(vertices)
