"""Opening a file that somebody else made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sdf_siren.errors import InputError


def checked_size(path: Path) -> int:
    """The size in bytes of a readable, non-empty regular file.

    Raises:
        InputError: the path is missing, a folder, a device, unreadable or empty.
    """
    try:
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise InputError(f"{path}: expected a file, found a folder")
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: expected a regular file, found a device or pipe; save it first")
        with open(path, "rb"):
            pass
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read ({reason}); check the path and its permissions") from None
    if status.st_size == 0:
        raise InputError(f"{path}: the file is empty; export it again")
    return status.st_size


def one_line(error: BaseException) -> str:
    """The message of a library's exception as one short line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."
