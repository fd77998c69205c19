"""Results in files and words."""

from __future__ import annotations

import json

import pytest

from sdf_siren.batch.outcome import JobResult, death_of, shown


def test_through_json():
    given = JobResult("a", "/in/a", "/out/a", "failed", "crash", "why", 1.5, 2, 10**9, {"faces": 3})
    assert JobResult.from_json(json.loads(json.dumps(given.to_json()))) == given


@pytest.mark.parametrize("change", [{"status": "fine"}, {"kind": "odd"}, {"more": 1}, {"measures": []}])
def test_other_documents(change):
    document = JobResult("a", "a", "a", "done").to_json() | change
    with pytest.raises(ValueError, match="not a result"):
        JobResult.from_json(document)
    with pytest.raises(ValueError, match="not a result"):
        JobResult.from_json([])


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (-9, "anything", ("killed", "the worker was killed from outside, as by a system short of memory")),
        (-6, "\n free(): bad\nmore", ("crash", "the worker crashed (signal 6, SIGABRT): free(): bad")),
        (-11, "", ("crash", "the worker crashed (signal 11, SIGSEGV)")),
        (7, "a\x1b[2Jb", ("crash", "the worker crashed (exit code 7): a\\x1b[2Jb")),
        (-63, "", ("crash", "the worker crashed (signal 63)")),
    ],
)
def test_deaths(code, words, expected):
    assert death_of(code, words) == expected


def test_names_do_no_harm_to_terminals():
    assert shown("plain é.ply") == "plain é.ply"
    assert shown("a\x1b[31m\nb\udce9") == "a\\x1b[31m\\nb\\udce9"
