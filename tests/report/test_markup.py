"""Nothing from a file is ever more than text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdf_siren.report.markup import Markup, data_block, element, escaped, joined

HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "\" onmouseover='alert(1)",
    "a\u2028b\u2029c",
    "\u202egpj.exe",
    "\u2066x\u2069",
    "\udcff.ply",
    "\x00\x1b[31m",
    "<!--",
    "]]>",
    "&lt;&amp;",
]


class Reader(HTMLParser):
    """Collects what a browser would make of markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


def read(markup: str) -> Reader:
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


def visible(text: str) -> str:
    """What is to be seen of a text: the escaping of HTML undone."""
    return read(element("p", escaped(text))).text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text):
    found = read(element("p", text, title=text))
    assert [tag for tag, _ in found.tags] == ["p"]
    assert found.tags[0][1] == {"title": found.text}
    assert found.text.isprintable()


@given(st.text())
def test_any_text_comes_back_but_for_what_is_not_seen(text):
    found = read(element("p", text, title=text))
    assert [tag for tag, _ in found.tags] == ["p"]
    pieces = re.split(r"\\u([0-9a-f]{4,6})", found.text)
    kept = "".join(c for c in text if c.isprintable() or c in "\t\n")
    assert len(found.text) >= len(kept)
    if text.isprintable() and "\\u" not in text:
        assert pieces == [text]
    assert not set(found.text) & set("\x00\u2028\u2029\u202e\u2066")
    element("p", text).encode("utf-8")  # never half a surrogate


def test_the_direction_of_what_follows_cannot_be_turned():
    assert escaped("\u202egpj.exe") == "\\u202egpj.exe"


def test_children_attributes_and_void_elements():
    assert element("p", "a<b", element("br"), None, 3, class_="x y", data_view="a", hidden=True, id=None) == (
        '<p class="x y" data-view="a" hidden>a&lt;b<br>3</p>'
    )
    assert joined("&", Markup("<i>")) == "&amp;<i>"


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_data_come_back_and_cannot_end_their_block(value):
    block = data_block("x", value)
    inner = block.removeprefix('<script type="application/json" id="x">').removesuffix("</script>")
    assert not set("<>&\u2028\u2029") & set(inner)
    assert inner.isascii()
    assert json.loads(inner) == value


def test_data_are_finite():
    with pytest.raises(ValueError, match="JSON"):
        data_block("x", float("nan"))
