"""What is written is what the standard library reads."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.engine.toml_text import table_text, value_text

scalars = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=("Cs",))),
)


@given(st.one_of(scalars, st.lists(scalars)))
def test_value_round_trip(value):
    read = tomllib.loads(f"value = {value_text(value)}")["value"]
    assert read == value
    assert type(read) is type(value)


@given(st.dictionaries(st.from_regex(r"[A-Za-z0-9_-]+", fullmatch=True), scalars))
def test_table_round_trip(values):
    assert tomllib.loads(table_text(values)) == values


def test_none_is_left_out():
    assert table_text({"steps": None, "width": 3}) == "width = 3\n"


@pytest.mark.parametrize("value", [None, {}, object(), [{}]])
def test_no_spelling(value):
    with pytest.raises(TypeError, match="no TOML spelling"):
        value_text(value)
