from __future__ import annotations

from types import SimpleNamespace

import pytest

from sdf_siren.stages.write_page import WritePage


@pytest.mark.parametrize(("shape", "kind"), [((4, 6), "image"), ((9,), "preview"), ((3, 4, 6), "preview")])
def test_call(stand_in, context, tmp_path, shape, kind):
    calls = stand_in(
        "sdf_siren.report", read_record="record", write_report=None, FittedImage="image", Preview="preview"
    )
    signal = SimpleNamespace(shape=shape)
    field = SimpleNamespace(record={"settings": {"width": 8}})
    assert (
        WritePage(wanted=True).run({"field": field, "signal": signal, "likeness": "likeness"}, context) == {}
    )
    assert calls[0][1:] == ((signal, "likeness") if kind == "image" else (), {})
    assert calls[1:] == [
        ("read_record", (tmp_path,), {"chosen": {"width": 8}}),
        ("write_report", (tmp_path / "report.html", "record", kind), {}),
    ]


def test_is_skipped_unless_wanted():
    assert WritePage().idle
    assert not WritePage(wanted=True).idle


def test_the_plan_says_when_it_is_not_wanted(context):
    assert WritePage().plan({}, context) == ["nothing asked for"]
    assert WritePage(wanted=True).plan({}, context) == []
