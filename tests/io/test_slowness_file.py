"""A squared slowness is what it was after writing and reading; other files are refused."""

from __future__ import annotations

import pytest
import torch

from sdf_siren.conditions import Slowness
from sdf_siren.domains import Ball
from sdf_siren.errors import InputError
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.io.slowness_file import FORMAT, load_slowness, write_slowness
from sdf_siren.io.tensor_files import architecture_of, tensors_of, write_tensors


def network(inputs=2, outputs=1):
    return initialise(SirenShape(inputs, outputs, 6, 1), seed=0, dtype=torch.float64)


def test_round_trip(tmp_path):
    given = Slowness(Ball([0.1, 0.2], 0.3), network())
    write_slowness(given, tmp_path / "m.safetensors")
    found = load_slowness(tmp_path / "m.safetensors")
    assert found.region == given.region
    x = torch.rand(50, 2, dtype=torch.float64) * 0.5
    assert torch.equal(found.value(x), given.value(x))


def test_missing(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_slowness(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("changed", "inputs", "outputs"),
    [
        ({"format": "sdf-siren solution 1"}, 2, 1),
        ({"radius": -1.0}, 2, 1),
        ({"centre": [0.0, 0.0, 0.0]}, 2, 1),
        ({"centre": None}, 2, 1),
        ({}, 3, 1),
        ({}, 2, 2),
    ],
)
def test_contradictions(tmp_path, changed, inputs, outputs):
    path, inner = tmp_path / "m.safetensors", network(inputs, outputs)
    description = {
        "format": FORMAT,
        "centre": [0.0, 0.0],
        "radius": 1.0,
        "architecture": architecture_of(inner),
    }
    write_tensors(path, description | changed, tensors_of(inner))
    with pytest.raises(InputError, match="a squared slowness"):
        load_slowness(path)
