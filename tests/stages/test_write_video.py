from __future__ import annotations

from sdf_siren.stages.write_video import WriteVideo


def test_call(stand_in, context):
    calls = stand_in("sdf_siren.io", write_video=None, check_video_path=None)
    stage = WriteVideo()
    stage.check(context)
    assert stage.run({"image": "signal"}, context) == {}
    assert calls == [
        ("check_video_path", (context.output,), {}),
        ("write_video", ("signal", context.output), {}),
    ]
    assert stage.plan({}, context) == [str(context.output)]
