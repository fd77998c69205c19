"""On a CUDA GPU the same comes out as on the processor, up to rounding. Skipped where there is none.

``GPU_TESTS_ON=cpu python -m pytest tests/test_on_a_gpu.py`` rehearses the tests themselves.
"""

import os

import numpy as np
import pytest
import torch

import sdf_siren
from sdf_siren.cli.main import main
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fields.tiles import CubicTiles
from sdf_siren.fitting import replay
from sdf_siren.fitting.refit import held_out_rows, refit
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.meshing import extract

PLACE = os.environ.get("GPU_TESTS_ON", "cuda")

pytestmark = pytest.mark.skipif(PLACE == "cuda" and not torch.cuda.is_available(), reason="needs a CUDA GPU")


def sphere(count=4000):
    normals = np.random.default_rng(0).normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return sdf_siren.PointCloud(100 + 20 * normals, normals.astype(np.float32))


@pytest.fixture(scope="module")
def fields():
    """The same short fit on both devices."""
    return {place: sdf_siren.fit_surface(sphere(), "draft", device=place) for place in ("cpu", PLACE)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_closed_forms_agree(dtype):
    network = initialise(SirenShape(3, 1, 64, 3), seed=0, first_omega=45.0, dtype=dtype)
    x = torch.rand(5000, 3, generator=torch.Generator().manual_seed(0), dtype=dtype) * 2 - 1
    there = network.to(device=PLACE)
    tolerance = {torch.float32: 2e-4, torch.float64: 1e-11}[dtype]
    for method in ("value_and_gradient", "laplacian"):
        here, found = getattr(network, method)(x), getattr(there, method)(x.to(PLACE))
        for expected, tensor in zip(here, found, strict=True):
            assert tensor.device.type == PLACE
            largest = expected.abs().max()
            torch.testing.assert_close(tensor.cpu() / largest, expected / largest, rtol=0, atol=tolerance)


def test_tiles_agree():
    generator = torch.Generator().manual_seed(0)
    places = torch.cartesian_prod(*[torch.arange(4)] * 3)
    tiles = CubicTiles(0.5, places, torch.randn(64, 20, generator=generator))
    x = torch.rand(5000, 3, generator=generator) * 2 - 1
    for method in ("value_and_gradient", "laplacian"):
        expected, found = getattr(tiles, method)(x), getattr(tiles.to(device=PLACE), method)(x.to(PLACE))
        for a, b in zip(expected, found, strict=True):
            torch.testing.assert_close(b.cpu(), a, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("noise", [0.0, 0.004])
def test_a_refit_finds_the_same_and_is_repeatable(noise):
    generator = np.random.default_rng(1)
    cloud = sphere(20_000)
    moved = cloud.points + 20 * noise * generator.normal(size=(20_000, 1)) * cloud.normals
    scan = oriented_scan(sdf_siren.PointCloud(moved, cloud.normals))
    assert scan.gauge.noisy == (noise > 0)
    network, held_out = initialise(SirenShape(width=16), seed=0), held_out_rows(20_000, 0)
    here = refit(network, scan, held_out)
    there, again = (refit(network, scan, held_out, device=PLACE) for _ in range(2))
    assert here.levels == there.levels == again.levels
    assert here.levels
    assert there.after == pytest.approx(here.after, rel=1e-3)
    x = torch.from_numpy(scan.points)
    apart = (there.field.value(x) - here.field.value(x)).abs()
    # A point that is moved by rounding may leave a tile's box.
    assert apart.mean() < 1e-6
    assert apart.max() < (1e-3 if noise else 1e-5)
    for one, other in zip(there.field.tiles, again.field.tiles, strict=True):
        assert one.coefficients.device.type == "cpu"
        assert torch.equal(one.coefficients, other.coefficients)


def test_a_fit_is_as_good_and_repeatable(fields):
    again = sdf_siren.fit_surface(sphere(), "draft", device=PLACE)
    points = sphere().points
    for place, field in fields.items():
        assert np.abs(field(points)).max() < 0.2, place  # 1 % of the radius
        assert (field(100 + (points - 100) * 0.9) < -1).all(), place
        assert (field(100 + (points - 100) * 1.1) > 1).all(), place
    for a, b in zip(again.network.parameters, fields[PLACE].network.parameters, strict=True):
        assert torch.equal(a, b)


def test_a_replayed_fit_is_the_plain_one(monkeypatch):
    def fitted():
        return sdf_siren.fit_surface(
            sphere(), "draft", device=PLACE, steps=200, refit=False
        ).network.parameters

    replayed = fitted()
    monkeypatch.setattr(replay, "RECORDED_ON", ())
    for a, b in zip(replayed, fitted(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_programs_are_recorded(monkeypatch):
    plain, made = replay.recorded, []

    def recorded(function, device):
        made.append(function)
        return plain(function, device)

    monkeypatch.setattr(replay, "recorded", recorded)
    sdf_siren.fit_surface(sphere(), "draft", device=PLACE, steps=100, refit=False)
    assert len(made) == (2 if PLACE == "cuda" else 0), "steps with and without a refresh of SOAP's bases"


def test_a_fit_resumes(fields, tmp_path):
    class Stopped(Exception):
        pass

    def stop(event):
        if event.task == "fit" and event.done >= 100:
            raise Stopped

    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Stopped):
        sdf_siren.fit_surface(sphere(), "draft", device=PLACE, checkpoint=path, progress=stop)
    resumed = sdf_siren.fit_surface(sphere(), "draft", device=PLACE, checkpoint=path, resume=True)
    for a, b in zip(resumed.network.parameters, fields[PLACE].network.parameters, strict=True):
        assert torch.equal(a, b)


def test_extraction_agrees(fields):
    field = fields["cpu"]
    here = extract(field, 64, device="cpu").mesh
    there = extract(field, 64, device=PLACE).mesh
    assert abs(len(here.faces) - len(there.faces)) <= 0.001 * len(here.faces)
    assert np.abs(np.linalg.norm(there.vertices - 100, axis=1) - 20).max() < 0.3
    if len(here.vertices) == len(there.vertices):
        np.testing.assert_allclose(there.vertices, here.vertices, atol=2e-3)


def test_an_image_is_fitted_as_well():
    y, x = np.mgrid[:48, :48] / 48
    image = (0.5 + 0.25 * np.sin(9 * x + 4 * y) + 0.2 * np.cos(14 * y)).astype(np.float32)
    for settings in ({}, {"value_weight": 0.0, "gradient_weight": 1.0}):
        reached = {}
        for place in ("cpu", PLACE):
            field = sdf_siren.fit_image(image, "draft", device=place, **settings)
            found = field.on_grid(field.frame.axes())[..., 0]
            reached[place] = -10 * np.log10(np.mean((found - image) ** 2))
        assert reached[PLACE] > reached["cpu"] - 3


def test_the_command(tmp_path):
    scan = tmp_path / "sphere.xyz"
    cloud = sphere(2000)
    np.savetxt(scan, np.concatenate([cloud.points, cloud.normals], axis=1))
    mesh = tmp_path / "sphere.ply"
    asked = [str(scan), "-o", str(mesh), "--quality", "draft", "--device", PLACE]
    assert main(asked) == 0
    assert mesh.stat().st_size > 10_000
