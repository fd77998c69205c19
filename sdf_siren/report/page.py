"""A page: one file that needs nothing else and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

import sdf_siren
from sdf_siren.report.markup import Markup, element

_HERE = Path(__file__).resolve().parent

LIBRARY = "library/library.min.js"
"""three.js, by its path in this package; ``library/README.md`` tells where it is from."""


@cache
def asset(name: str) -> str:
    """The text of a file of this package."""
    return (_HERE / name).read_text("utf-8")


def page(title: str, body: Markup, *, styles: tuple[str, ...], scripts: tuple[str, ...] = ()) -> str:
    """A whole document.

    The policy in its head lets the browser run the scripts and styles of this package, known by their hashes,
    and show pictures that the page itself holds. Everything else is forbidden, requests of any kind above
    all, so that even markup that got past the escaping could do nothing.

    Args:
        title: a text.
        body: what is between the header and the footer.
        styles: files of this package, in order.
        scripts: the same; they run after ``body`` has been read.
    """
    sheets = [asset(name) for name in styles]
    programs = [asset(name) for name in scripts]
    for text in (*sheets, *programs):
        # Nothing in an element of this kind is escaped; what would end it early must not be in it.
        assert "</s" not in text.lower(), "write <\\/ in scripts"
    policy = (
        "default-src 'none'; img-src data:; "
        f"style-src {_hashes(sheets)}; script-src {_hashes(programs) or chr(39) + 'none' + chr(39)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        *[element("style", Markup(text)) for text in sheets],
    )
    footer = element("footer", f"sdf-siren {sdf_siren.__version__}. This page works without a network.")
    last = [element("script", Markup(text)) for text in programs]
    document = element("html", head, element("body", body, footer, *last), lang="en")
    return f"<!doctype html>\n{document}\n"


def _hashes(texts: list[str]) -> str:
    digests = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts]
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def definitions(rows: list[tuple[str, object]]) -> Markup:
    """Names and values, one below the other; a value of None is left out."""
    pairs = [
        element("div", element("dt", name), element("dd", value)) for name, value in rows if value is not None
    ]
    return element("dl", *pairs)


def section(title: str, *content: object) -> Markup:
    """A part of a page under its own heading."""
    return element("section", element("h2", title), *content)
