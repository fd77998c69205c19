from __future__ import annotations

from types import SimpleNamespace

import pytest

from sdf_siren.stages.write_sheet import WriteSheet


@pytest.mark.parametrize("thinned", [False, True])
def test_call(stand_in, context, said, tmp_path, thinned):
    calls = stand_in("sdf_siren.render", write_likeness=None)
    read = stand_in("sdf_siren.report", read_record=SimpleNamespace(decibels=((50, 20.0),)))
    artifacts = {
        "signal": SimpleNamespace(format="format"),
        "likeness": SimpleNamespace(true="true", found="found", psnr=33.0, thinned=thinned),
    }
    assert WriteSheet().run(artifacts, context) == {}
    assert read == [("read_record", (tmp_path,), {})]
    given = {"psnr": 33.0, "curve": ((50, 20.0),)}
    assert calls == [("write_likeness", (tmp_path / "preview.png", "true", "found", "format"), given)]
    assert len(said("note")) == thinned
