"""A results file that grows: what is in it stays, so that a cut-off or repeated run only adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class SettingsDiffer(Exception):
    """A results file was measured in other circumstances than those of now."""


class Record:
    """The rows of a JSON file, one per case, seed and method.

    Args:
        path: of the file; written by :meth:`add`.
        head: machine, versions and settings of this run.

    Raises:
        SettingsDiffer: the rows that are there cannot stand beside new ones.
    """

    def __init__(self, path: Path, head: dict[str, Any]) -> None:
        self._path = path
        self._rows: list[Row] = []
        if path.exists():
            before = json.loads(path.read_text(encoding="utf-8"))
            then, now = _circumstances(before), _circumstances(json.loads(json.dumps(head)))
            differing = [
                f"{name} {then.get(name)} there, {now[name]} now"
                for name in now
                if then.get(name) != now[name]
            ]
            if differing:
                raise SettingsDiffer(f"{', '.join(differing)}; choose another --output")
            self._rows = before["rows"]
            head = {**head, "notes": before.get("notes", [])}
        self._head = head

    @property
    def document(self) -> dict[str, Any]:
        """What the file holds."""
        return {**self._head, "rows": self._rows}

    def find(self, case: str, seed: int, method: str) -> Row | None:
        """The row, if it was measured; an error does not count."""
        for row in self._rows:
            if _key(row) == (case, seed, method):
                return None if "error" in row else row
        return None

    def add(self, row: Row) -> None:
        """Put a row in its place and write the file."""
        rows = [other for other in self._rows if _key(other) != _key(row)]
        self._rows = [*rows, row]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".json.part")
        unfinished.write_text(json.dumps(self.document, indent=1) + "\n", encoding="utf-8")
        unfinished.replace(self._path)


def _circumstances(head: dict[str, Any]) -> dict[str, Any]:
    """What must be the same for rows to be compared; the program itself may change, that is the point."""
    libraries = {name: version for name, version in head["versions"].items() if name != "sdf-siren"}
    return {**head["settings"], **libraries, "cpu": head["machine"]["cpu"], "cores": head["machine"]["cores"]}


def _key(row: Row) -> tuple[str, int, str]:
    return row["case"], row["seed"], row["method"]
