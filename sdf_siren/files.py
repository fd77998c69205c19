"""Writing files so that no reader ever sees half of one.

Every output goes to a temporary name in the destination's own folder (renames are only atomic
within a file system) and is renamed when complete.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

from sdf_siren.errors import ExistsError, UsageError

_TEMPORARY = re.compile(r"(\.[0-9a-f]{12}\.)[a-z0-9_]{8}\.part(\..*)?")
"""Names that :func:`atomic_path` gives; the group is the same for all files of one destination."""

_NEVER_REPLACED: ContextVar[frozenset[str]] = ContextVar("never_replaced", default=frozenset())
"""Absolute paths, see :func:`never_replacing`."""

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path with the suffix of ``path``; rename it to ``path`` on success.

    On any exception the temporary file is removed and ``path`` is left as it was.

    Raises:
        UsageError: the folder of ``path`` does not exist or cannot be written, or the disk is full.
        ExistsError: ``path`` exists, and is one of those in :func:`never_replacing`.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=_mark(path), suffix=f".part{path.suffix}", dir=path.parent)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot write into {path.parent} ({error.strerror}); choose another output with -o"
        ) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        # mkstemp creates 0600; outputs should follow the user's umask like any other file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        if os.path.abspath(path) in _NEVER_REPLACED.get():
            _place_anew(temporary, path)
        else:
            os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written {_why(error, path.parent)}") from None
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def never_replacing(paths: Iterable[Path]) -> Iterator[None]:
    """Have :func:`atomic_path` refuse to replace any of ``paths`` in the enclosed work.

    Work takes long, and what did not exist in its beginning may do so when it is to be written.
    """
    token = _NEVER_REPLACED.set(frozenset(map(os.path.abspath, paths)))
    try:
        yield
    finally:
        _NEVER_REPLACED.reset(token)


def refuse_existing(path: Path) -> None:
    """Refuse to replace ``path``.

    Raises:
        ExistsError: something lies there.
    """
    if os.path.lexists(path):
        raise _exists(path)


def _exists(path: Path) -> ExistsError:
    return ExistsError(
        f"{path}: exists already; use --force to replace it, move it away, or choose another output with -o"
    )


def _place_anew(temporary: Path, path: Path) -> None:
    """Give a complete file its name, unless another has it."""
    try:
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: an empty file takes the name first
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            os.replace(temporary, path)
    except FileExistsError:
        raise _exists(path) from None


def _why(error: OSError, folder: Path) -> str:
    """Why a file could not be written into ``folder``, and of a full disk what to do."""
    # NumPy and tifffile tell of a write that fell short in words of their own, without a number.
    unnumbered = error.errno is None and not shutil.disk_usage(folder).free
    if unnumbered or error.errno in _NO_SPACE:
        return "(the disk is full); free space there, or choose another output with -o"
    return f"({error.strerror or error})"


def check_output(path: Path) -> None:
    """Check before the work that a file can be written at ``path``.

    Raises:
        UsageError: a folder lies there, or the parent folder is missing or read-only.
    """
    parent = path.parent
    if os.path.isdir(path):  # unlike path.is_dir, not an error in a folder that is closed to us
        raise UsageError(f"{path}: expected a file to write, found a folder; add a file name to -o")
    if not os.path.isdir(parent):
        raise UsageError(
            f"{path}: the folder {parent} does not exist; create it or choose another output with -o"
        )
    if not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"{path}: cannot write into {parent}, which is not writable; choose another output with -o"
        )


def check_suffix(path: Path, known: Sequence[str]) -> None:
    """Check that the suffix of ``path`` is one of those that can be written.

    Raises:
        UsageError: it is another one.
    """
    if path.suffix.lower() not in known:
        raise UsageError(
            f"{path}: cannot write the format {path.suffix!r}; expected one of {' '.join(known)}"
        )


def _mark(path: Path) -> str:
    """What the names of temporary files for ``path`` begin with; of one length, whatever its name."""
    return f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:12]}."


def is_temporary(name: str) -> bool:
    """Whether ``name`` is one that :func:`atomic_path` gives, left behind by a killed process."""
    return _TEMPORARY.fullmatch(name) is not None


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left of writing ``path``; only where no other is writing it."""
    with suppress(OSError):  # a folder that can be written, but not listed
        for name in os.listdir(path.parent):
            found = _TEMPORARY.fullmatch(name)
            if found and found[1] == _mark(path):
                (path.parent / name).unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
