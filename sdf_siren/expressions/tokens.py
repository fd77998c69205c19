"""The words of a formula, each with its place, and the errors that point at a place.

Only ASCII is read: letters that look alike, full-width digits and invisible characters are refused where
they stand.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sdf_siren.errors import UsageError

LONGEST = 4000
"""How many characters a formula may have."""
_SHOWN = 40
_WORD = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/^(),<>])"
)
_HINTS = {
    "=": "write == to compare",
    "&": "write and",
    "|": "write or",
    "!": "write not",
    "%": "there is no %",
}


@dataclass(frozen=True)
class Token:
    """A word: ``number``, ``name``, ``sign`` or ``end``, its text, and its column from 1."""

    kind: str
    text: str
    column: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else repr(self.text)


def error(text: str, column: int, what: str) -> UsageError:
    """The one line that says what is wrong at a place of a formula."""
    start = max(0, min(column - 1 - _SHOWN // 2, len(text) - _SHOWN))
    shown = text[start : start + _SHOWN]
    dots = ("..." if start else "", "..." if start + _SHOWN < len(text) else "")
    return UsageError(f"the formula {dots[0] + shown + dots[1]!a}, column {column}: {what}")


def tokens(text: str) -> list[Token]:
    """The words of a formula, with an ``end`` after the last.

    Raises:
        UsageError: the text is too long, empty, or holds a character that no formula has.
    """
    if len(text) > LONGEST:
        raise error(text, LONGEST + 1, f"expected at most {LONGEST} characters, found {len(text)}")
    found, place = [], 0
    while place < len(text):
        if text[place] in " \t\r\n":
            place += 1
            continue
        match = _WORD.match(text, place)
        if match is None:
            raise error(text, place + 1, f"found {_named(text[place])}; {_hint(text[place])}")
        assert match.lastgroup is not None
        found.append(Token(match.lastgroup, match.group().replace("^", "**"), place + 1))
        place = match.end()
    if not found:
        raise error(text, 1, "expected a formula, found none; write for example 2*x")
    return [*found, Token("end", "", len(text) + 1)]


def _named(character: str) -> str:
    """A character as it can be told from those that look like it."""
    if character.isascii():
        return ascii(character)
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'no name').lower()})"


def _hint(character: str) -> str:
    return _HINTS.get(character, "use numbers, names, + - * / ** ( ) and commas")
