"""Recordings: what a GPU would replay, done by a stand-in for CUDA graphs on the processor.

The stand-in calls the function again that it was given, with the batch and the plain numbers of the step it
was recorded in. So a number of a later step that is not in a tensor, or not in the program, would be missed.
"""

import numpy as np
import pytest
import torch

from sdf_siren import PointCloud
from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fitting import replay
from sdf_siren.fitting.recipe import network_of, sampler_of, trainer_of
from sdf_siren.fitting.replay import BEFORE_RECORDING, Replay
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.settings import resolve_settings
from sdf_siren.fitting.signal_network import signal_network, signal_trainer
from sdf_siren.fitting.signal_settings import resolve_signal_settings
from sdf_siren.fitting.signals import image_signal
from sdf_siren.fitting.supervision import supervision_of

CPU = torch.device("cpu")


@pytest.fixture
def recordings(monkeypatch):
    """Record on the processor too; the list of what was recorded."""
    made = []

    def recorded(function, device):
        results = []
        made.append(function)
        return lambda: results.append(function()), lambda: results[-1]()

    monkeypatch.setattr(replay, "RECORDED_ON", ("cpu",))
    monkeypatch.setattr(replay, "recorded", recorded)
    return made


def test_a_program_is_recorded_after_its_first_calls(recordings):
    calls, total = [], torch.zeros(2)

    def function(batch):
        calls.append(batch["a"])
        total.add_(batch["a"])
        return total.sum

    again = Replay(CPU)
    for number in range(6):
        batch = {"a": torch.full((2,), float(number))}
        expected = 2.0 * sum(range(number + 1))
        assert again("one", function, batch)() == expected
        assert len(recordings) == (number >= BEFORE_RECORDING)
    places = {batch.data_ptr() for batch in calls[BEFORE_RECORDING:]}
    assert len(places) == 1, "a recording reads the same memory every time"
    again("another", function, {"a": torch.ones(2)})
    assert len(recordings) == 1


def test_what_a_sampler_keeps_is_not_written_to(recordings):
    again, kept = Replay(CPU), {"group": PointGroup(torch.zeros(3, 3))}
    other = {"group": PointGroup(torch.ones(3, 3))}
    for batch in [kept] * 4 + [other]:
        again("one", lambda batch: {"sum": batch["group"].x.sum()}, batch)
    assert kept["group"].x.sum() == 0


def test_batches_of_other_kinds_are_refused(recordings):
    again = Replay(CPU)
    for _ in range(BEFORE_RECORDING + 1):
        again("one", lambda batch: {}, {"a": torch.zeros(3)})
    with pytest.raises(ValueError, match=r"shorter|longer"):
        again("one", lambda batch: {}, {"a": torch.zeros(3), "b": torch.zeros(3)})


def test_nothing_is_recorded_on_a_processor(monkeypatch):
    def fail(function, device):
        raise AssertionError("recorded")

    monkeypatch.setattr(replay, "recorded", fail)
    again = Replay(CPU)
    assert [again("one", lambda batch: batch, n) for n in range(5)] == [0, 1, 2, 3, 4]


def sphere():
    points = np.random.default_rng(0).normal(size=(3000, 3))
    return oriented_scan(PointCloud(points / np.linalg.norm(points, axis=1, keepdims=True), points))


def surface_trainer(quality, **settings):
    scan = sphere()
    settings = resolve_settings(scan.gauge, quality, steps=60, width=16, **settings)
    network = network_of(settings, 0)
    return trainer_of(settings, network, sampler_of(settings, scan, 0, CPU), seed=0)


def image_trainer(**settings):
    image = image_signal(np.random.default_rng(0).random((24, 24), dtype=np.float32))
    settings = resolve_signal_settings(image, "standard", steps=60, width=16, **settings)
    network = signal_network(settings, image, 0)
    return signal_trainer(network, supervision_of(image, settings, CPU), image, settings, 0)


TRAINERS = {
    "standard": lambda: surface_trainer("standard"),
    "schedule": lambda: surface_trainer("standard", eikonal_schedule="0:1, 0.4:1, 0.6:0.1"),
    "paper": lambda: surface_trainer("paper"),
    "values": image_trainer,
    "late terms": lambda: image_trainer(value_weight=0.0, gradient_weight=1.0, laplacian_weight=1.0),
}


@pytest.mark.parametrize("name", TRAINERS)
def test_a_replayed_fit_is_the_plain_one(name, recordings, monkeypatch):
    replayed = TRAINERS[name]()
    replayed.run()
    assert recordings
    monkeypatch.setattr(replay, "RECORDED_ON", ())
    plain = TRAINERS[name]()
    plain.run()
    assert plain.losses == replayed.losses
    found, expected = replayed.state(), plain.state()
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_a_replayed_fit_resumes(recordings):
    whole, half, rest = (surface_trainer("standard") for _ in range(3))
    whole.run()
    half.run(until=37)
    rest.restore({name: tensor.clone() for name, tensor in half.state().items()})
    rest.run()
    assert rest.step == 60
    for a, b in zip(whole.network.parameters, rest.network.parameters, strict=True):
        assert torch.equal(a, b)
