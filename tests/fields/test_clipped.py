"""What a wall closes."""

import torch

from sdf_siren.fields import ClippedField
from sdf_siren.fields.shapes import Box, Plane, Sphere


def test_half_a_space_in_a_cube_is_a_box():
    x = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) * 2 - 1
    x[:, 2] = x[:, 2] / 2 - 0.5  # so that one of the walls, or the plane, is nearest
    clipped = ClippedField(Plane(), 0.75)
    box = Box((0.75, 0.75, 0.375))
    value, gradient = clipped.value_and_gradient(x)
    torch.testing.assert_close(clipped.value(x), value)
    inside = value[:, 0] < 0
    expected = box.value_and_gradient(x[inside] + torch.tensor([0.0, 0.0, 0.375]))
    torch.testing.assert_close(value[inside], expected[0])
    torch.testing.assert_close(gradient[inside], expected[1])
    assert (gradient.norm(dim=1) == 1).all()


def test_what_stays_inside_is_not_touched():
    x = torch.rand(500, 3, generator=torch.Generator().manual_seed(1)) - 0.5
    for found, expected in zip(
        ClippedField(Sphere(0.3), 0.9).value_and_gradient(x), Sphere(0.3).value_and_gradient(x), strict=True
    ):
        assert torch.equal(found, expected)
