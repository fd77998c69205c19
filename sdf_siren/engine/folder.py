"""The run folder: what a run leaves beside its output, and who may write there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sdf_siren.engine.locks import held, refuse_held
from sdf_siren.engine.manifest import Manifest
from sdf_siren.errors import AnotherRunError, UsageError
from sdf_siren.files import is_temporary, write_text

PIPELINE = "pipeline.toml"
MANIFEST = "manifest.json"
EVENTS = "events.jsonl"
CHECKPOINT = "fit.checkpoint"
CHECKPOINT_AGAIN = "fit.checkpoint.again"
FIELD = "field.safetensors"
PREVIEW = "preview.png"
REPORT = "report.html"
LOCK = "lock"
# The manifest comes first: while files are removed, a folder without one counts as empty.
NAMES = (MANIFEST, PIPELINE, EVENTS, CHECKPOINT, CHECKPOINT_AGAIN, FIELD, PREVIEW, REPORT, LOCK)


def folder_of(output: Path) -> Path:
    """The run folder of an output: ``mesh.ply`` has ``mesh.ply.run``."""
    return output.with_name(output.name + ".run")


class RunFolder:
    """A run folder, there or not; only :meth:`lock`, :meth:`clear` and :meth:`save` write."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[Manifest, str] | None:
        """Manifest and resolved pipeline of the run that lies here, or None if none does.

        Raises:
            UsageError: something else lies here.
            AnotherRunError: the two files are damaged; what can be done about it, the caller knows.
        """
        if not os.path.lexists(self.path):
            return None
        if not self.path.is_dir():
            raise UsageError(
                f"{self.path}: expected a run folder, found a file; move it away or choose another -o"
            )
        manifest, pipeline = self.path / MANIFEST, self.path / PIPELINE
        if not manifest.exists():
            # A run killed before its manifest was written leaves known names only.
            strangers = [
                name for name in os.listdir(self.path) if name not in NAMES and not is_temporary(name)
            ]
            if strangers:
                raise UsageError(
                    f"{self.path}: expected a run folder, found other files ({min(strangers)}); "
                    "move it away or choose another output with -o"
                )
            return None
        try:
            found = Manifest.from_json(manifest.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise AnotherRunError(
                f"{manifest}: expected the manifest of a run, found something else ({error})"
            ) from None
        try:
            return found, pipeline.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise AnotherRunError(
                f"{pipeline}: expected the pipeline of a run, found something else ({error})"
            ) from None

    def refuse_busy(self) -> None:
        """Refuse to work where another process does; writes nothing.

        Raises:
            BusyError: another process holds the lock.
        """
        refuse_held(self.path / LOCK, self.path)

    def has_checkpoint(self) -> bool:
        """Whether a fit left a state to go on from."""
        return (self.path / CHECKPOINT).exists()

    def save(self, manifest: Manifest) -> None:
        """Write the manifest."""
        write_text(self.path / MANIFEST, manifest.to_json())

    def clear(self) -> None:
        """Remove what earlier runs left, and nothing else."""
        for name in NAMES:
            if name != LOCK:
                (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder if need be and keep every other process from writing here.

        Half files of processes that were killed are removed, and a folder that is empty in the end.

        Raises:
            BusyError: another process holds the lock.
            UsageError: the folder cannot be written.
        """
        try:
            with held(self.path / LOCK, self.path):
                for name in os.listdir(self.path):
                    if is_temporary(name):
                        (self.path / name).unlink(missing_ok=True)
                yield
        finally:
            with suppress(OSError):  # not empty: the usual case
                self.path.rmdir()
