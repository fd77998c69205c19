"""Locks between processes, on files that exist only while they are held."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sdf_siren.errors import BusyError, UsageError

_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
"""What a link leads to belongs to somebody else, and is neither emptied nor written."""


@contextmanager
def held(path: Path, subject: Path) -> Iterator[None]:
    """Hold the lock ``path`` for the enclosed work; the file is removed in the end.

    The lock is the system's own on an open file, not the mere existence of one: it ends with its
    process, even after kill -9, and a reused process id cannot keep it alive. The file holds the
    process id for the message only.

    Args:
        path: of the lock file; its folder, but none above that, is created where it is missing.
        subject: what it locks, for messages.

    Raises:
        BusyError: another process holds the lock.
        UsageError: the file cannot be written.
    """
    try:
        handle = _acquire(path, subject)
    except OSError as error:
        if path.is_symlink():
            raise UsageError(f"{path}: expected a lock file, found a link; remove it") from None
        raise UsageError(
            f"{subject}: cannot be written ({error.strerror}); choose another output with -o"
        ) from None
    try:
        yield
    finally:
        try:
            # Removed while held: whoever opened it meanwhile sees that it is gone and tries again.
            path.unlink(missing_ok=True)
        finally:
            os.close(handle)


def _acquire(path: Path, subject: Path) -> int:
    while True:
        path.parent.mkdir(exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | _NO_LINKS, 0o644)
        except FileNotFoundError:  # another process has just removed the empty folder
            continue
        if not _try_lock(handle):
            raise _busy(handle, subject)
        if _is_still(path, handle):
            os.ftruncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
            return handle
        os.close(handle)


def refuse_held(path: Path, subject: Path) -> None:
    """Refuse what another process is at, without locking anything; arguments as for :func:`held`.

    Raises:
        BusyError: another process holds the lock.
    """
    try:
        handle = os.open(path, os.O_RDWR | _NO_LINKS)
    except OSError:  # none there, or one that cannot be held either
        return
    if not _try_lock(handle):
        raise _busy(handle, subject)
    os.close(handle)


def _busy(handle: int, subject: Path) -> BusyError:
    owner = os.read(handle, 32).decode("ascii", "replace").strip() or "unknown"
    os.close(handle)
    return BusyError(
        f"{subject}: another reconstruct (process {owner}) is writing here; wait for it "
        "or choose another output with -o"
    )


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
