"""Pipelines: an ordered list of stages, read strictly from TOML and written back resolved."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from sdf_siren.engine.options import build, fields_of
from sdf_siren.engine.stage import Stage
from sdf_siren.engine.toml_text import table_text
from sdf_siren.errors import UsageError, nearest

Catalogue = Mapping[str, type[Stage]]
"""All stages that a pipeline file may name."""

MAXIMUM_FILE_BYTES = 1_000_000
MAXIMUM_SEED = 2**63 - 1


class Override(NamedTuple):
    """A value for one option of one stage, and what to name in messages about it."""

    stage: str
    option: str
    value: Any
    where: str


@dataclass(frozen=True)
class Pipeline:
    """Stages in order, each at most once, and the seed of every random choice.

    Attributes:
        title: one line for people.
        seed: from 0 to 2^63 - 1.
        stages: at least one; what each needs is given by an earlier one.
        source: where it came from, for messages.
    """

    title: str
    seed: int
    stages: tuple[Stage, ...]
    source: str = "pipeline"

    def __post_init__(self) -> None:
        if not 0 <= self.seed <= MAXIMUM_SEED:
            raise UsageError(f"{self.source}: seed: expected 0 to 2^63 - 1, found {self.seed}")
        if not self.stages:
            raise UsageError(f"{self.source}: expected at least one [[stages]] table, found none")
        given: set[str] = set()
        seen: set[str] = set()
        for stage in self.stages:
            if stage.name in seen:
                raise UsageError(f"{self.source}: {stage.name} appears twice; a pipeline has each stage once")
            missing = [name for name in stage.needs if name not in given]
            if missing:
                raise UsageError(
                    f"{self.source}: {stage.name} needs {' and '.join(missing)}, "
                    "which no earlier stage gives; see docs/stages.md for what each stage needs and gives"
                )
            seen.add(stage.name)
            given.update(stage.gives)
        if not any(stage.writes_output for stage in self.stages):
            raise UsageError(
                f"{self.source}: no stage writes the output; add write.mesh, write.image or write.grid"
            )

    def options(self) -> Mapping[str, Mapping[str, Any]]:
        """By stage name, every option that has a value."""
        return self._options

    @cached_property
    def _options(self) -> dict[str, dict[str, Any]]:  # a batch asks for them for every job
        return {stage.name: _values(stage) for stage in self.stages}

    def to_toml(self) -> str:
        """The resolved file: every default is written out, so running it again gives the same result."""
        parts = [table_text({"title": self.title, "seed": self.seed})]
        for name, values in self.options().items():
            parts.append("[[stages]]\n" + table_text({"use": name, **values}))
        return "\n".join(parts)

    def fingerprint(self) -> str:
        """A hash of :meth:`to_toml`."""
        return hashlib.sha256(self.to_toml().encode()).hexdigest()

    def catalogue(self) -> Catalogue:
        """The classes of its stages: what a file of the same stages is read with."""
        return {stage.name: type(stage) for stage in self.stages}

    def with_options(self, overrides: Sequence[Override], *, seed: int | None = None) -> Pipeline:
        """A copy with some options replaced; later overrides win, and a seed of None changes nothing.

        Raises:
            UsageError: the pipeline has no such stage, the stage no such option, or the value is wrong.
        """
        stages = {stage.name: stage for stage in self.stages}
        for name, key, value, where in overrides:
            if name not in stages:
                raise UsageError(f"{where}: {self.source} has no stage {name!r}; {nearest(name, stages)}")
            stages[name] = build(type(stages[name]), {**_values(stages[name]), key: value}, where)
        return Pipeline(self.title, self.seed if seed is None else seed, tuple(stages.values()), self.source)


def _values(stage: Stage) -> dict[str, Any]:
    return {k: v for k in fields_of(type(stage)) if (v := getattr(stage, k)) is not None}


def parse(text: str, catalogue: Catalogue, source: str = "pipeline") -> Pipeline:
    """The pipeline that a TOML text declares.

    Raises:
        UsageError: not TOML, an unknown key, stage or option, a wrong type, or a broken flow of artifacts.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}: expected a pipeline file in TOML, found {error}") from None
    except RecursionError:
        raise UsageError(f"{source}: expected a pipeline file in TOML, found deeply nested values") from None
    valid = ("title", "seed", "stages")
    for key in document:
        if key not in valid:
            raise UsageError(f"{source}: unknown key {key!r}; {nearest(key, valid)}")
    title, seed, tables = document.get("title", ""), document.get("seed", 0), document.get("stages", [])
    if not isinstance(title, str):
        raise UsageError(f"{source}: title: expected a text, found {title!r}")
    if not isinstance(seed, int) or isinstance(seed, bool):
        raise UsageError(f"{source}: seed: expected a whole number, found {seed!r}")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(f"{source}: stages: expected [[stages]] tables, found {type(tables).__name__}")
    stages = tuple(_stage(table, catalogue, source) for table in tables)
    return Pipeline(title, seed, stages, source)


