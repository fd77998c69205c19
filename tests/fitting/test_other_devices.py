"""Loop and refit on a device that is not the processor: in the loop nothing is read back or sent, and in
neither anything mixed.

There need not be a GPU. A tensor on torch's ``meta`` device has a shape and a type but no numbers: whatever
asks for a number raises, and so does an operation that mixes it with tensors of the processor. What runs
there between two looks therefore does not wait for a GPU either. The refit needs numbers: how many tiles
there are depends on them. It has them on the device of :mod:`pretended_device`.
"""

import contextlib

import numpy as np
import pytest
import torch
from pretended_device import PRETENDED, Pretended, pretended_device
from torch.utils._python_dispatch import TorchDispatchMode
from torus_scans import torus_scan

from sdf_siren import PointCloud
from sdf_siren.fields import SirenShape, initialise
from sdf_siren.fitting.cubics import MEMBER, solved
from sdf_siren.fitting.optimizers import Adam
from sdf_siren.fitting.recipe import network_of, sampler_of, trainer_of
from sdf_siren.fitting.refit import held_out_rows, refit
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.settings import resolve_settings
from sdf_siren.fitting.signal_network import BETAS, signal_network, signal_trainer
from sdf_siren.fitting.signal_settings import resolve_signal_settings
from sdf_siren.fitting.signals import image_signal
from sdf_siren.fitting.supervision import supervision_of
from sdf_siren.fitting.trainer import CHECK_EVERY
from sdf_siren.frames import GridFrame
from sdf_siren.signals.blocks import Blocks, blocks_at

META = torch.device("meta")
STEPS = 12
"""Enough for the optimizer's dearer steps."""


class _Sent(TorchDispatchMode):
    """Refuses to copy numbers from the processor to another device."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        places = {a.device.type for a in args if isinstance(a, torch.Tensor) and a.ndim}
        if isinstance(found, torch.Tensor):
            places.add(found.device.type)
        assert places <= {"meta"} or places <= {"cpu"}, f"{function} between {sorted(places)}"
        return found


@contextlib.contextmanager
def nothing_sent(monkeypatch):
    """Nothing may cross to the device, by a copy or by a new tensor of Python's numbers."""
    plain = torch.tensor

    def tensor(*args, device=None, **kwargs):
        assert torch.device(device or "cpu").type == "cpu", (
            "a tensor on the device was made of Python's numbers"
        )
        return plain(*args, device=device, **kwargs)

    with monkeypatch.context() as patch, _Sent():
        patch.setattr(torch, "tensor", tensor)
        yield


def made_without_generator(monkeypatch, make):
    """There are no generators of the meta device; one of the processor does for numbers that are not."""
    plain = torch.Generator
    with monkeypatch.context() as patch:
        patch.setattr(torch, "Generator", lambda device=None: plain())
        return make()


@pytest.fixture(scope="module")
def scan():
    points = np.random.default_rng(0).normal(size=(3000, 3))
    points[:, 2] = abs(points[:, 2])
    points[:300, 2] *= -1  # nine of ten points on one half, so that they are drawn by area
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    found = oriented_scan(PointCloud(points, points))
    assert found.uneven
    return found


@pytest.mark.parametrize("quality", ["standard", "paper"])
def test_a_surface_step_stays_on_the_device(scan, quality, monkeypatch):
    settings = resolve_settings(scan.gauge, quality, steps=2 * CHECK_EVERY)
    network = network_of(settings, 0).to(device=META)
    sampler = sampler_of(settings, scan, 0, META)
    trainer = made_without_generator(monkeypatch, lambda: trainer_of(settings, network, sampler, seed=0))
    with nothing_sent(monkeypatch):
        for _ in range(STEPS):
            trainer._one_step(())
    assert trainer.step == STEPS
    assert all(p.device == META for p in network.parameters)


def test_the_meta_device_notices_what_it_should(monkeypatch):
    number = torch.ones(3, device=META)
    with pytest.raises(RuntimeError, match="meta"):
        float(number.sum())
    with pytest.raises(RuntimeError):
        _ = number + torch.ones(3)
    with nothing_sent(monkeypatch):
        with pytest.raises(AssertionError, match="between"):
            torch.ones(3).to(META)
        with pytest.raises(AssertionError, match="Python's numbers"):
            torch.tensor([1.0], device=META)


