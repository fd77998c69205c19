"""A worker process as its supervisor sees it."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from sdf_siren.batch import memory
from sdf_siren.batch.jobs import Job

_ROOT = Path(__file__).parents[2]
_TAIL = 20_000
"""Bytes of what a worker said last that are kept."""
_PATIENCE = 5.0
"""Seconds for an idle worker to end."""


class Message(NamedTuple):
    """Something that a worker said; None when it said its last."""

    worker: Worker
    content: dict[str, Any] | None


class Worker:
    """A spawned worker; it starts at once and imports what it needs with its first job.

    Spawned, not forked: threads and CUDA do not survive a fork. In a session of its own, so that Ctrl-C at
    the terminal reaches the supervisor alone, which then stops the workers in order.

    Args:
        function: ``module:name``, see :mod:`sdf_siren.batch.worker`.
        index: among the workers of an executor.
        threads: CPU threads that its libraries may use.
        messages: where to put what it says.
    """

    def __init__(self, function: str, index: int, threads: int, messages: queue.SimpleQueue[Message]) -> None:
        search = os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        bounds = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self._process = subprocess.Popen(
            # -P: no module beside the scans can be taken for one of ours.
            [sys.executable, "-P", "-m", "sdf_siren.batch.worker", function, str(index)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **bounds, "PYTHONPATH": search},
            start_new_session=True,
        )
        self.gauge = memory.Gauge(self._process.pid)
        self._messages = messages
        self._said = bytearray()
        orders, answers, errors = self._process.stdin, self._process.stdout, self._process.stderr
        assert orders is not None
        self._orders: IO[bytes] = orders
        self._threads = [
            threading.Thread(target=self._listen, args=(answers,), daemon=True),
            threading.Thread(target=self._keep, args=(errors,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def perform(self, job: Job) -> None:
        """Give it a job. One that is dead answers with its last message."""
        self._said.clear()  # what is kept of a dead worker is about the job that it died of
        with suppress(OSError):
            self._orders.write(json.dumps(job.to_json()).encode("ascii") + b"\n")
            self._orders.flush()

    def stop(self) -> None:
        """Ask it to end; a job at work is interrupted and says so."""
        with suppress(OSError):
            self._orders.close()

    def kill(self) -> None:
        """End it and all that it started."""
        if self.alive:
            if sys.platform != "win32":
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
        self.exit_code()

    def end(self) -> None:
        """Let it end if it is idle, and kill it if it does not."""
        self.stop()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        self.kill()

    def exit_code(self) -> int:
        """Of a worker that said its last; negative for a signal."""
        self.stop()
        code = self._process.wait()
        for thread in self._threads:
            thread.join(_PATIENCE)  # not for ever: a process that it started may hold the pipe
        return code

    def last_words(self) -> str:
        """The end of what it wrote to standard error since its last job began."""
        return self._said.decode("utf-8", "replace")

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                with suppress(ValueError):  # half a line, from a worker that was killed
                    self._messages.put(Message(self, json.loads(line)))
        self._messages.put(Message(self, None))

    def _keep(self, stream: IO[bytes]) -> None:
        with stream:
            while block := os.read(stream.fileno(), 1 << 16):
                self._said += block
                del self._said[:-_TAIL]
