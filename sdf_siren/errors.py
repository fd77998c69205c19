"""All errors this package raises on purpose.

Each message is one line: what was expected, what was found, what to do next. The exit code that
the command line uses lives on the class, so that no caller has to map types to numbers again.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SdfSirenError(Exception):
    """Root of every deliberate error; a job that failed (exit code 1)."""

    exit_code = 1


class UsageError(SdfSirenError):
    """The request itself is wrong: an option, a pipeline file, an output path (exit code 2)."""

    exit_code = 2


class BusyError(UsageError):
    """Another process is writing what this one was asked to write (exit code 2)."""


class ExistsError(UsageError):
    """A file that must not be replaced lies where one was to be written (exit code 2)."""


class AnotherRunError(UsageError):
    """What is to be resumed is the run of another input, of other settings, or damaged (exit code 2)."""


class InputError(SdfSirenError):
    """A scan, mesh or field file cannot be read or used (exit code 3)."""

    exit_code = 3


class DivergenceError(SdfSirenError):
    """A fit produced non-finite or exploding values; the last good state is kept (exit code 1)."""


class EmptySurfaceError(SdfSirenError):
    """No zero level set was found where there should be one (exit code 1)."""


class OutOfMemoryError(SdfSirenError):
    """The work does not fit into the memory that is free; said before it starts (exit code 1)."""


class MissingLibraryError(SdfSirenError):
    """A system library or an optional package is missing; the message names the command to run."""


class Interrupted(SdfSirenError):
    """The user asked to stop; a checkpoint allows going on (exit code 130)."""

    exit_code = 130


def reason_of(error: BaseException) -> str:
    """One line about any exception that ended some work, without advice on the command line."""
    match error:
        case SdfSirenError():
            text = str(error)
        case OSError() if error.strerror:
            text = f"{error.filename or 'system'}: {error.strerror}"
        case _ if is_out_of_memory(error):
            text = "out of memory"
        case _:
            text = f"internal error: {type(error).__name__}: {error}"
    return " ".join(text.split())


def is_out_of_memory(error: BaseException) -> bool:
    """Python's own error, or torch's: on a GPU a class of its own, on the CPU only a text."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and "can't allocate memory" in str(error))
    )


def nearest(name: str, valid: Iterable[str]) -> str:
    """The end of an error message: the nearest valid name, or all of them."""
    valid = list(valid)
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    if close:
        return f"did you mean {close[0]}?"
    return f"it takes {', '.join(valid)}" if valid else "it takes none"