SUPERVISION = {
    "values": {},
    "smooth": {"smooth": True},
    "stencils": {"value_weight": 0.0, "gradient_weight": 1.0, "laplacian_weight": 1.0},
    "spectral": {
        "value_weight": 1.0,
        "gradient_weight": 1.0,
        "laplacian_weight": 1.0,
        "derivative": "spectral",
    },
}


@pytest.mark.parametrize("told", SUPERVISION)
def test_a_signal_step_stays_on_the_device(told, monkeypatch):
    image = image_signal(np.random.default_rng(0).random((24, 24), dtype=np.float32))
    settings = resolve_signal_settings(image, "standard", steps=60, **SUPERVISION[told])
    network = signal_network(settings, image, 0).to(device=META)
    supervision = supervision_of(image, settings, META)
    trainer = made_without_generator(
        monkeypatch, lambda: signal_trainer(network, supervision, image, settings, 0)
    )
    drawn = [trainer._sampler.draw(trainer._generator, step) for step in range(STEPS)]
    batches = [Blocks(b.samples.to(META), b.side, b.x.to(META)) for b in drawn]
    optimizer = Adam(network.parameters, BETAS)
    with nothing_sent(monkeypatch):
        for step, batch in enumerate(batches):
            gradients, losses = trainer._engine(batch, 1 - step / (2 * STEPS))
            optimizer.step(gradients, 1e-3, step)
    assert losses()
    assert all(loss.device == META for loss in losses().values())


def test_the_batches_of_a_signal_are_made_where_their_corners_are(monkeypatch):
    frame = GridFrame((24, 30), (0.08, 0.06))
    corners = torch.zeros(5, 2, dtype=torch.int64, device=META)
    with nothing_sent(monkeypatch):
        blocks = blocks_at(corners, (3, 4), frame)
    assert blocks.x.device == META
    assert blocks.x.shape == (60, 2)


def test_the_equations_of_tiles_are_solved_without_a_wait(monkeypatch):
    members = torch.zeros(5, 7, MEMBER, device=META)
    centres = torch.zeros(5, 3, dtype=torch.float64, device=META)
    solved(members.double(), centres, 0.1, 0.5)  # the constants are sent once
    with nothing_sent(monkeypatch):
        coefficients, failed = solved(members.double(), centres, 0.1, 0.5)
    assert coefficients.device == failed.device == META
    assert coefficients.shape == (5, 20)


REFITTED = {
    "clean": {"count": 3000},
    "noisy": {"count": 3000, "noise": 0.004, "normal_noise": 0.2},
    "uneven": {"count": 6000, "sparse_half": 0.05},
}


@pytest.mark.parametrize("kind", REFITTED)
def test_a_refit_finds_the_same_on_a_device(kind, monkeypatch):
    scan, network = torus_scan(**REFITTED[kind]), initialise(SirenShape(width=16), seed=0)
    held_out = held_out_rows(len(scan.points), 0)
    here = refit(network, scan, held_out)
    with pretended_device(monkeypatch):
        there = refit(network, scan, held_out, device=PRETENDED)
    assert there.levels == here.levels
    assert here.levels
    assert there.before == pytest.approx(here.before)
    assert there.after == pytest.approx(here.after, rel=1e-5)
    for expected, tiles in zip(here.field.tiles, there.field.tiles, strict=True):
        assert not isinstance(tiles.coefficients, Pretended)
        assert torch.equal(tiles.places, expected.places)
        torch.testing.assert_close(tiles.coefficients, expected.coefficients, rtol=1e-4, atol=1e-6)


def test_the_pretended_device_notices_what_it_should(monkeypatch):
    with pretended_device(monkeypatch):
        there = torch.ones(3).to(PRETENDED)
        assert there.device == PRETENDED
        assert there.tolist() == there.to("cpu").tolist() == [1, 1, 1]
        assert isinstance(torch.arange(3, device=PRETENDED) + there, Pretended)
        for mixed in (
            lambda: there + torch.ones(3),
            lambda: there[[0, 2]],
            lambda: torch.ones(3).index_add_(0, torch.tensor([0]), there[:1]),
            lambda: torch.zeros(3).copy_(there),
        ):
            with pytest.raises(AssertionError, match="between"):
                mixed()
