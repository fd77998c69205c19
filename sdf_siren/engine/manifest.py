"""The manifest of a run: on what, with what and how far."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import platform
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sdf_siren
from sdf_siren.errors import InputError


@dataclass
class Manifest:
    """What ``manifest.json`` holds.

    Attributes:
        input: path, size in bytes and sha256 of what was read; ``others`` holds those of further files.
        output: path of what was asked for.
        asked: fingerprint of the pipeline before its stages settled what depends on the moment.
        seed: of every random choice.
        device: as asked for.
        threads: as asked for; None leaves it to the libraries.
        replace_output: whether an output that was there before may be replaced (``--force``).
        started: ISO 8601 time in UTC.
        status: ``running`` (or killed), ``done``, ``failed`` or ``interrupted``.
        output_begun: whether this run has begun to write the output.
        resumed: how often the run was continued.
        seconds: by name, for every finished stage.
        measures: figures that the stages recorded.
        error: why the run failed.
        program: version of this package.
        platform: of the machine.
        versions: of Python and the libraries.
    """

    input: dict[str, Any]
    output: str
    asked: str
    seed: int
    device: str
    threads: int | None
    replace_output: bool
    started: str
    status: str = "running"
    output_begun: bool = False
    resumed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    program: str = sdf_siren.__version__
    platform: str = field(default_factory=platform.platform)
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def may_replace(self) -> bool:
        """Whether the run may replace an output that is there: its own, or any by ``--force``."""
        return self.replace_output or self.output_begun

    def to_json(self) -> str:
        """As the text of ``manifest.json``."""
        return json.dumps(dataclasses.asdict(self), indent=2) + "\n"

    def continuing(self, before: Manifest) -> Manifest:
        """This manifest as that of a process that continues the run of ``before``."""
        return dataclasses.replace(
            self,
            started=before.started,
            replace_output=before.replace_output,
            output_begun=before.output_begun,
            resumed=before.resumed + 1,
            measures=before.measures | self.measures,
            seconds=before.seconds | self.seconds,
        )

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Back from the text.

        Raises:
            ValueError: not a manifest of this program.
        """
        document = json.loads(text)
        if not isinstance(document, dict) or document.keys() != _KINDS.keys():
            raise ValueError("other keys than this version's")
        for name, kind in _KINDS.items():
            if not isinstance(document[name], kind):
                raise ValueError(f"{name}: {document[name]!r}"[:60])
        others = document["input"].get("others", [])
        if not isinstance(others, list) or not all(map(_is_print, [document["input"], *others])):
            raise ValueError("input: no paths with sizes and hashes")
        if not all(isinstance(value, int | float) for value in document["seconds"].values()):
            raise ValueError("seconds: no numbers")
        return cls(**document)


_KINDS: dict[str, Any] = {
    **dict.fromkeys(("output", "asked", "device", "started", "status", "program", "platform"), str),
    **dict.fromkeys(("input", "seconds", "measures", "versions"), dict),
    **dict.fromkeys(("seed", "resumed"), int),
    **dict.fromkeys(("replace_output", "output_begun"), bool),
    "threads": int | None,
    "error": str | None,
}
"""Of every field, what JSON gives for it."""


def _is_print(found: Any) -> bool:
    """Whether that is something like :func:`fingerprint` gives."""
    kinds = {"path": str, "bytes": int, "sha256": str}
    return isinstance(found, dict) and all(isinstance(found.get(key), kind) for key, kind in kinds.items())


def versions_of(distributions: Iterable[str]) -> dict[str, str]:
    """Versions of Python and of those of the named distributions that are installed; imports none."""
    import importlib.metadata  # heavier than all else that ``reconstruct --help`` needs of the engine

    versions = {"python": platform.python_version()}
    for name in distributions:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def fingerprint(path: Path) -> dict[str, Any]:
    """Path, size and sha256 of an input file.

    Raises:
        InputError: not a regular file that can be read.
    """
    digest = hashlib.sha256()
    size = 0
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InputError(
                f"{path}: expected a file, found {'a folder' if path.is_dir() else 'a device or pipe'}"
            )
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    except ValueError:  # a null byte in the path
        raise InputError(f"{str(path)!r}: not a path") from None
    return {"path": str(path), "bytes": size, "sha256": digest.hexdigest()}
