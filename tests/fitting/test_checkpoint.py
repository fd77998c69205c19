"""Checkpoints: exact, tied to their fit, and refused when damaged."""

import pytest
import torch

from sdf_siren.errors import UsageError
from sdf_siren.fitting import checkpoint

CPU = torch.device("cpu")


def test_round_trip_is_exact(tmp_path):
    state = {
        "step": torch.tensor(7),
        "weights": torch.randn(3, 4),
        "generator": torch.Generator().manual_seed(3).get_state(),
    }
    path = tmp_path / "fit.checkpoint"
    checkpoint.save(path, state, "abc")
    found = checkpoint.load(path, "abc", CPU)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert [p.name for p in tmp_path.iterdir()] == ["fit.checkpoint"]


def test_another_fit_is_refused(tmp_path):
    path = tmp_path / "fit.checkpoint"
    checkpoint.save(path, {"step": torch.tensor(1)}, "abc")
    with pytest.raises(UsageError, match="another input"):
        checkpoint.load(path, "abd", CPU)


@pytest.mark.parametrize("content", [b"", b"garbage" * 100, b"\xff" * 8 + b"{}"])
def test_damage_is_refused(tmp_path, content):
    path = tmp_path / "fit.checkpoint"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="checkpoint"):
        checkpoint.load(path, "abc", CPU)


def test_truncation_is_refused(tmp_path):
    path = tmp_path / "fit.checkpoint"
    checkpoint.save(path, {"weights": torch.randn(100)}, "abc")
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UsageError, match="damaged"):
        checkpoint.load(path, "abc", CPU)


def test_fingerprint_sees_settings_and_data():
    points = torch.zeros(3)
    base = checkpoint.fingerprint({"steps": 5, "seed": 0}, points)
    assert base == checkpoint.fingerprint({"seed": 0, "steps": 5}, points)
    assert base != checkpoint.fingerprint({"steps": 6, "seed": 0}, points)
    assert base != checkpoint.fingerprint({"steps": 5, "seed": 0}, points + 1e-6)


@pytest.mark.usefixtures("little_space")
def test_a_state_that_cannot_be_written_is_refused(tmp_path):
    path = tmp_path / "fit.checkpoint"
    with pytest.raises(UsageError, match=r"fit\.checkpoint: cannot be written \(the disk is full\)"):
        checkpoint.save(path, {"weights": torch.randn(1000)}, "abc")
    assert list(tmp_path.iterdir()) == []
