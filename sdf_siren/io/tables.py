"""Tables of a TOML file that somebody else wrote: every value has a name and a type, nothing is left over."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdf_siren.errors import InputError, UsageError, nearest
from sdf_siren.expressions import Expression, parse
from sdf_siren.io.opening import checked_size

_LARGEST_BYTES = 1_000_000


@dataclass(frozen=True)
class Table:
    """A table and where it is.

    Attributes:
        values: as TOML gives them.
        where: begins every message: the file, and the table's name in it.
    """

    values: dict[str, Any]
    where: str

    def error(self, key: str, what: str) -> InputError:
        """An error about one key."""
        return InputError(f"{self.where}: {key}: {what}")

    def only(self, *keys: str) -> None:
        """Refuse every key that is not one of these.

        Raises:
            InputError: there is another one; the message names the nearest valid one.
        """
        for key in self.values:
            if key not in keys:
                raise InputError(f"{self.where}: unknown key {key!r}; {nearest(key, keys)}")

    def _typed(self, key: str, kind: type | tuple[type, ...], what: str, default: Any) -> Any:
        value = self.values.get(key, default)
        if value is None:
            raise self.error(key, f"expected {what}, found nothing; add it")
        if key in self.values and (not isinstance(value, kind) or isinstance(value, bool)):
            raise self.error(key, f"expected {what}, found {_shown(value)}")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A text; needed where there is no default."""
        value: str = self._typed(key, str, "a text", default)
        return value

    def choice(self, key: str, valid: Sequence[str]) -> str:
        """One of some texts."""
        value = self.values.get(key)
        if not isinstance(value, str) or value not in valid:
            hint = nearest(value, valid) if isinstance(value, str) else f"it takes {', '.join(valid)}"
            found = "nothing" if value is None else _shown(value)
            raise self.error(key, f"found {found}; {hint}")
        return value

    def number(self, key: str, default: float | None = None, *, above: float | None = None) -> float:
        """A finite number."""
        what = "a number" if above is None else f"a number above {above:g}"
        try:
            value = float(self._typed(key, (int, float), what, default))
        except OverflowError:
            value = math.inf
        if not math.isfinite(value) or (above is not None and value <= above):
            raise self.error(key, f"expected {what}, found {_shown(self.values[key])}")
        return value

    def numbers(self, key: str) -> list[float]:
        """A list of numbers."""
        values: list[Any] = self._typed(key, list, "a list of numbers", None)
        if not values or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            raise self.error(key, f"expected a list of numbers, found {_shown(values)}")
        return values

    def points(self, key: str) -> list[list[float]]:
        """A list of lists of numbers."""
        values: list[Any] = self._typed(key, list, "a list of points", None)
        return [Table({key: value}, self.where).numbers(key) for value in values]

    def names(self, key: str, default: list[str] | None = None) -> list[str]:
        """A text or a list of texts."""
        value = self._typed(key, (str, list), "a name or a list of names", default)
        names = [value] if isinstance(value, str) else value
        if not names or not all(isinstance(name, str) for name in names):
            raise self.error(key, f"expected a name or a list of names, found {_shown(value)}")
        return list(names)

    def table(self, key: str) -> Table:
        """A table inside."""
        return Table(self._typed(key, dict, f"a table [{key}]", None), f"{self.where}: {key}")

    def tables(self, key: str) -> list[Table]:
        """A list of tables inside, empty where there is none."""
        values = self.values.get(key, [])
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self.error(key, f"expected [[{key}]] tables, found {_shown(values)}")
        return [Table(value, f"{self.where}: {key} {k}") for k, value in enumerate(values, 1)]

    def formula(self, key: str, names: Sequence[str], *, complex: bool = False) -> Expression | None:
        """A formula of the named coordinates, or a number; None where there is none.

        With ``complex``, it is complex where the imaginary unit occurs in it.
        """
        if key not in self.values:
            return None
        value = self._typed(key, (str, int, float), "a formula or a number", None)
        text = value if isinstance(value, str) else repr(self.number(key))
        with blamed(f"{self.where}: {key}"):
            found = parse(text, names, complex=complex)
            return found if found.root.is_complex or not complex else parse(text, names)


def read_table(path: Path) -> tuple[Table, str]:
    """The whole of a TOML file, and its text.

    Raises:
        InputError: it cannot be read, is too large for a file written by hand, or is no TOML.
    """
    size = checked_size(path)
    if size > _LARGEST_BYTES:
        raise InputError(f"{path}: expected at most {_LARGEST_BYTES} bytes of TOML, found {size}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected a TOML file in UTF-8, found other bytes") from None
    return parse_table(text, str(path)), text


def parse_table(text: str, where: str) -> Table:
    """The table of a TOML text.

    Raises:
        InputError: it is no TOML.
    """
    try:
        return Table(tomllib.loads(text), where)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where}: expected TOML, found {error}") from None
    except RecursionError:
        raise InputError(f"{where}: expected TOML, found deeply nested values") from None


@contextmanager
def blamed(where: str) -> Iterator[None]:
    """Whatever the mathematics refuses is the fault of this place in the file."""
    try:
        yield
    except UsageError as error:
        raise InputError(f"{where}: {error}") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
