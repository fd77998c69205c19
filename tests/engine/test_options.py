"""Options take what they declare and nothing else."""

from __future__ import annotations

import pytest

from sdf_siren.engine.options import build, expected, fields_of
from sdf_siren.errors import UsageError, nearest


@pytest.mark.parametrize(
    ("values", "name", "kept"),
    [
        ({"steps": 9}, "steps", 9),
        ({"rate": 2}, "rate", 2.0),
        ({"rate": 0.5}, "rate", 0.5),
        ({"quality": "bad"}, "quality", "bad"),
        ({"box": [1, 2.5]}, "box", (1.0, 2.5)),
        ({"box": (1, 2)}, "box", (1.0, 2.0)),
        ({"label": 'a "b"'}, "label", 'a "b"'),
        ({}, "rate", None),
    ],
)
def test_accepted(fit_stage, values, name, kept):
    value = getattr(build(fit_stage, values, "here"), name)
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"steps": "9"}, "here: fit.word.steps: expected a whole number from 1 to 100, found '9'"),
        ({"steps": 9.0}, "found 9.0"),
        ({"steps": True}, "found True"),
        ({"steps": 0}, "found 0"),
        ({"steps": 101}, "found 101"),
        ({"rate": "fast"}, "expected a number of at least 0, found 'fast'"),
        ({"rate": float("nan")}, "found nan"),
        ({"rate": float("inf")}, "found inf"),
        ({"rate": 10**400}, "found 1000"),
        ({"rate": -1e-9}, "found -1e-09"),
        ({"rate": False}, "found False"),
        ({"quality": "god"}, "expected good or bad, found 'god'"),
        ({"quality": 3}, "expected good or bad, found 3"),
        ({"box": [1]}, "expected a list of 2 numbers"),
        ({"box": [1, "x"]}, "expected a list of 2 numbers"),
        ({"box": 1}, "expected a list of 2 numbers"),
        ({"label": 5}, "expected a text, found 5"),
        ({"stepps": 5}, "here: fit.word has no option 'stepps'; did you mean steps?"),
        ({"zzz": 5}, "it takes steps, rate, quality, box, label, budget"),
        ({"use": "x"}, "has no option 'use'"),
    ],
)
def test_refused(fit_stage, values, message):
    with pytest.raises(UsageError) as caught:
        build(fit_stage, values, "here")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_options(catalogue):
    with pytest.raises(UsageError, match=r"write.text has no option 'x'; it takes none"):
        build(catalogue["write.text"], {"x": 1}, "here")


def test_described(fit_stage):
    assert list(fields_of(fit_stage)) == ["steps", "rate", "quality", "box", "label", "budget"]
    assert expected(fit_stage, "label") == "a text"


def test_nearest():
    assert nearest("fitsdf", ["fit.sdf", "read.points"]) == "did you mean fit.sdf?"
