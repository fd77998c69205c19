"""Training steps without the price of launching them: recorded once as a CUDA graph, replayed ever after.

A step is hundreds of small operations, and the processor takes longer to launch one than a GPU to do it: at
width 96 a step of the standard preset took 8.8 ms on an H100 where its kernels take 1.1 (docs/method.md,
"Speed"). A CUDA graph launches them all at once. What it does is fixed when it is recorded: the same
operations on the same memory. So a step that is to be replayed keeps its numbers in tensors that are written
in place, and says by its *program* which operations it does.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor

Batch = TypeVar("Batch")
Result = TypeVar("Result")

RECORDED_ON = ("cuda",)
"""Types of devices."""

BEFORE_RECORDING = 2
"""Calls of a program: the first of them prepare libraries and buffers, which cannot be recorded."""


class Replay(Generic[Batch, Result]):
    """Does what a function of a batch does; on a GPU from the third call of a program on by replaying it.

    Args:
        device: of all tensors that the function reads and writes.
    """

    def __init__(self, device: torch.device) -> None:
        self._device, self._recorded_here = device, device.type in RECORDED_ON
        self._calls: Counter[Hashable] = Counter()
        self._recordings: dict[Hashable, tuple[Callable[[], object], Result]] = {}
        self._batch: Batch | None = None

    def __call__(self, program: Hashable, function: Callable[[Batch], Result], batch: Batch) -> Result:
        """``function(batch)``, or what it did when it was recorded, with the numbers of now.

        Args:
            program: two functions with the same one do the same operations on the same tensors.
            function: changes tensors in place; nothing else that it does is done again.
            batch: tensors of the same shapes in all calls, and what must not change.

        Returns:
            What ``function`` returned; tensors in it may be overwritten by the next call.
        """
        if not self._recorded_here:
            return function(batch)
        if program not in self._recordings:
            self._calls[program] += 1
            if self._calls[program] <= BEFORE_RECORDING:
                return function(batch)
        here = self._kept(batch)
        if program not in self._recordings:
            self._recordings[program] = recorded(lambda: function(here), self._device)
        replay, result = self._recordings[program]
        replay()
        return result

    def _kept(self, batch: Batch) -> Batch:
        """The numbers of ``batch`` in the memory that recordings read."""
        if self._batch is None:
            self._batch = copy.deepcopy(batch)  # a sampler may hand out what it keeps itself
        for place, new in zip(_tensors(self._batch), _tensors(batch), strict=True):
            place.copy_(new)
        return self._batch


def recorded(function: Callable[[], Result], device: torch.device) -> tuple[Callable[[], object], Result]:
    """What does the kernels of ``function`` again, and what it returned; they have not been done yet."""
    graph, stream = torch.cuda.CUDAGraph(), torch.cuda.Stream(device)
    with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
        result = function()
    return graph.replay, result


def _tensors(batch: object) -> list[Tensor]:
    """All tensors in dicts and dataclasses, in their order."""
    if isinstance(batch, Tensor):
        return [batch]
    parts: list[object] = []
    if isinstance(batch, dict):
        parts = list(batch.values())
    elif is_dataclass(batch):
        parts = [getattr(batch, field.name) for field in fields(batch)]
    return [tensor for part in parts for tensor in _tensors(part)]
