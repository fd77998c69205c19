from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sdf_siren.errors import UsageError
from sdf_siren.stages.edit_image import EditImage

EDIT = SimpleNamespace(cut=3, stays=np.array([[True, False], [True, True]]))


def test_call(stand_in, context, said):
    calls = stand_in("sdf_siren.io", read_edit=EDIT)
    stage = EditImage(source="s.png", mask="m.png", offset=(7, -2), guidance="mixed")
    stage.check(context)
    assert stage.reads(context) == (Path("s.png"), Path("m.png"))
    assert stage.run({"signal": "signal"}, context) == {"edit": EDIT}
    given = {"source": "s.png", "mask": "m.png", "mix": None, "offset": (-2, 7), "guidance": "mixed"}
    assert calls == [("read_edit", ("signal",), given)]
    (note,) = said("note")
    assert "3 pixels of the mask stay" in note["text"]
    assert stage.plan({"edit": EDIT}, context) == ["1 of 4 pixels change"]


def test_mix(stand_in, context, said):
    stand_in("sdf_siren.io", read_edit=SimpleNamespace(cut=0))
    stage = EditImage(mix="other.png")
    stage.check(context)
    assert stage.reads(context) == (Path("other.png"),)
    stage.run({"signal": "signal"}, context)
    assert said("note") == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "found no source"),
        ({"source": "s.png"}, "found no mask"),
        ({"mask": "m.png"}, "found no source"),
        ({"mix": "o.png", "source": "s.png", "mask": "m.png"}, "leave out"),
        ({"mix": "o.png", "offset": (1, 2)}, "leave out"),
    ],
)
def test_what_is_missing_or_too_much(context, options, message):
    with pytest.raises(UsageError, match=message):
        EditImage(**options).check(context)
