"""The journal of a run: its events and its manifest, in the run folder once there is one."""

from __future__ import annotations

import datetime
import json
import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TextIO

from sdf_siren.engine.folder import EVENTS, RunFolder
from sdf_siren.engine.manifest import Manifest
from sdf_siren.engine.stage import Event


class Journal:
    """An observer that keeps events; before :meth:`open` in memory, after it in the folder.

    Nothing may be written before a run has read its input, so the first events have to wait.

    Attributes:
        manifest: kept current by the events.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._waiting: list[str] = []
        self._folder: RunFolder | None = None
        self._events: TextIO | None = None
        self._start = time.monotonic()

    def open(self, folder: RunFolder) -> None:
        """Write manifest and events into ``folder`` from now on."""
        path = folder.path / EVENTS
        # A killed process may have left half a line; a line of its own keeps the rest readable.
        torn = path.exists() and not path.read_bytes().endswith(b"\n")
        self._events = path.open("a", encoding="utf-8")
        self._folder = folder
        self._events.write("\n" * torn + "".join(self._waiting))
        self._events.flush()
        self._waiting.clear()
        folder.save(self.manifest)

    def close(self) -> None:
        """Stop writing."""
        if self._events is not None:
            self._events.close()
        self._events = self._folder = None

    def __call__(self, event: Event) -> None:
        """Write one event, and the manifest where it changes."""
        event = replace(event, data=_plain(event.data))
        line = json.dumps({**self._when(), "kind": event.kind, "stage": event.stage, **event.data}) + "\n"
        if self._events is None:
            self._waiting.append(line)
        else:
            self._events.write(line)
            self._events.flush()
        if self._update(event) and self._folder is not None:
            self._folder.save(self.manifest)

    def _update(self, event: Event) -> bool:
        manifest, data = self.manifest, event.data
        match event.kind:
            case "measures":
                manifest.measures.update(data)
            case "stage_started":
                manifest.output_begun |= bool(data["writes_output"])
            case "stage_done":
                manifest.seconds[event.stage] = data["seconds"]
            case "run_done" | "run_failed" | "run_interrupted":
                manifest.status = event.kind.removeprefix("run_")
                manifest.error = data.get("error")
            case _:
                return False
        return True

    def _when(self) -> dict[str, Any]:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        return {"time": now, "elapsed": round(time.monotonic() - self._start, 3)}


def _plain(value: Any) -> Any:
    """What JSON can say of ``value``: NumPy scalars as Python's, and null for NaN and infinity."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
