"""Field files: exact round trips, and one clear line for everything that is not one."""

import dataclasses
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from sdf_siren.errors import InputError, UsageError
from sdf_siren.fields import CubicTiles, SignedDistanceField, SirenShape, initialise
from sdf_siren.frames import Similarity
from sdf_siren.io import load_field, write_field


@pytest.fixture
def field():
    frame = Similarity((4.9e6, -5e5, 0.1), 1 / 3)
    support = np.random.default_rng(0).uniform(-1, 1, (50, 3)).astype(np.float32)
    record = {"seed": 3, "settings": {"steps": 10, "surface_schedule": []}, "source": 'naïve "scan".ply'}
    network = initialise(SirenShape(width=12, hidden_layers=2, omega_0=25.0), seed=1)
    generator = torch.Generator().manual_seed(2)
    places = torch.cartesian_prod(*[torch.arange(5)] * 3)
    tiles = tuple(
        CubicTiles(side, places, torch.randn(len(places), 20, generator=generator)) for side in (0.4, 0.2)
    )
    normals = unit_vectors(len(support))
    return SignedDistanceField(network, frame, record, support, tiles, normals)


def unit_vectors(count):
    normals = np.random.default_rng(3).standard_normal((count, 3))
    return (normals / np.linalg.norm(normals, axis=1, keepdims=True)).astype(np.float32)


def test_round_trip_is_exact(field, tmp_path):
    path = tmp_path / "field.safetensors"
    write_field(field, path)
    found = load_field(path)
    assert found.network.shape == field.network.shape
    assert all(
        torch.equal(a, b) for a, b in zip(found.network.parameters, field.network.parameters, strict=True)
    )
    for level, written in zip(found.tiles, field.tiles, strict=True):
        assert level.side == written.side
        assert torch.equal(level.places, written.places)
        assert torch.equal(level.coefficients, written.coefficients)
    assert found.frame == field.frame
    assert found.record == field.record
    np.testing.assert_array_equal(found.support, field.support)
    np.testing.assert_array_equal(found.support_normals, field.support_normals)
    x = np.random.default_rng(1).uniform(-1, 1, (20, 3)) + field.frame.centre
    np.testing.assert_array_equal(found(x), field(x))


@pytest.mark.usefixtures("little_space")
def test_a_field_that_cannot_be_written_is_refused(field, tmp_path):
    with pytest.raises(UsageError, match=r"field\.safetensors: cannot be written"):
        write_field(field, tmp_path / "field.safetensors")
    assert list(tmp_path.iterdir()) == []


OTHERS = [torch.float16, torch.bfloat16, torch.float64, torch.int8, torch.int32, torch.int64, torch.bool]


@pytest.mark.parametrize("dtype", OTHERS)
@pytest.mark.parametrize(
    "name", ["weights.1", "biases.0", "tiles.1.coefficients", "support", "support_normals"]
)
def test_numbers_of_another_type_are_refused(field, tmp_path, name, dtype):
    path = tmp_path / "field.safetensors"
    write_field(field, path)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name).to(dtype)}
    path = tampered(field, path, tensors=tensors)
    found = str(dtype).removeprefix("torch.")
    with pytest.raises(
        InputError, match=f"field.safetensors: expected {name} of the type float32, found {found}"
    ):
        load_field(path)


def test_a_field_in_double_precision_comes_back(field, tmp_path):
    path, double = tmp_path / "field.safetensors", torch.float64
    tiles = tuple(level.to(dtype=double) for level in field.tiles)
    doubled = dataclasses.replace(field, network=field.network.to(dtype=double), tiles=tiles)
    write_field(doubled, path)
    found, x = load_field(path), np.zeros((1, 3)) + field.frame.centre
    assert found.network.dtype == found.tiles[0].coefficients.dtype == double
    np.testing.assert_array_equal(found(x), doubled(x))


@pytest.mark.parametrize("shape", [SirenShape(width=12, hidden_layers=0), SirenShape(first_width=5, width=8)])
def test_a_first_layer_of_its_own_width_comes_back(shape, tmp_path):
    path = tmp_path / "field.safetensors"
    network = initialise(shape, seed=1)
    write_field(SignedDistanceField(network, Similarity((0, 0, 0), 1.0)), path)
    found = load_field(path).network
    assert found.shape == shape
    assert all(torch.equal(a, b) for a, b in zip(found.parameters, network.parameters, strict=True))


