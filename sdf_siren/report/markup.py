"""HTML of which every text is escaped unless it was made here.

Names, comments and messages come from files, and files are not trusted: a scan may be called
``<img src=x onerror=...>``. So pages are built of :func:`element`, whose children are texts, escaped, or
:class:`Markup`, which only this module and constants of the program make.
"""

from __future__ import annotations

import html
import json
import unicodedata
from typing import Any

VOID = frozenset({"br", "col", "hr", "img", "input", "link", "meta"})
"""Elements without an end."""

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what is not seen but acts: controls, marks of direction, halves of surrogates,
separators of lines."""


class Markup(str):
    """HTML that is meant as such."""

    __slots__ = ()


def escaped(value: object) -> Markup:
    """The text of ``value`` so that HTML shows it, in an element or in a quoted attribute.

    Characters that act without being seen, such as those that turn the direction of what follows, are
    shown by their number; tabs and line breaks are left.
    """
    if isinstance(value, Markup):
        return value
    return Markup(html.escape("".join(map(_visible, str(value))), quote=True))


def _visible(character: str) -> str:
    if character in "\t\n" or unicodedata.category(character) not in _HIDDEN:
        return character
    return f"\\u{ord(character):04x}"


def element(tag: str, *children: object, **attributes: object) -> Markup:
    """One element of HTML or SVG.

    Args:
        tag: its name.
        children: texts, numbers or markup; None is left out.
        attributes: an underscore stands for a hyphen, one at the end for nothing (``class_``). True gives a
            bare attribute; False and None none.
    """
    words = [tag]
    for key, value in attributes.items():
        name = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(name)
        elif value is not None and value is not False:
            words.append(f'{name}="{escaped(value)}"')
    start = f"<{' '.join(words)}>"
    return Markup(start if tag in VOID else f"{start}{joined(*children)}</{tag}>")


def joined(*children: object) -> Markup:
    """Children one after the other, without an element around them; None is left out."""
    return Markup("".join(escaped(child) for child in children if child is not None))


def data_block(name: str, value: Any) -> Markup:
    """A block of JSON that a script of the page finds by ``name``; nothing in it can end it."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{escaped(name)}">{text}</script>')
