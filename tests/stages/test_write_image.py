from __future__ import annotations

from dataclasses import replace

import pytest

from sdf_siren.stages.write_image import WriteImage


@pytest.mark.parametrize("suffix", [".png", ".NPY"])
def test_call(stand_in, context, tmp_path, suffix):
    output = tmp_path / f"out{suffix}"
    context = replace(context, output=output, options={"extract.image": {"export": "gradient,laplacian"}})
    stand_in("sdf_siren.render", draw_map="drawn")
    calls = stand_in("sdf_siren.io", write_image=None, write_array=None, check_image_path=None)
    stage = WriteImage()
    stage.check(context)
    beside = (tmp_path / f"out_gradient{suffix}", tmp_path / f"out_laplacian{suffix}")
    assert stage.writes(context) == beside
    assert stage.run({"image": "image", "maps": {"gradient": "g", "laplacian": "l"}}, context) == {}
    if suffix == ".png":
        maps = [("write_image", ("drawn", path), {}) for path in beside]
    else:
        maps = [("write_array", (raw, path), {}) for raw, path in zip("gl", beside, strict=True)]
    assert calls == [
        ("check_image_path", (output,), {}),
        *maps,
        ("write_image", ("image", output), {}),
    ]
    assert stage.plan({}, context) == [str(output), *map(str, beside)]


def test_nothing_beside(context):
    assert WriteImage().writes(context) == ()