def test_files_without_a_first_width_are_read_and_still_written(field, tmp_path):
    """Versions that do not know the key refuse files that have it."""
    path = tmp_path / "field.safetensors"
    write_field(field, path)
    with safe_open(path, framework="pt") as file:
        architecture = json.loads(file.metadata()["sdf-siren"])["architecture"]
    assert set(architecture) == {"inputs", "outputs", "width", "hidden_layers", "omega_0"}
    assert load_field(path).network.shape.first_width is None


def test_a_field_without_support_comes_back_without(field, tmp_path):
    path = tmp_path / "field.safetensors"
    write_field(SignedDistanceField(field.network, field.frame), path)
    assert load_field(path).support is None
    assert load_field(path).tiles == ()


def tampered(field, path, **changes):
    """A field file whose description is changed."""
    write_field(field, path)
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        description = json.loads(file.metadata()["sdf-siren"])
    tensors.update(changes.pop("tensors", {}))
    description.update(changes)
    save_file(tensors, path, metadata={"sdf-siren": json.dumps(description)})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "something else"},
        {"architecture": {"width": 10**9, "inputs": 3, "outputs": 1, "hidden_layers": 3, "omega_0": 30}},
        {"architecture": {"width": 13, "inputs": 3, "outputs": 1, "hidden_layers": 2, "omega_0": 30}},
        {"architecture": {"width": "wide"}},
        {"architecture": {"width": 12, "hidden_layers": 2, "first_width": 10**9}},
        {"architecture": {"width": 12, "hidden_layers": 2, "first_width": 13}},
        {"architecture": {"width": 12, "hidden_layers": 2, "first_width": "wide"}},
        {"architecture": None},
        {"frame": {"centre": [0, 0], "scale": 1.0}},
        {"frame": {"centre": [0, 0, 0], "scale": 0.0}},
        {"frame": {}},
        {"tensors": {"biases.0": torch.full((12,), float("nan"))}},
        {"tensors": {"tiles.0.coefficients": torch.full((125, 20), float("nan"))}},
        {"tensors": {"tiles.0.coefficients": torch.zeros(124, 20)}},
        {"tensors": {"tiles.1.places": torch.full((125, 3), 10**6, dtype=torch.int32)}},
        {"tile_sides": [0.4, 0.2, 0.1]},
        {"tile_sides": [0.4, 0.0]},
        {"tile_sides": [0.4, 1e-9]},
        {"tile_sides": ["wide", 0.2]},
        {"tile_sides": 7},
        {"record": 7},
        {"record": {"refit": {}}},
        {"record": {"refit": {"after": "near"}}},
        {"record": {"settings": {"noise": "some"}}},
    ],
)
def test_contradictions_are_refused_in_one_line(field, tmp_path, changes):
    path = tampered(field, tmp_path / "field.safetensors", **changes)
    with pytest.raises(InputError) as caught:
        load_field(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"<html></html>" * 50, b"\xff" * 100, b"\x80\x04pickle"])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "field.safetensors"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"field\.safetensors"):
        load_field(path)


def test_other_safetensors_are_refused(tmp_path):
    path = tmp_path / "field.safetensors"
    save_file({"a": torch.zeros(3)}, path)
    with pytest.raises(InputError, match="expected a field file"):
        load_field(path)


def test_missing_files_and_folders(field, tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_field(tmp_path / "nothing.safetensors")
    with pytest.raises(InputError):
        load_field(tmp_path)
    with pytest.raises(UsageError):
        write_field(field, tmp_path / "missing" / "field.safetensors")


@pytest.mark.parametrize(
    ("support", "normals", "match"),
    [
        (np.zeros((4, 2)), None, "support of shape"),
        (np.zeros((4, 3)), np.zeros((5, 3)), "support_normals of shape"),
        (np.full((4, 3), np.nan), None, "finite"),
    ],
)
def test_points_of_the_scan_are_checked(field, tmp_path, support, normals, match):
    path = tmp_path / "field.safetensors"
    arrays = {"support": support, "support_normals": normals}
    damaged = {name: None if a is None else a.astype(np.float32) for name, a in arrays.items()}
    write_field(dataclasses.replace(field, **damaged), path)
    with pytest.raises(InputError, match=match):
        load_field(path)


def test_files_without_normals_of_the_points_are_read(field, tmp_path):
    path = tmp_path / "field.safetensors"
    write_field(dataclasses.replace(field, support_normals=None), path)
    found = load_field(path)
    assert found.support_normals is None
    np.testing.assert_array_equal(found.support, field.support)
