"""A page lets nothing out and nothing in."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from test_markup import HOSTILE, read

from sdf_siren.report.markup import element, joined
from sdf_siren.report.page import LIBRARY, asset, definitions, page, section
from sdf_siren.report.viewer import SCRIPTS

HERE = Path(__file__).resolve().parents[2] / "sdf_siren" / "report"


def policy(text):
    (content,) = [dict(a)["content"] for tag, a in read(text).tags if a.get("http-equiv")]
    return dict(part.strip().split(" ", 1) for part in content.split(";"))


def test_only_what_the_page_holds_may_run():
    text = page("x", element("p", "y"), styles=("assets/style.css",), scripts=SCRIPTS)
    rules = policy(text)
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["form-action"] == rules["base-uri"] == "'none'"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        texts = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert texts
        digests = [base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in texts]
        assert rules[rule].split() == [f"'sha256-{digest}'" for digest in digests]
    assert "unsafe" not in str(rules)


def test_a_page_without_scripts_allows_none():
    assert policy(page("x", joined(), styles=("assets/style.css",)))["script-src"] == "'none'"


def test_hostile_titles():
    for title in HOSTILE:
        found = read(page(title, section(title, definitions([(title, title)])), styles=("assets/style.css",)))
        tags = [tag for tag, _ in found.tags]
        expected = ["html", "head", *["meta"] * 5, "title", "style", "body", "section", "h2"]
        assert tags == [*expected, "dl", "div", "dt", "dd", "footer"]


def test_the_library_is_the_one_that_its_readme_tells_of():
    told = re.search(r"library\.min\.js    # ([0-9a-f]{64})", asset("library/README.md"))
    assert told
    assert hashlib.sha256((HERE / LIBRARY).read_bytes()).hexdigest() == told[1]


def test_every_page_carries_the_licence_of_the_library():
    licence = (HERE / "library" / "LICENSE").read_text("utf-8").replace("©", "(c)")
    assert " ".join(licence.split()) in " ".join(asset(LIBRARY)[:2000].split())


def test_scripts_ask_nobody_and_write_no_markup():
    for path in (HERE / "assets").glob("*.js"):
        text = path.read_text("utf-8")
        assert not re.search(
            r"fetch\(|XMLHttpRequest|import\(|innerHTML|document\.write|https?:|eval\(", text
        ), path
    styles = asset("assets/style.css")
    assert "url(" not in styles
    assert "@import" not in styles
