from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from sdf_siren.stages.write_field import WriteField


@dataclass(frozen=True)
class Fitted:
    record: dict[str, Any] = field(default_factory=lambda: {"seed": 1})


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.io", write_field=None)
    assert WriteField().run({"field": "field"}, context) == {}
    assert calls == [("write_field", ("field", tmp_path / "field.safetensors"), {})]


@pytest.mark.parametrize(
    ("kind", "recorded"), [("open", {"surface": "open"}), ("closed", {"surface": "closed"}), ("auto", {})]
)
def test_the_kind_of_surface_that_was_asked_for_is_kept(stand_in, context, kind, recorded):
    calls = stand_in("sdf_siren.io", write_field=None)
    WriteField().run({"field": Fitted()}, replace(context, options={"filter.surface": {"kind": kind}}))
    assert calls[0][1][0] == Fitted({"seed": 1} | recorded)