def _stage(table: dict[str, Any], catalogue: Catalogue, source: str) -> Stage:
    options = dict(table)
    name = options.pop("use", None)
    if not isinstance(name, str):
        raise UsageError(
            f'{source}: each of [[stages]] needs a line such as use = "read.points", found {name!r}'
        )
    if name not in catalogue:
        raise UsageError(f"{source}: unknown stage {name!r}; {nearest(name, catalogue)}")
    return build(catalogue[name], options, source)


def load(path: str | os.PathLike[str], catalogue: Catalogue) -> Pipeline:
    """Read a pipeline file.

    Raises:
        UsageError: the file cannot be read, or :func:`parse` refuses it.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAXIMUM_FILE_BYTES + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise UsageError(f"{path}: cannot read the pipeline file ({error.strerror})") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: expected a pipeline file in UTF-8, found other bytes") from None
    if len(raw) > MAXIMUM_FILE_BYTES:
        raise UsageError(f"{path}: expected a pipeline file, found more than {MAXIMUM_FILE_BYTES} bytes")
    return parse(text, catalogue, str(path))


def parse_override(text: str) -> Override:
    """``fit.sdf.steps=2000`` as an override; the value is TOML, or else a bare text.

    Raises:
        UsageError: not of the form stage.option=value.
    """
    key, equals, raw = text.partition("=")
    stage, dot, name = key.strip().rpartition(".")
    if not (equals and dot and stage and name):
        raise UsageError(f"--set {text}: expected stage.option=value, such as fit.sdf.steps=2000")
    try:
        document = tomllib.loads(f"value = {raw}")
    except (tomllib.TOMLDecodeError, RecursionError):
        document = {}
    # A second key means that the text held a line break: then it is no TOML value either.
    value = document["value"] if document.keys() == {"value"} else raw.strip()
    return Override(stage, name, value, f"--set {text}")


def differences(before: str, now: str) -> list[str]:
    """In words, every setting in which two resolved pipeline files differ; the title does not count.

    Raises:
        ValueError: a text is not a resolved pipeline file.
    """
    old, new = _settings(before), _settings(now)
    found = []
    if list(old) != list(new):
        found.append(f"the stages were {', '.join(list(old)[1:])}, now {', '.join(list(new)[1:])}")
    for stage in old.keys() & new.keys():
        for key in old[stage].keys() | new[stage].keys():
            was, is_now = (side[stage].get(key, "unset") for side in (old, new))
            if was != is_now:
                found.append(f"{stage}.{key} was {was}, now {is_now}".removeprefix("."))
    return sorted(found)


def _settings(text: str) -> dict[str, dict[str, Any]]:
    document = tomllib.loads(text)
    try:
        return {"": {"seed": document["seed"]}, **{table["use"]: table for table in document["stages"]}}
    except (KeyError, TypeError) as error:
        raise ValueError(f"not a resolved pipeline file: {error}") from None
