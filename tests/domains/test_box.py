"""Boxes: their sides, the factor that vanishes on them, and the Gauss grid."""

import itertools

import pytest
import torch

from sdf_siren.domains import Box
from sdf_siren.errors import UsageError
from sdf_siren.jets import Jet

BOX = Box([-1, 0, 2], [1, 3, 2.5])


def test_sides_by_name():
    assert BOX.parts == ("left", "right", "bottom", "top", "back", "front")
    assert Box([0] * 5, [1] * 5).parts[6:] == ("x4_low", "x4_high", "x5_low", "x5_high")
    points = BOX.boundary(600, 0)
    for k, name in enumerate(BOX.parts):
        on = points.x[points.part == BOX.part(name)]
        assert len(on) > 20
        assert (on[:, k // 2] == BOX.bounds[k % 2][k // 2]).all()
        assert (points.normal[points.part == k, k // 2] == (1 if k % 2 else -1)).all()
    assert BOX.part_measure.tolist() == [1.5, 1.5, 1, 1, 6, 6]


def test_numbers_are_kept_as_given_and_boxes_compare():
    assert Box([0, 0], (1, 2)) == Box((0.0, 0.0), [1, 2])
    assert BOX.diameter == pytest.approx((4 + 9 + 0.25) ** 0.5)
    assert Box([0, 0], [1, 1]).reentrant_corners == Box([0, 0], [1, 1]).holes == ()


class TestFactor:
    @pytest.mark.parametrize("sides", [["left"], ["top", "front"], ["left", "right", "back"], [], None])
    def test_zero_on_its_sides_positive_inside_and_at_most_one(self, sides):
        factor = BOX.factor(sides)
        points = BOX.boundary(600, 1)
        value = factor(points.x).value
        chosen = torch.tensor([BOX.part(name) for name in (BOX.parts if sides is None else sides)])
        on = torch.isin(points.part, chosen)
        assert (value[on] == 0).all()
        assert (value[~on] > 0).all()
        inside = factor(BOX.interior(500, 0)).value
        assert (inside > 0).all()
        assert (inside <= 1).all()

    def test_its_maximum_is_one(self):
        middle = torch.tensor([[0, 1.5, 2.25]], dtype=torch.float64)
        assert BOX.factor()(middle).value == 1
        assert BOX.factor(["left"])(torch.tensor([[1.0, 1.0, 2.1]])).value == 1

    def test_its_jets_are_those_of_the_formula(self):
        x = BOX.interior(50, 0)
        a, b, _ = Jet.coordinates(x)
        expected = (1 - a * a) * (b / 3)
        found = BOX.factor(["left", "right", "bottom"])(x)
        for name in ("value", "gradient", "hessian"):
            torch.testing.assert_close(getattr(found, name), getattr(expected, name))

    def test_unknown_sides_are_refused(self):
        with pytest.raises(UsageError, match="no side 'lid'; expected one of left, right"):
            BOX.factor(["lid"])


class TestGrid:
    def test_polynomials_up_to_the_degree_are_integrated_exactly(self):
        x, weights = BOX.grid((2, 3, 4))
        assert x.shape == (24, 3)
        assert BOX.contains(x).all()
        for powers in itertools.product(range(4), range(6), range(8)):
            found = (weights * (x ** torch.tensor(powers)).prod(1)).sum()
            exact = 1.0
            for p, low, high in zip(powers, BOX.low, BOX.high, strict=True):
                exact *= (high ** (p + 1) - low ** (p + 1)) / (p + 1)
            assert found.item() == pytest.approx(exact, rel=1e-12, abs=1e-11)

    def test_one_degree_more_is_not(self):
        x, weights = Box([0], [1]).grid(2)
        assert abs((weights * x[:, 0] ** 4).sum() - 0.2) > 1e-4

    @pytest.mark.parametrize("counts", [0, [1, 2], [3, -1, 2], [10**4] * 3])
    def test_counts_that_make_no_grid_are_refused(self, counts):
        with pytest.raises(UsageError, match="a grid needs 3 counts of at least 1"):
            BOX.grid(counts)


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        ([], [], "two corners of the same dimension, found 0 and 0"),
        ([0, 0], [1], "two corners of the same dimension, found 2 and 1"),
        ([0, 1], [1, 1], "low < high along every axis, found 1 and 1 along axis 2"),
        ([0], [-1], "low < high along every axis, found 0 and -1"),
        ([0], [float("nan")], "expected finite numbers for a box's high corner"),
        ([0], [float("inf")], "expected finite numbers for a box's high corner"),
        (["a"], [1], "expected numbers for a box's low corner"),
    ],
)
def test_what_is_no_box_is_refused(low, high, message):
    with pytest.raises(UsageError, match=message):
        Box(low, high)
