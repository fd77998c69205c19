"""The loop: learning rates, clipping, looks, and a minimum that it finds."""

import math

import pytest
import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import Plane, SirenShape, initialise
from sdf_siren.fitting.gradients import GradientEngine
from sdf_siren.fitting.optimizers import Soap
from sdf_siren.fitting.trainer import CHECK_EVERY, RateSchedule, Trainer, _clip
from sdf_siren.losses import Eikonal, Normal, Objective, Surface, WeightedTerm


class PlanePoints:
    """A sampler of points on the plane z = 0 with its normal, and anywhere."""

    def draw(self, generator, step=0):
        x = torch.rand(200, 3, generator=generator) * 2 - 1
        x[:, 2] = 0
        normals = Plane().value_and_gradient(x)[1]
        return {"surface": PointGroup(x, normals=normals)}


def trainer_of(steps):
    network = initialise(SirenShape(width=16, omega_0=5.0), seed=0)
    terms = (Surface(), Normal(), Eikonal(groups=("surface",)))
    objective = Objective(tuple(WeightedTerm(term, 1.0) for term in terms))
    rate = RateSchedule(3e-3, steps, warmup=5, floor=0.01)
    optimizer = Soap(network.parameters)
    engine = GradientEngine(network, objective, threads=2)
    return Trainer(network, engine, PlanePoints(), optimizer, rate, seed=0)


def test_rates_warm_up_and_decay():
    rate = RateSchedule(1.0, 100, warmup=9, floor=0.1)
    assert rate(0) == pytest.approx(0.1)
    assert rate(9) == pytest.approx(1 - 0.9 * 0.09)
    assert rate(99) == pytest.approx(1 - 0.9 * 0.99)
    assert all(rate(s) > rate(s + 1) for s in range(10, 99))
    bent = RateSchedule(1.0, 100, warmup=9, floor=0.1, power=1.5)
    assert bent(99) == pytest.approx((1 - 0.9 * 0.99) ** 1.5)
    assert [RateSchedule(1.0, 100, floor=0.1, power=1.0)(s) for s in range(100)] == [
        1.0 * (1 - (1 - 0.1) * s / 100) * min(1.0, s + 1) for s in range(100)
    ]  # to the last bit
    constant = RateSchedule(2.0, 100)
    assert {constant(s) for s in range(100)} == {2.0}


def test_the_losses_of_a_plane_vanish():
    looks = []
    trainer = trainer_of(400)
    trainer.run((lambda _, look: looks.append(look),))
    assert [look.step for look in looks] == list(range(CHECK_EVERY, 401, CHECK_EVERY))
    assert max(looks[-1].losses.values()) < 0.2 * max(looks[0].losses.values()) < 0.01
    assert trainer.losses == looks[-1].losses


def test_a_finished_trainer_does_nothing_more():
    trainer = trainer_of(3)
    trainer.run()
    before = [p.clone() for p in trainer.network.parameters]
    trainer.run()
    assert trainer.step == 3
    assert all(torch.equal(a, b) for a, b in zip(before, trainer.network.parameters, strict=True))


def test_clipping_bounds_the_norm_of_all_gradients_together():
    gradients = [torch.full((3, 4), 2.0), torch.full((5,), -1.0)]
    direction = torch.cat([g.flatten() for g in gradients])
    _clip(gradients, 1.0)
    clipped = torch.cat([g.flatten() for g in gradients])
    assert clipped.norm() == pytest.approx(1.0, rel=1e-5)
    torch.testing.assert_close(clipped * direction.norm(), direction, rtol=1e-5, atol=1e-6)
    small = [torch.full((4,), 0.1)]
    _clip(small, 1.0)
    assert small[0].norm() == pytest.approx(math.sqrt(0.04))
