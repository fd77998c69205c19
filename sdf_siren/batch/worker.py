"""The worker: a process that performs one job after the other, and stays warm between them.

    python -m sdf_siren.batch.worker MODULE:FUNCTION INDEX

Jobs come as lines of JSON on standard input, events and results go as lines of JSON to standard output. The
end of the input, whatever the reason, is the order to stop: a job at work is interrupted as by Ctrl-C and
keeps its checkpoint. So a worker never outlives the process that started it, even if that is killed.
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from importlib import import_module
from typing import IO, Any

from sdf_siren.batch import memory
from sdf_siren.batch.jobs import Job
from sdf_siren.batch.outcome import JobResult
from sdf_siren.engine.stage import Event, Observer

Perform = Callable[[Job, Observer], JobResult]

PERFORM = "sdf_siren.batch.perform:perform"
"""What workers do with a job; tests and measurements put something else in its place."""

GRACE = 10.0
"""Seconds that an interrupted job has to end; the checkpoint of a fit is written within one of them."""


def main(function: str, index: int) -> None:
    """Serve until the input ends.

    Args:
        function: ``module:name`` of what is done with a job.
        index: of this worker among those of its executor; chooses one of several GPUs.
    """
    if hasattr(signal, "pthread_sigmask"):  # processes of Ray keep it from their children
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background shells have it ignored
    faulthandler.enable()  # says to standard error, which the supervisor reads, where a signal came
    memory.go_first()
    outbox = _Outbox(_own_output())
    inbox: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    at_work = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin, inbox, at_work), daemon=True).start()
    try:
        module, name = function.split(":")
        perform: Perform = getattr(import_module(module), name)
        while (message := inbox.get()) is not None:
            job = Job.from_json(message)
            at_work.set()
            result = perform(replace(job, device=_device(job.device, index)), outbox.event)
            at_work.clear()
            outbox.send({"result": result.to_json()})
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:  # the supervisor is gone
        pass


class _Outbox:
    """Lines to the supervisor."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def send(self, message: dict[str, Any]) -> None:
        self._stream.write(json.dumps(message) + "\n")
        self._stream.flush()

    def event(self, event: Event) -> None:
        self.send({"event": asdict(event)})


def _own_output() -> IO[str]:
    """What was standard output; what libraries print goes to standard error from now on."""
    stream = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    return stream


def _listen(
    stream: IO[str], inbox: queue.SimpleQueue[dict[str, Any] | None], at_work: threading.Event
) -> None:
    for line in stream:
        inbox.put(json.loads(line))
    inbox.put(None)
    if at_work.is_set():
        _interrupt()
    time.sleep(GRACE)
    os._exit(1)  # reached only where the main thread does not end


def _interrupt() -> None:
    """Ctrl-C for the main thread; a real signal wakes it from waiting, which interrupt_main does not."""
    if hasattr(signal, "pthread_kill"):
        main_thread = threading.main_thread().ident
        assert main_thread is not None
        signal.pthread_kill(main_thread, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()


def _device(device: str, index: int) -> str:
    """``auto`` and ``cuda`` spread over all GPUs; ``auto`` is the CPU where there is none."""
    if device not in ("auto", "cuda"):
        return device
    import torch

    count = torch.cuda.device_count()
    return f"cuda:{index % count}" if count else device


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
