from __future__ import annotations

from sdf_siren.errors import MissingLibraryError
from sdf_siren.stages.write_preview import WritePreview


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.render", write_preview=None)
    assert WritePreview().run({"mesh": "mesh", "points": "cloud"}, context) == {}
    assert calls == [("write_preview", ("mesh", tmp_path / "preview.png", "cloud"), {"views": 3, "up": "y"})]


def test_a_missing_renderer_does_not_fail_the_job(stand_in, context, said):
    stand_in("sdf_siren.render", write_preview=MissingLibraryError("apt-get install libgl1"))
    assert WritePreview().run({"mesh": "mesh"}, context) == {}
    assert said("note") == [{"text": "no preview: apt-get install libgl1"}]
