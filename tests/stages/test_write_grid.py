from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.stages.write_grid import WriteGrid


@pytest.mark.parametrize("suffix", [".npz", ".vti"])
def test_files(stand_in, context, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    context = replace(context, output=output)
    calls = stand_in("sdf_siren.io", write_grid=None, check_grid_path=None)
    stage = WriteGrid()
    stage.check(context)
    problem = SimpleNamespace(domain=SimpleNamespace(dimension=4))
    assert stage.settled({"problem": problem}, context) is stage
    assert stage.run({"grid": "grid"}, context) == {}
    assert calls == [
        ("check_grid_path", (output,), {}),
        ("check_grid_path", (output, 4), {}),
        ("write_grid", ("grid", output), {}),
    ]
    assert stage.plan({}, context) == [str(output)]


def test_pictures(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.render", write_sheet=None)
    output = tmp_path / "out.PNG"
    WriteGrid().run({"grid": "grid"}, replace(context, output=output))
    assert calls == [("write_sheet", ("grid", output), {})]
