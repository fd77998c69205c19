"""Lines of numbers, read piece by piece."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.io.opening import one_line
from sdf_siren.io.raw_points import CHUNK_ROWS

LINE_LIMIT = 16 * 1024
"""Longest line accepted, characters."""


class Lines(Protocol):
    """A text file, or what gives lines like one."""

    def readline(self, limit: int, /) -> str:
        """The next line, at most ``limit`` characters of it; nothing at the end."""


def number_rows(
    path: Path,
    file: Lines,
    expected: str,
    *,
    most: int | None = None,
    separator: str | None = None,
    columns: Sequence[int] | None = None,
    comments: str | None = "#",
) -> Iterator[NDArray[np.float64]]:
    """The next lines of ``file`` as arrays (rows, columns) of at most :data:`CHUNK_ROWS` rows.

    Args:
        path: what to name in messages.
        file: is left at the line after the last one read.
        expected: what a line should be, for messages.
        most: how many rows to read; None reads to the end. Fewer come if the file ends.
        separator: between columns; None for white space.
        columns: which to keep; None keeps all.
        comments: what begins a comment.

    Raises:
        InputError: a line of something else, of another number of columns, or without end.
    """
    done, width = 0, None
    while most is None or done < most:
        ask = CHUNK_ROWS if most is None else min(CHUNK_ROWS, most - done)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # NumPy's "input contained no data"
                rows = np.loadtxt(
                    _lines(file),
                    dtype=np.float64,
                    comments=comments,
                    delimiter=separator,
                    usecols=columns,
                    max_rows=ask,
                    ndmin=2,
                    quotechar=None if separator is None else '"',
                )
            if len(rows) and rows.shape[1] != (width or rows.shape[1]):
                raise ValueError(f"the number of columns changed from {width} to {rows.shape[1]}")
        except (ValueError, IndexError) as error:
            after = f", after {done} rows" if done else ""
            raise InputError(f"{path}: expected {expected} ({one_line(error)}{after})") from None
        if len(rows):
            width = rows.shape[1]
            done += len(rows)
            yield rows
        if len(rows) < ask:
            return


def as_count(word: str) -> int | None:
    """The number of things that ``word`` says, or None if it says no such number."""
    return int(word) if word.isascii() and word.isdigit() and len(word) <= 18 else None


def as_whole(values: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[Any]:
    """A column of a text in the integer type that its header declares; what does not fit is clipped."""
    limits = np.iinfo(dtype)
    # The nearest double to the largest 64-bit integer is one that does not fit.
    largest = np.nextafter(float(limits.max) + 1, 0)
    return np.clip(np.nan_to_num(values), limits.min, largest).astype(dtype)


def _lines(file: Lines) -> Iterator[str]:
    """The lines of ``file``, none of which can fill the memory."""
    while line := file.readline(LINE_LIMIT):
        if len(line) == LINE_LIMIT and not line.endswith("\n"):
            raise ValueError(f"a line of more than {LINE_LIMIT} characters")
        yield line
