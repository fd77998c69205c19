"""Strict tables: what is refused, and in which words."""

from __future__ import annotations

import pytest

from sdf_siren.errors import InputError
from sdf_siren.io.tables import Table, parse_table, read_table


def table(**values):
    return Table(values, "file.toml")


def refused(call, *words):
    with pytest.raises(InputError) as caught:
        call()
    for word in ("file.toml", *words):
        assert word in str(caught.value), str(caught.value)
    assert "\n" not in str(caught.value)


def test_values_come_back():
    given = table(a="text", b=2, c=[1, 2.5], d=["x", "y"], e={"f": 1}, g=[{"h": 1}], p=[[0, 1], [2, 3]])
    given.only("a", "b", "c", "d", "e", "g", "p")
    assert given.text("a") == "text"
    assert given.choice("a", ("text", "other")) == "text"
    assert given.number("b", above=1) == 2.0
    assert given.numbers("c") == [1, 2.5]
    assert given.names("d") == ["x", "y"]
    assert given.names("a") == ["text"]
    assert given.table("e").values == {"f": 1}
    assert [t.where for t in given.tables("g")] == ["file.toml: g 1"]
    assert given.points("p") == [[0, 1], [2, 3]]


def test_defaults():
    assert table().text("a", "else") == "else"
    assert table().number("b", 5.0) == 5.0
    assert table().names("c", ["start"]) == ["start"]
    assert table().tables("d") == []
    assert table().formula("e", ["x"]) is None


@pytest.mark.parametrize("value", [True, "1", float("nan"), float("inf"), 10**400, [1]])
def test_no_number(value):
    refused(lambda: table(radius=value).number("radius"), "radius", "expected a number")


def test_out_of_range():
    refused(lambda: table(radius=0).number("radius", above=0), "above 0", "found 0")


@pytest.mark.parametrize("value", [1, [], [True], ["1"], "1, 2"])
def test_no_numbers(value):
    refused(lambda: table(low=value).numbers("low"), "low", "list of numbers")


@pytest.mark.parametrize("value", [1, [], [1]])
def test_no_names(value):
    refused(lambda: table(on=value).names("on"), "on", "name")


def test_missing():
    refused(lambda: table().text("a"), "a: expected a text, found nothing")
    refused(lambda: table().table("domain"), "[domain]")
    refused(lambda: table().choice("kind", ("one", "two")), "found nothing", "one, two")


def test_nearest():
    refused(lambda: table(sauce=1).only("source", "domain"), "'sauce'", "did you mean source?")
    refused(lambda: table(kind="dirichelt").choice("kind", ("dirichlet", "robin")), "did you mean dirichlet?")


def test_formulas():
    assert str(table(a="x+1").formula("a", ["x"])) == "x + 1"
    assert not table(a=3).formula("a", ["x"], complex=True).complex
    assert table(a="i*x").formula("a", ["x"], complex=True).complex
    refused(lambda: table(a="i*x").formula("a", ["x"]), "a: ", "imaginary")
    refused(lambda: table(a="w").formula("a", ["x"]), "a: ", "w")
    refused(lambda: table(a=[1]).formula("a", ["x"]), "a formula or a number")


def test_long_values_are_cut():
    with pytest.raises(InputError) as caught:
        table(a="y" * 5000).number("a")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["a = ", "a = " + "[" * 100_000, "[a\n", "a = 1\na = 2"])
def test_no_toml(text):
    refused(lambda: parse_table(text, "file.toml"), "expected TOML")


def test_files(tmp_path):
    path = tmp_path / "file.toml"
    path.write_text("a = 1\n")
    found, text = read_table(path)
    assert found.values == {"a": 1}
    assert text == "a = 1\n"
    path.write_bytes(b"\xef\xbb\xbfa = 1")  # with a byte order mark
    assert read_table(path)[0].values == {"a": 1}
    path.write_bytes(b'a = "\xff"')
    refused(lambda: read_table(path), "UTF-8")
    path.write_text("#" * 1_000_001)
    refused(lambda: read_table(path), "at most 1000000 bytes")
