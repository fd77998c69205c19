"""Writing files so that no reader ever sees half of one.

Every output goes to a temporary name in the destination's own folder (renames are only atomic
within a file system) and is renamed when complete.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sdf_siren.errors import UsageError

_PART = ".part"
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path with the suffix of ``path``; rename it to ``path`` on success.

    On any exception the temporary file is removed and ``path`` is left as it was.

    Raises:
        UsageError: the folder of ``path`` does not exist or cannot be written, or the disk is full.
    """
    path = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=".", suffix=f"{_PART}{path.suffix}", dir=path.parent)
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
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written {_why(error, path.parent)}") from None
    finally:
        temporary.unlink(missing_ok=True)


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


def is_temporary(name: str) -> bool:
    """Whether ``name`` is one that :func:`atomic_path` gives, left behind by a killed process."""
    return name.startswith(".") and _PART in name


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write ``text`` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
