"""The run folder: what a run leaves beside its output, and who may write there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sdf_siren.engine.manifest import Manifest
from sdf_siren.errors import UsageError
from sdf_siren.files import is_temporary, write_text

PIPELINE = "pipeline.toml"
MANIFEST = "manifest.json"
EVENTS = "events.jsonl"
CHECKPOINT = "fit.checkpoint"
FIELD = "field.safetensors"
PREVIEW = "preview.png"
REPORT = "report.html"
LOCK = "lock"
# The manifest comes first: while files are removed, a folder without one counts as empty.
NAMES = (MANIFEST, PIPELINE, EVENTS, CHECKPOINT, FIELD, PREVIEW, REPORT, LOCK)


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
            UsageError: something else lies here, or the two files are damaged.
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
            return Manifest.from_json(manifest.read_text("utf-8")), pipeline.read_text("utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{self.path}: the run cannot be read ({error}); use --force to start anew"
            ) from None

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
        for name in os.listdir(self.path):
            if is_temporary(name):
                (self.path / name).unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Create the folder if need be and keep every other process from writing here.

        A folder that is empty in the end is removed.

        The lock is the system's own on an open file, not the mere existence of one: it ends with its
        process, even after kill -9, and a reused process id cannot keep it alive. The file holds the
        process id for the message only.

        Raises:
            UsageError: another process holds the lock, or the folder cannot be written.
        """
        try:
            handle = self._acquire()
        except OSError as error:
            raise UsageError(
                f"{self.path}: cannot be written ({error.strerror}); choose another output with -o"
            ) from None
        try:
            yield
        finally:
            try:
                # Removed while held: whoever opened it meanwhile sees that it is gone and tries again.
                (self.path / LOCK).unlink(missing_ok=True)
                with suppress(OSError):  # not empty: the usual case
                    self.path.rmdir()
            finally:
                os.close(handle)

    def _acquire(self) -> int:
        path = self.path / LOCK
        while True:
            self.path.mkdir(exist_ok=True)
            try:
                handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            except FileNotFoundError:  # another process has just removed the empty folder
                continue
            if not _try_lock(handle):
                owner = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
                os.close(handle)
                raise UsageError(
                    f"{self.path}: another reconstruct (process {owner}) is writing here; wait for it "
                    "or choose another output with -o"
                )
            if _is_still(path, handle):
                os.ftruncate(handle, 0)
                os.write(handle, f"{os.getpid()}\n".encode())
                return handle
            os.close(handle)


def _is_still(path: Path, handle: int) -> bool:
    """Whether the open file has not been removed or replaced since it was opened."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
