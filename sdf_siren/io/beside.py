"""Array files beside a problem file: where they may lie, and which ones a problem file names."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sdf_siren.errors import InputError
from sdf_siren.io.tables import read_table

KEYS = ("source_array", "value_array", "rate_array", "file")
"""Of problem files, wherever they stand: their values name array files."""


def array_path(name: str, folder: Path, where: str, suffixes: Sequence[str]) -> Path:
    """The path of an array file, which must lie in the folder of the problem file or below it.

    Args:
        name: as the problem file gives it.
        folder: of the problem file.
        where: begins the message.
        suffixes: that the file may have.

    Raises:
        InputError: it would lie elsewhere, links and ``..`` resolved, has another suffix, or is no name.
    """
    try:
        path = (folder / name).resolve()
        path.exists()
    except (OSError, ValueError):  # too long, or with a byte that no name has
        raise InputError(f"{where}: expected the name of a file, found {name[:80]!r}") from None
    if not path.is_relative_to(folder.resolve()):
        raise InputError(f"{where}: expected a file in the folder of the problem file, found {name[:80]!r}")
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{where}: expected {' or '.join(suffixes)} as suffix, found {name[:80]!r}")
    return path


def array_files(path: str | os.PathLike[str]) -> tuple[Path, ...]:
    """The array files that a problem file names and that are there; of an unreadable file, none."""
    path = Path(path)
    try:
        table, _ = read_table(path)
    except InputError:
        return ()
    found = (path.parent / name for name in _names(table.values))
    return tuple(file for file in found if os.path.isfile(file))  # is_file fails of names that are too long


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in KEYS and isinstance(inner, str):
                yield inner
            else:
                yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
