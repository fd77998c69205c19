"""The comparison of networks: the same size, the same measure, the truth first."""

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.fitting import signal_comparison
from sdf_siren.fitting.signal_comparison import NAMES, compare_networks
from sdf_siren.signals import AUDIO, IMAGE, Signal
from sdf_siren.signals.fidelity import psnr


@pytest.fixture(scope="module")
def signal():
    r, c = np.meshgrid(np.arange(24), np.arange(20), indexing="ij")
    return Signal((0.5 + 0.4 * np.sin(r / 3) * np.cos(c / 4))[..., None], IMAGE)


def test_all_are_fitted_alike(signal, monkeypatch):
    monkeypatch.setattr(signal_comparison, "seconds_per_step", lambda *_: 0.01)
    seen = []
    portraits, curves = compare_networks(signal, 1.0, report=seen.append, width=24, depth=2)
    assert [p.name for p in portraits] == ["truth", *NAMES.values()]
    assert portraits[1:] == seen
    assert list(curves) == list(NAMES.values())
    counts = [p.parameters for p in portraits[1:]]
    assert max(counts) < 1.1 * min(counts)
    for portrait in portraits[1:]:
        assert portrait.steps == 100
        assert portrait.psnr[0] == pytest.approx(psnr(portrait.value, signal.samples, 1.0), abs=1e-6)
        seconds, decibels = np.array(curves[portrait.name]).T
        assert (np.diff(seconds) > 0).all()
        assert len(decibels) == 2
    assert not portraits[2].laplacian.any()  # a ReLU network's is zero wherever it exists
    assert portraits[1].laplacian.any()


def test_only_images_are_compared():
    with pytest.raises(UsageError, match="a comparison needs an image"):
        compare_networks(Signal(np.zeros((5, 1)), AUDIO), 1.0)
