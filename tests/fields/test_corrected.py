"""Network plus tiles: the sum, in value and in every derivative."""

import torch

from sdf_siren.fields import CorrectedField, CubicTiles, SirenShape, initialise
from sdf_siren.fields.tiles import COEFFICIENTS


def test_it_is_the_sum_of_its_parts():
    generator = torch.Generator().manual_seed(0)
    network = initialise(SirenShape(width=16), seed=0, dtype=torch.float64)
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    coefficients = torch.randn(len(places), COEFFICIENTS, dtype=torch.float64, generator=generator)
    coarse, fine = CubicTiles(0.5, places, coefficients), CubicTiles(0.25, places + 2, coefficients)
    field = CorrectedField(network).plus(coarse).plus(fine)
    x = torch.rand(100, 3, dtype=torch.float64, generator=generator) * 2 - 1
    parts = (network, coarse, fine)
    torch.testing.assert_close(field.value(x), sum(part.value(x) for part in parts))
    for found, wanted in zip(
        field.value_and_gradient(x), zip(*(p.value_and_gradient(x) for p in parts), strict=True), strict=True
    ):
        torch.testing.assert_close(found, sum(wanted))
    for found, wanted in zip(
        field.laplacian(x), zip(*(p.laplacian(x) for p in parts), strict=True), strict=True
    ):
        torch.testing.assert_close(found, sum(wanted))


def test_other_storage():
    tiles = CubicTiles(0.5, torch.zeros(1, 3, dtype=torch.int64), torch.ones(1, COEFFICIENTS))
    field = CorrectedField(initialise(SirenShape(width=8), seed=0), (tiles,)).to(dtype=torch.float64)
    assert field.dtype == torch.float64
    assert field.tiles[0].coefficients.dtype == torch.float64
    assert field.device.type == "cpu"
    assert field.value(torch.zeros(2, 3, dtype=torch.float64)).dtype == torch.float64
