from __future__ import annotations

import dataclasses
from dataclasses import replace
from types import SimpleNamespace

import pytest

from sdf_siren.engine.options import build
from sdf_siren.errors import UsageError
from sdf_siren.stages.fit_sdf import FitSdf

UNSET = {field.name: None for field in dataclasses.fields(FitSdf)} | {"quality": "standard", "mend": True}
FITTED = SimpleNamespace(record={})
CALLED = {"fit_surface": FITTED, "findings": ({}, ()), "turned_along": "turned"}


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.fitting", **CALLED)
    given = FitSdf(steps=9, quality="draft").run({"points": "cloud"}, context)
    assert given == {"field": FITTED, "points": "turned"}
    run = {
        "seed": 5,
        "device": "cpu",
        "progress": context.progress,
        "checkpoint": tmp_path / "fit.checkpoint",
        "resume": True,
    }
    assert calls[0] == ("fit_surface", ("cloud",), UNSET | {"steps": 9, "quality": "draft"} | run)
    assert calls[1:] == [("findings", (FITTED,), {}), ("turned_along", ("cloud", FITTED), {})]


def test_no_checkpoint_without_a_folder(stand_in, context):
    calls = stand_in("sdf_siren.fitting", **CALLED)
    FitSdf().run({"points": "cloud"}, replace(context, folder=None))
    assert calls[0][2]["checkpoint"] is None


def test_what_the_fit_came_to_is_said_and_recorded(stand_in, context, said):
    found = ({"refit": {"tiles": 5}}, ("five cubics", "a patch was turned"))
    stand_in("sdf_siren.fitting", **CALLED | {"findings": found})
    FitSdf().run({"points": "cloud"}, context)
    assert said("note") == [{"text": "five cubics"}, {"text": "a patch was turned"}]
    assert said("measures") == [{"refit": {"tiles": 5}}]


def test_seconds_are_settled_as_quality_and_steps(stand_in, context):
    calls = stand_in("sdf_siren.fitting", settings_within={"quality": "high", "steps": 5432})
    stage = FitSdf(seconds=60.0, width=64)
    assert stage.settled({"points": "cloud"}, context) == FitSdf(quality="high", steps=5432, width=64)
    given = UNSET | {"seconds": 60.0, "width": 64, "device": "cpu"}
    assert calls == [("settings_within", ("cloud",), given)]


def test_seconds_of_the_run_are_settled_too(stand_in, context):
    calls = stand_in("sdf_siren.fitting", settings_within={"quality": "high", "steps": 5432})
    settled = FitSdf(run_seconds=90.0).settled({"points": "cloud"}, context)
    assert settled == FitSdf(quality="high", steps=5432)
    assert calls[0][2] == UNSET | {"run_seconds": 90.0, "device": "cpu"}


@pytest.mark.parametrize(
    ("options", "mend"),
    [({}, True), ({"mode": "auto"}, True), ({"mode": "keep"}, False), ({"viewpoint": (0, 0, 1)}, False)],
)
def test_sides_that_were_given_are_not_mended(stand_in, context, options, mend):
    calls = stand_in("sdf_siren.fitting", **CALLED)
    FitSdf().run({"points": "cloud"}, replace(context, options={"filter.normals": options}))
    FitSdf(mend=False).run({"points": "cloud"}, context)
    assert [call[2]["mend"] for call in calls if call[0] == "fit_surface"] == [mend, False]


def test_nothing_to_settle(context):
    assert FitSdf(steps=3).settled({}, context) == FitSdf(steps=3)


def test_options_are_settings_of_the_fit():
    from sdf_siren.fitting import SurfaceSettings

    assert set(UNSET) - {"seconds", "run_seconds"} <= {
        field.name for field in dataclasses.fields(SurfaceSettings)
    }


def test_plan(stand_in, context):
    settings = SimpleNamespace(steps=2000, width=96, depth=3, detail=2.0)
    cost = SimpleNamespace(seconds=12.3, bytes=250e6, device="cuda")
    calls = stand_in(
        "sdf_siren.fitting", choose_settings=settings, estimate_cost=cost, detail_sentence="fine detail"
    )
    assert FitSdf(steps=2000).plan({"points": (1, 2, 3)}, context) == [
        "fine detail",
        "network of 4 sine layers of 96, 2,000 steps",
        "about 12 s and 250 MB on cuda",
    ]
    assert calls == [
        ("choose_settings", ((1, 2, 3),), UNSET | {"steps": 2000}),
        ("estimate_cost", (settings, 3, "cpu"), {}),
        ("detail_sentence", ((1, 2, 3), 2.0), {}),
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("detail", 0, "a number from 0.1 to 10"),
        ("detail", 11, "a number from 0.1 to 10"),
        ("omega_0", 0, "a number above 0"),
        ("learning_rate", 0, "a number above 0"),
        ("seconds", 0, "a number above 0"),
        ("run_seconds", -1, "a number above 0"),
    ],
)
def test_what_a_fit_would_refuse_is_refused_at_once(name, value, expected):
    with pytest.raises(UsageError, match=f"fit.sdf.{name}: expected {expected}, found {value}"):
        build(FitSdf, {name: value}, "here")
