from __future__ import annotations

from sdf_siren.stages.write_audio import WriteAudio


def test_call(stand_in, context):
    calls = stand_in("sdf_siren.io", write_audio=None, check_audio_path=None)
    stage = WriteAudio()
    stage.check(context)
    assert stage.run({"image": "signal"}, context) == {}
    assert calls == [
        ("check_audio_path", (context.output,), {}),
        ("write_audio", ("signal", context.output), {}),
    ]
    assert stage.plan({}, context) == [str(context.output)]
