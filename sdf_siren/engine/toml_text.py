"""TOML out: the standard library only reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def value_text(value: Any) -> str:
    """A scalar or a list of scalars in TOML.

    Raises:
        TypeError: anything else.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, except that TOML wants DEL escaped as well.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(item) for item in value)}]"
    raise TypeError(f"no TOML spelling for {type(value).__name__}")


def table_text(values: Mapping[str, Any]) -> str:
    """``key = value`` lines; keys must be bare (letters, digits, - and _), None is left out."""
    return "".join(f"{key} = {value_text(value)}\n" for key, value in values.items() if value is not None)
