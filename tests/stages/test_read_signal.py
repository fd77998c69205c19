from __future__ import annotations

from types import SimpleNamespace

import pytest

from sdf_siren.errors import InputError
from sdf_siren.signals import AUDIO, IMAGE
from sdf_siren.stages.read_signal import ReadSignal


def test_call(stand_in, context, tmp_path):
    field = SimpleNamespace(axes=IMAGE)
    calls = stand_in("sdf_siren.io", load_signal_field=field)
    calls += stand_in("sdf_siren.metrics", extract_image="signal")
    assert ReadSignal().run({}, context) == {"field": field, "signal": "signal"}
    assert calls == [("load_signal_field", (tmp_path / "scan.ply",), {})]


def test_only_images(stand_in, context):
    stand_in("sdf_siren.io", load_signal_field=SimpleNamespace(axes=AUDIO))
    with pytest.raises(InputError, match=r"the field of an image, found one along time"):
        ReadSignal().run({}, context)
