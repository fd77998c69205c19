"""Options of stages: declared as dataclass fields, filled strictly from untrusted values."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Mapping
from typing import Any

from sdf_siren.engine.stage import Stage
from sdf_siren.errors import UsageError, nearest

_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}


def option(
    default: Any,
    doc: str,
    *,
    minimum: float | None = None,
    above: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """A field of a stage: its default, one sentence for the reader, and the values it may take: from
    ``minimum``, or ``above`` a number, to ``maximum``, or some ``choices``.

    The default None means that the stage chooses; it has no TOML spelling and is left out of files.
    """
    limits = {"doc": doc, "minimum": minimum, "above": above, "maximum": maximum, "choices": choices}
    return dataclasses.field(default=default, metadata=limits)


def fields_of(stage: type[Stage]) -> dict[str, dataclasses.Field[Any]]:
    """The options of a stage class by name, in order."""
    if not dataclasses.is_dataclass(stage):
        raise TypeError(f"{stage.__name__} must be a dataclass")
    return {field.name: field for field in dataclasses.fields(stage)}


def expected(stage: type[Stage], name: str) -> str:
    """In words, the values that an option takes."""
    field = fields_of(stage)[name]
    kind, count = _kind(stage, name)
    if field.metadata["choices"]:
        return " or ".join(field.metadata["choices"])
    text = f"a list of {count} numbers" if count else _NAMES[kind]
    minimum, maximum = field.metadata["minimum"], field.metadata["maximum"]
    if minimum is not None and maximum is not None:
        return f"{text} from {minimum} to {maximum}"
    if minimum is not None:
        return f"{text} of at least {minimum}"
    if field.metadata["above"] is not None:
        return f"{text} above {field.metadata['above']}"
    return text if maximum is None else f"{text} of at most {maximum}"


def build(stage: type[Stage], values: Mapping[str, Any], where: str) -> Stage:
    """An instance of ``stage`` with ``values`` for its options.

    Args:
        stage: a stage class.
        values: by option name, as TOML gives them.
        where: what to name in messages, e.g. the pipeline file.

    Raises:
        UsageError: an unknown option, a wrong type or a value out of range.
    """
    known = fields_of(stage)
    checked = {}
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{where}: {stage.name} has no option {name!r}; {nearest(name, known)}")
        try:
            checked[name] = _checked(stage, name, value)
        except ValueError:
            raise UsageError(
                f"{where}: {stage.name}.{name}: expected {expected(stage, name)}, found {value!r}"
            ) from None
    return stage(**checked)


def _kind(stage: type[Stage], name: str) -> tuple[type, int]:
    """The scalar type of an option, and how many of it a list has (0: no list)."""
    hint = typing.get_type_hints(stage)[name]
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        parts = typing.get_args(hint)
        return parts[0], len(parts)
    return hint, 0


def _checked(stage: type[Stage], name: str, value: Any) -> Any:
    kind, count = _kind(stage, name)
    if count:
        if not isinstance(value, list | tuple) or len(value) != count:
            raise ValueError
        return tuple(_scalar(kind, item) for item in value)
    value = _scalar(kind, value)
    limits = fields_of(stage)[name].metadata
    if limits["choices"] and value not in limits["choices"]:
        raise ValueError
    if limits["minimum"] is not None and value < limits["minimum"]:
        raise ValueError
    if limits["above"] is not None and value <= limits["above"]:
        raise ValueError
    if limits["maximum"] is not None and value > limits["maximum"]:
        raise ValueError
    return value


def _scalar(kind: type, value: Any) -> Any:
    """``value`` as ``kind``; a whole number is a number, but true is not 1."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            raise ValueError from None
    if type(value) is not kind or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError
    return value
