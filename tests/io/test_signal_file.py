"""Signal files: exact round trips of every network, and one clear line for everything that is not one."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from sdf_siren.errors import InputError, UsageError
from sdf_siren.fields import (
    PositionalEncoding,
    Relu,
    SignalField,
    SirenShape,
    Tanh,
    initialise,
    initialise_perceptron,
)
from sdf_siren.frames import GridFrame
from sdf_siren.io import load_field, load_signal_field, write_field, write_signal_field
from sdf_siren.signals import SampleFormat

NETWORKS = {
    "siren": initialise(SirenShape(2, 3, 12, 2, 25.0), seed=1),
    "relu": initialise_perceptron((2, 8, 8, 3), Relu(), seed=1),
    "tanh": initialise_perceptron((2, 8, 3), Tanh(), seed=1),
    "encoding": initialise_perceptron((2, 8, 3), Relu(), seed=1, encoding=PositionalEncoding(4)),
}
FORM = SampleFormat(-2.0, 5.0, 32, True, b"profile", 0.0)


def field_of(name="siren"):
    frame = GridFrame.fitting((5, 7), (1.0, 1.25))
    record = {"settings": {"smooth": True}, "source": 'naïve "photo".png', "format": FORM.to_json()}
    return SignalField(NETWORKS[name], frame, -2.0, 5.0, ("row", "column"), record)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("write", [write_field, write_signal_field])
def test_round_trip_is_exact(tmp_path, name, write):
    field, path = field_of(name), tmp_path / "f.safetensors"
    write(field, path)
    found = load_signal_field(path)
    assert (found.frame, found.low, found.high, found.axes) == (field.frame, -2.0, 5.0, field.axes)
    assert found.record == field.record
    assert SampleFormat.from_json(found.record["format"]) == FORM
    places = np.random.default_rng(0).uniform(0, 6, (30, 2))
    for one, other in zip(found.derivatives(places), field.derivatives(places), strict=True):
        np.testing.assert_array_equal(one, other)


def changed(path, change, name="siren"):
    write_signal_field(field_of(name), path)
    with safe_open(path, framework="pt") as file:
        description = json.loads(file.metadata()["sdf-siren"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    change(description, tensors)
    save_file(tensors, path, metadata={"sdf-siren": json.dumps(description)})
    return path


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("siren", lambda d, t: d.update(format="other")),
        ("siren", lambda d, t: d["architecture"].update(width=10**9)),
        ("siren", lambda d, t: d["architecture"].update(inputs=3)),
        ("siren", lambda d, t: t.pop("weights.1")),
        ("siren", lambda d, t: t["biases.0"].fill_(float("inf"))),
        ("siren", lambda d, t: t.update({"weights.1": t["weights.1"].half()})),
        ("relu", lambda d, t: t.update({name: tensor.int() for name, tensor in t.items()})),
        ("siren", lambda d, t: d.update(shape=[5])),
        ("siren", lambda d, t: d.update(shape=[5, 7, 9], step=[1, 1, 1], axes=["a", "b", "c"])),
        ("siren", lambda d, t: d.update(shape=[5.0, 7])),
        ("siren", lambda d, t: d.update(shape="57")),
        ("siren", lambda d, t: d.update(step=[1, 0])),
        ("siren", lambda d, t: d.update(low=5)),
        ("siren", lambda d, t: d.update(high="inf")),
        ("siren", lambda d, t: d.update(axes=["row"])),
        ("siren", lambda d, t: d.update(axes=[1, 2])),
        ("siren", lambda d, t: d.update(record=[])),
        ("siren", lambda d, t: d.pop("record")),
        ("siren", lambda d, t: d["record"].update(format={"low": "none"})),
        ("siren", lambda d, t: d["record"].update(format=3)),
        ("relu", lambda d, t: d["architecture"].update(activation="step")),
        ("relu", lambda d, t: d["architecture"].update(activation=["relu"])),
        ("relu", lambda d, t: d["architecture"].update(sizes=[2, 3])),
        ("relu", lambda d, t: d["architecture"].update(sizes=[2, -8, 8, 3])),
        ("relu", lambda d, t: d["architecture"].update(sizes=[2, 10**9, 10**9, 3])),
        ("relu", lambda d, t: d["architecture"].update(sizes=[2, 8, 9, 3])),
        ("relu", lambda d, t: d["architecture"].update(octaves=5)),
        ("encoding", lambda d, t: d["architecture"].update(octaves=0)),
        ("encoding", lambda d, t: d["architecture"].update(octaves=10**9)),
        ("encoding", lambda d, t: d["architecture"].update(octaves="many")),
        ("encoding", lambda d, t: d["architecture"].pop("octaves")),
    ],
)
def test_contradictions_are_refused_in_one_line(tmp_path, name, change):
    path = changed(tmp_path / "f.safetensors", change, name)
    with pytest.raises(InputError, match=r"f\.safetensors") as caught:
        load_signal_field(path)
    assert "\n" not in str(caught.value)


def test_the_other_kind_of_field_is_named(tmp_path):
    write_signal_field(field_of(), tmp_path / "f.safetensors")
    with pytest.raises(InputError, match=r"expected a field file .* found 'sdf-siren signal 1'"):
        load_field(tmp_path / "f.safetensors")


def test_no_file_and_no_folder(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_signal_field(tmp_path / "nothing.safetensors")
    (tmp_path / "text.safetensors").write_text("text")
    with pytest.raises(InputError, match="not a signal file"):
        load_signal_field(tmp_path / "text.safetensors")
    save_file({"a": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="other safetensors data"):
        load_signal_field(tmp_path / "other.safetensors")
    with pytest.raises(UsageError):
        write_signal_field(field_of(), tmp_path / "missing" / "f.safetensors")
