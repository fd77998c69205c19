"""What all tests share."""

from __future__ import annotations

import errno
import signal
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Let Ctrl-C be tested in the background too, where shells have it ignored, also by child processes."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def little_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of more than a thousand bytes can be written at once, as on a disk that is nearly full."""
    write = Path.write_bytes

    def write_little(path: Path, data: bytes) -> int:
        if len(data) > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", write_little)
