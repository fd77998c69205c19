from __future__ import annotations

from types import SimpleNamespace

from sdf_siren.errors import MissingLibraryError
from sdf_siren.stages.write_report import WriteReport


def test_call(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.report", read_record="record", write_report=None, Surface="surface")
    field = SimpleNamespace(record={"settings": {"width": 8}})
    artifacts = {"mesh": "mesh", "points": "cloud", "field": field}
    assert WriteReport(wanted=True).run(artifacts, context) == {}
    assert calls == [
        ("read_record", (tmp_path,), {"chosen": {"width": 8}}),
        ("Surface", ("mesh", "cloud"), {}),
        ("write_report", (tmp_path / "report.html", "record", "surface"), {}),
    ]


def test_only_a_mesh(stand_in, context, tmp_path):
    calls = stand_in("sdf_siren.report", read_record="record", write_report=None, Surface="surface")
    WriteReport(wanted=True).run({"mesh": "mesh"}, context)
    assert calls[0] == ("read_record", (tmp_path,), {"chosen": None})
    assert calls[1] == ("Surface", ("mesh", None), {})


def test_a_missing_library_does_not_fail_the_job(stand_in, context, said):
    missing = MissingLibraryError("apt-get install libgl1")
    stand_in("sdf_siren.report", read_record="record", write_report=missing, Surface="surface")
    assert WriteReport(wanted=True).run({"mesh": "mesh"}, context) == {}
    assert said("note") == [{"text": "no report: apt-get install libgl1"}]


def test_is_skipped_unless_wanted():
    assert WriteReport().idle
    assert not WriteReport(wanted=True).idle


def test_the_plan_says_when_it_is_not_wanted(context):
    assert WriteReport().plan({}, context) == ["nothing asked for"]
    assert WriteReport(wanted=True).plan({}, context) == []
