"""How much memory a process holds, and its children; bytes resident, shared libraries counted with each."""

from __future__ import annotations

import math
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")
_ADJUSTMENT = Path("/proc/self/oom_score_adj")
_BETWEEN_COUNTS = 1.0
"""Seconds."""


def forget_peak() -> None:
    """Start to measure :func:`peak` anew, where the system can (Linux)."""
    with suppress(OSError):
        _CLEAR.write_text("5")


def peak() -> int:
    """The most that this process held since :func:`forget_peak`, or since its start; 0 where nobody knows."""
    try:
        lines = _STATUS.read_text("ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


class Gauge:
    """What a process and all below it hold.

    The process itself is looked at every time, its children are counted once a second: to find them, the
    system has to be asked about all processes.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._children, self._counted = 0, -math.inf

    def held(self) -> int:
        """Bytes now; 0 if the process has ended."""
        import psutil

        try:
            process = psutil.Process(self._process)
            if time.monotonic() - self._counted > _BETWEEN_COUNTS:
                self._children = sum(map(_resident, process.children(recursive=True)))
                self._counted = time.monotonic()
        except psutil.NoSuchProcess:
            return 0
        return _resident(process) + self._children


def _resident(process: Any) -> int:
    import psutil

    try:
        return int(process.memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def go_first() -> None:
    """Have a system short of memory end this process first (Linux): a job is lost, not the batch."""
    with suppress(OSError):
        _ADJUSTMENT.write_text("500")
