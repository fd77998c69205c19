"""Combinations: names, corners, holes, and what cannot be combined."""

import math

import pytest

from sdf_siren.domains import Ball, Box, Difference, Intersection, Polygon, Union
from sdf_siren.errors import UsageError

SQUARE = Box([0, 0], [1, 1])
DISK = Ball([0.5, 0.5], 0.25)


class TestNames:
    def test_parts_keep_their_names_where_they_can(self):
        assert Difference(SQUARE, DISK).parts == ("left", "right", "bottom", "top", "circle")

    def test_parts_that_clash_get_the_name_of_their_domain(self):
        two = Difference(SQUARE, DISK, Ball([0.9, 0.9], 0.05))
        assert two.parts == ("left", "right", "bottom", "top", "hole_1.circle", "hole_2.circle")

    def test_given_names_are_used(self):
        two = Difference(SQUARE, DISK, Ball([0.9, 0.9], 0.05), names=[None, "core", "pin"])
        assert two.parts == ("left", "right", "bottom", "top", "core.circle", "pin.circle")

    def test_names_nest(self):
        inner = Difference(DISK, Ball([0.5, 0.5], 0.1), names=["rim", "bore"])
        assert Difference(SQUARE, inner, names=["plate", "ring"]).parts[-2:] == (
            "ring.rim.circle",
            "ring.bore.circle",
        )

    @pytest.mark.parametrize(
        ("names", "message"),
        [
            (["a"], "a name or None for each of 2 domains"),
            ("ab", "a name or None for each of 2 domains"),
            (["a", "b c"], "names of letters, digits and _"),
            (["a", ""], "names of letters, digits and _"),
            (["a", "a"], "found 'a.left' twice"),
        ],
    )
    def test_names_that_do_not_tell_apart_are_refused(self, names, message):
        with pytest.raises(UsageError, match=message):
            Union(SQUARE, Box([0.5, 0.5], [2, 2]), names=names)


class TestCorners:
    def test_of_boxes_that_make_an_ell(self):
        for domain in (
            Difference(Box([0, 0], [2, 2]), Box([1, 1], [2, 2])),
            Difference(Box([0, 0], [2, 2]), Box([1, 1], [3, 3])),
            Union(Box([0, 0], [2, 1]), Box([0, 0], [1, 2])),
            Union(Box([0, 0], [2, 1]), Box([0, 1 - 1e-3], [1, 2])),
        ):
            (corner,) = domain.reentrant_corners
            assert corner.position == pytest.approx((1, 1))
            assert corner.opening == pytest.approx(1.5 * math.pi)
            assert corner.start == pytest.approx(math.pi / 2)

    def test_of_a_plus(self):
        plus = Union(Box([-2, -1], [2, 1]), Box([-1, -2], [1, 2]))
        assert sorted(corner.position for corner in plus.reentrant_corners) == [
            (-1, -1),
            (-1, 1),
            (1, -1),
            (1, 1),
        ]
        assert all(corner.opening == pytest.approx(1.5 * math.pi) for corner in plus.reentrant_corners)

    def test_where_circles_cross_the_tangents_count(self):
        corners = Union(Ball([0, 0], 1), Ball([1, 0], 1)).reentrant_corners
        assert sorted(c.position[1] for c in corners) == pytest.approx([-math.sqrt(0.75), math.sqrt(0.75)])
        assert all(corner.opening == pytest.approx(4 * math.pi / 3) for corner in corners)

    def test_a_square_hole_has_four(self):
        hole = Difference(Box([0, 0], [3, 3]), Box([1, 1], [2, 2]))
        assert {corner.position for corner in hole.reentrant_corners} == {(1, 1), (1, 2), (2, 1), (2, 2)}

    def test_pacman(self):
        (corner,) = Difference(Ball([0, 0], 1), Polygon([(0, 0), (2, -2), (2, 2)])).reentrant_corners
        assert corner.position == pytest.approx((0, 0))
        assert corner.opening == pytest.approx(1.5 * math.pi)
        assert corner.start == pytest.approx(math.pi / 4)

    def test_a_kept_corner_and_one_cut_away(self):
        ell = Polygon([(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)])
        assert [c.position for c in Difference(ell, Ball([0.4, 0.4], 0.1)).reentrant_corners] == [(1, 1)]
        near = Difference(ell, Ball([1, 1], 0.2)).reentrant_corners
        assert (1, 1) not in {corner.position for corner in near}
        assert Intersection(ell, Box([0, 0], [0.9, 3])).reentrant_corners == ()

    def test_round_holes_and_touching_boxes_have_none(self):
        assert Difference(SQUARE, DISK).reentrant_corners == ()
        assert Union(SQUARE, Box([0.5, 0], [2, 1])).reentrant_corners == ()


class TestHoles:
    def test_balls_that_were_cut_out(self):
        inner = Difference(SQUARE, DISK)
        assert inner.holes == (DISK,)
        other = Ball([0.1, 0.1], 0.05)
        assert Difference(inner, other, Box([0.8, 0.8], [0.9, 0.9])).holes == (DISK, other)
        assert Intersection(inner, Box([0, 0], [2, 2])).holes == (DISK,)
        assert Union(inner, Box([0, 0], [0.6, 0.6])).holes == ()
        assert SQUARE.holes == ()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Union(), "a union needs at least one domain"),
        (lambda: Union(SQUARE, Ball([0, 0, 0], 1)), r"domains of one dimension, found \[2, 3\]"),
        (lambda: Intersection(SQUARE, Box([2, 2], [3, 3])), "the intersection is empty"),
        (lambda: Intersection(SQUARE, Box([1, 0], [2, 1])), "the intersection is empty"),
        (lambda: Intersection(SQUARE, Ball([1.2, 1.2], 0.25)), "the domain is empty, or too small"),
        (lambda: Difference(SQUARE, SQUARE), "the domain is empty, or too small"),
        (lambda: Difference(DISK, Box([-1, -1], [2, 2])), "the domain is empty, or too small"),
    ],
)
def test_what_makes_no_domain_is_refused(build, message):
    with pytest.raises(UsageError, match=message):
        build()


def test_one_operand_is_itself():
    alone = Union(DISK)
    assert alone.parts == ("circle",)
    assert alone.part_measure.item() == pytest.approx(0.5 * math.pi)
    assert alone.diameter == pytest.approx(0.5)
