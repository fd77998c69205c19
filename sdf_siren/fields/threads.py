"""Work in chunks over all processors, each chunk computed by one thread on its own.

One thread per chunk instead of many threads per operation: threads never wait for each other inside
a chunk, nothing spins when the machine is shared, and every chunk is computed by the same
instructions whatever the number of threads, so that results do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from itertools import count as counter
from threading import get_ident
from typing import TypeVar

import torch

W = TypeVar("W")


def drain(tasks: int, work: Callable[[W, int], None], workers: Sequence[W]) -> None:
    """Call ``work(worker, index)`` once for every index below ``tasks``.

    Each of ``workers`` (buffers, say) serves one thread, which takes the next index when it is done
    with the last. torch runs without parallel loops of its own inside ``work``.

    Raises:
        Whatever ``work`` raised first; the other threads finish the task they are at.
    """
    indices = counter()  # next() on it is atomic

    def loop(worker: W) -> None:
        torch.set_num_threads(1)
        with torch.no_grad():
            while (index := next(indices)) < tasks:
                work(worker, index)

    threads = torch.get_num_threads()
    others = [_pool().submit(loop, worker) for worker in workers[1 : max(1, tasks)]]
    try:
        loop(workers[0])
    finally:
        while next(indices) < tasks:  # after an error nothing more is started
            pass
        torch.set_num_threads(threads)
        for other in others:
            other.result()


def in_chunks(
    count: int,
    rows: int,
    device: torch.device,
    work: Callable[[W, slice], None],
    new_worker: Callable[[], W],
) -> None:
    """Call ``work(worker, part)`` for slices of ``rows`` that cover ``count``: on a GPU one after another,
    else on as many threads as torch is allowed, each with a worker of its own."""
    chunks = -(-count // rows)
    threads = min(workers(device), max(1, chunks))
    drain(
        chunks,
        lambda worker, i: work(worker, slice(i * rows, min(count, (i + 1) * rows))),
        [new_worker() for _ in range(threads)],
    )


def workers(device: torch.device) -> int:
    """How many threads share work on ``device``: one for a GPU, which is busy with one."""
    return processors() if device.type == "cpu" else 1


@contextmanager
def branches(device: torch.device, count: int) -> Iterator[list[AbstractContextManager[object]]]:
    """Contexts for ``count`` pieces of work that do not depend on each other: on a GPU each launches on a
    stream of its own, so that small kernels run beside each other. The block's end waits for all of them."""
    if device.type != "cuda":
        yield [nullcontext()] * count
        return
    here = torch.cuda.current_stream(device)
    streams = [_stream(device, get_ident(), i) for i in range(count)]
    for stream in streams:
        stream.wait_stream(here)
    yield [torch.cuda.stream(stream) for stream in streams]
    for stream in streams:
        here.wait_stream(stream)


@cache
def _stream(device: torch.device, thread: int, number: int) -> torch.cuda.Stream:
    """A thread's own, for what is launched on a stream that another one records goes into that recording;
    always the same, for every one that multiplies matrices keeps tens of MiB."""
    return torch.cuda.Stream(device)


@contextmanager
def single_threaded() -> Iterator[None]:
    """Keep torch from running parallel loops of its own inside the block; :func:`drain` may still share
    work out to as many threads as before, see :func:`processors`."""
    global _processors
    threads, before = torch.get_num_threads(), _processors
    _processors = processors()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        _processors = before


def processors() -> int:
    """How many threads work may be shared out to: what torch was allowed outside ``single_threaded``."""
    return _processors or torch.get_num_threads()


_processors: int | None = None


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="sdf-siren")
