from __future__ import annotations

import dataclasses
import inspect
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.errors import UsageError
from sdf_siren.stages.fit_image import FitImage

SIGNAL = SimpleNamespace(shape=(6, 8))
UNSET = {f.name: f.default for f in dataclasses.fields(FitImage) if f.name != "seconds"}
FIELD, FIGURES = object(), {"parameters": 12, "held_out_psnr": 31.5}


def larger(context, **options):
    return replace(context, options={"extract.image": options})


def test_call(stand_in, context, said, tmp_path):
    calls = stand_in("sdf_siren.fitting", fit_signal=FIELD, fit_figures=FIGURES)
    assert FitImage(width=9).run({"signal": SIGNAL, "edit": "edit"}, context) == {"field": FIELD}
    (name, args, given), beside = calls
    assert beside == ("fit_figures", (SIGNAL, FIELD), {})
    assert (name, args) == ("fit_signal", (SIGNAL,))
    assert given == UNSET | {
        "width": 9,
        "edit": "edit",
        "seed": 5,
        "device": "cpu",
        "progress": context.progress,
        "checkpoint": tmp_path / "fit.checkpoint",
        "resume": True,
    }
    assert said("measures") == [FIGURES]
    assert said("note") == []


def test_without_edit_and_folder(stand_in, context):
    calls = stand_in("sdf_siren.fitting", fit_signal=FIELD, fit_figures=FIGURES)
    FitImage().run({"signal": SIGNAL}, replace(context, folder=None))
    assert calls[0][2]["edit"] is None
    assert calls[0][2]["checkpoint"] is None


def test_another_size_is_smooth_and_says_so(stand_in, context, said):
    calls = stand_in("sdf_siren.fitting", fit_signal=FIELD, fit_figures=FIGURES)
    FitImage().run({"signal": SIGNAL}, larger(context, size="16x12"))
    assert calls[0][2]["smooth"] is True
    (note,) = said("note")
    assert note["text"].startswith("smooth, because")


def test_asked_to_be_smooth_says_nothing(stand_in, context, said):
    stand_in("sdf_siren.fitting", fit_signal=FIELD, fit_figures=FIGURES)
    FitImage(smooth=True).run({"signal": SIGNAL}, larger(context, size="16x12"))
    assert said("note") == []


@pytest.mark.parametrize(
    "options", [{}, {"size": "8x6"}, {"region": (1.0, 2.0, 5.0, 6.0)}, {"region": (0.0, 0.0, 8.0, 6.0)}]
)
def test_the_samples_themselves_are_not_smooth(stand_in, context, options):
    calls = stand_in("sdf_siren.fitting", fit_signal=FIELD, fit_figures=FIGURES)
    FitImage().run({"signal": SIGNAL}, larger(context, **options))
    assert calls[0][2]["smooth"] is None


@pytest.mark.parametrize("options", [{"size": "9x6"}, {"region": (0.5, 0.0, 8.0, 6.0)}, {"size": "4x3"}])
def test_not_smooth_is_refused_before_the_work(context, options):
    with pytest.raises(UsageError, match=r"fit\.image\.smooth=false"):
        FitImage(smooth=False).settled({"signal": SIGNAL}, larger(context, **options))


def test_seconds_are_settled_as_steps(stand_in, context):
    calls = stand_in("sdf_siren.fitting", signal_settings_within={"steps": 321})
    stage = FitImage(seconds=30.0, psnr=40.0)
    assert stage.settled({"signal": SIGNAL}, context) == FitImage(steps=321, psnr=40.0)
    given = UNSET | {"psnr": 40.0, "device": "cpu"}
    assert calls == [("signal_settings_within", (SIGNAL, 30.0), given)]


def test_nothing_to_settle(context):
    assert FitImage(steps=3).settled({"signal": SIGNAL}, context) == FitImage(steps=3)


def test_options_are_settings_of_the_fit():
    from sdf_siren.fitting import SignalSettings, fit_signal

    fields = {field.name for field in dataclasses.fields(SignalSettings)}
    assert set(UNSET) == fields | {"psnr", "parameters"}
    taken = set(inspect.signature(fit_signal).parameters)
    assert {"quality", "psnr", "parameters", "edit", "seed", "device", "checkpoint", "resume"} <= taken


def test_plan(stand_in, context):
    calls = stand_in("sdf_siren.fitting", signal_plan=["a siren", "a second"])
    assert FitImage(steps=2000).plan({"signal": SIGNAL}, context) == ["a siren", "a second"]
    assert calls == [("signal_plan", (SIGNAL, "cpu"), UNSET | {"steps": 2000})]
