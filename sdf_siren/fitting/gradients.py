"""The loss of one step and its parameter gradients, over all processors, in a fixed order.

A batch is cut evenly into chunks of at most ``CHUNK_ROWS`` rows, an even number of them: all of its groups
together on a machine with two processors, each by itself where there are more. Groups that are evaluated by
value only go with the last one whose gradient is read even there, for in chunks of their own calls would
cost more than products. Each chunk is a task for one thread that works alone (one workspace per thread, no
parallel loops inside), with its own gradient sums; the sums are added in the order of the chunks. So on one
machine the result is the same to the last bit whatever the number of threads, and threads never wait for
each other within a chunk. On a GPU the whole batch is one chunk: there are fewer operations then, and it is
their number that takes the time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import LayeredField, ParameterGradients, Siren, Workspace
from sdf_siren.fields.threads import drain
from sdf_siren.losses import Objective
from sdf_siren.losses.objective import Shares

TWO_PROCESSORS = (os.cpu_count() or 1) <= 2
"""Threads wait for each other's interpreter at every call, so that two are faster with two large chunks: by a
tenth at widths 96 and 128, 4 % at 256. But then a third and a fourth thread would have no work."""

CHUNK_ROWS = 1024 if TWO_PROCESSORS else 512
"""Rows of a chunk at most. With fewer, calls take more of the time: 1024 points in chunks of 256 took a tenth
longer than in chunks of 512 at width 96, 2 % at 256."""

Found = TypeVar("Found")

Task = Callable[[Workspace, ParameterGradients], Found]
"""Evaluates a chunk in a workspace, adds up its parameter gradients, returns its shares of the losses."""

Chunk = list[tuple[str, PointGroup]]
"""Parts of groups, by name."""


class ChunkedGradients:
    """Parameter gradients of chunks, each computed by one thread, summed in their order.

    Args:
        network: whose parameters are read at every call.
        threads: chunks worked on at the same time; ignored on a GPU.
    """

    def __init__(self, network: LayeredField, threads: int) -> None:
        self._network = network
        self._threads = 1 if network.device.type != "cpu" else max(1, threads)
        self._workspaces: list[Workspace] = []
        self._chunk_gradients: list[ParameterGradients] = []

    def __call__(self, rows: int, tasks: Sequence[Task[Found]]) -> tuple[list[Tensor], list[Found]]:
        """Gradients (like ``network.parameters``), overwritten by the next call, and what the tasks returned.

        Args:
            rows: the most points of a task.
            tasks: one for each chunk.
        """
        self._prepare(rows, len(tasks))
        found: dict[int, Found] = {}
        self._workspaces[0].load()

        def work(workspace: Workspace, index: int) -> None:
            gradients = self._chunk_gradients[index]
            gradients.zero()
            found[index] = tasks[index](workspace, gradients)

        drain(len(tasks), work, self._workspaces)
        return self._total(len(tasks)), [found[index] for index in range(len(tasks))]

    def _prepare(self, rows: int, chunks: int) -> None:
        if not self._workspaces or self._workspaces[0].rows < rows:
            first = self._network.workspace(rows)
            others = [self._network.workspace(rows, beside=first) for _ in range(self._threads - 1)]
            self._workspaces = [first, *others]
        while len(self._chunk_gradients) < chunks:
            self._chunk_gradients.append(self._workspaces[0].new_gradients())

    def _total(self, chunks: int) -> list[Tensor]:
        total, *others = self._chunk_gradients[:chunks]
        for gradients in others:
            total.add(gradients)
        return total.tensors


class GradientEngine:
    """Evaluates an objective on batches.

    Args:
        network: whose parameters are read at every call.
        objective: what to evaluate.
        threads: chunks worked on at the same time; ignored on a GPU.
    """

    def __init__(self, network: Siren, objective: Objective, threads: int) -> None:
        self._objective = objective
        self._on_gpu = network.device.type != "cpu"
        self._gradients = ChunkedGradients(network, threads)

    @torch.no_grad()
    def __call__(self, batch: dict[str, PointGroup], fraction: float) -> tuple[list[Tensor], Shares]:
        """Gradients (like ``Siren.parameters``) and unweighted losses by term, 0-dimensional, when asked for.

        The gradients are overwritten by the next call.
        """
        divisors = self._objective.divisors({name: len(group) for name, group in batch.items()})
        chunks = self._chunks(batch)
        rows = max(sum(len(group) for _, group in chunk) for chunk in chunks)
        tasks = [partial(self._chunk, chunk, divisors, fraction) for chunk in chunks]
        gradients, shares = self._gradients(rows, tasks)
        return gradients, partial(_together, [share for some in shares for share in some])

    def _chunks(self, batch: dict[str, PointGroup]) -> list[Chunk]:
        """The batch in parts; in each, groups whose gradient is read come first."""
        groups = sorted(batch.items(), key=lambda group: not self._objective.needs_gradient(group[0]))
        if self._on_gpu:
            return [groups]
        alone = 0 if TWO_PROCESSORS else max(0, sum(map(self._objective.needs_gradient, batch)) - 1)
        together = [*([group] for group in groups[:alone]), groups[alone:]]
        return [chunk for some in together for chunk in _cut(some)]

    def program(self, fraction: float) -> Hashable:
        """The weights: they are plain numbers in the operations."""
        return self._objective.weights_at(fraction)

    def _chunk(
        self,
        chunk: Chunk,
        divisors: dict[str, int],
        fraction: float,
        workspace: Workspace,
        gradients: ParameterGradients,
    ) -> Sequence[Shares]:
        x = _joined([group.x for _, group in chunk])
        counts = [len(group) for _, group in chunk]
        sloped = [len(group) for name, group in chunk if self._objective.needs_gradient(name)]
        slopes: list[Tensor | None] = [None] * len(chunk)
        if sloped:
            f, g = workspace.value_and_gradient(x, sum(sloped))
            slopes[: len(sloped)] = g.split(sloped)
        else:
            f = workspace.value_for_training(x)
        found = [
            self._objective.adjoints(name, group, values, slope, divisors, fraction)
            for (name, group), values, slope in zip(chunk, f.split(counts), slopes, strict=True)
        ]
        shares, fbars, gbars = zip(*found, strict=True)
        gbar = _joined([gbar for gbar in gbars if gbar is not None]) if sloped else None
        workspace.backward(gradients, _joined(fbars), gbar)
        return shares


def _together(shares: Sequence[Shares]) -> dict[str, Tensor]:
    return added([share() for share in shares])


def _cut(groups: Chunk) -> list[Chunk]:
    """An even number of chunks, so that two threads get the same, each with its share of every group."""
    parts = chunks_for(sum(len(group) for _, group in groups))
    cut = []
    for name, group in groups:
        counts = [part.stop - part.start for part in even_parts(len(group), parts)]
        cut.append([(name, part) for part in group.split(counts)])
    chunks = [[(name, part) for name, part in chunk if len(part)] for chunk in zip(*cut, strict=True)]
    return [chunk for chunk in chunks if chunk]


def _joined(parts: Sequence[Tensor]) -> Tensor:
    """One after another."""
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def added(shares: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Losses by name, summed in the order of the shares."""
    losses: dict[str, Tensor] = {}
    for share in shares:
        for name, value in share.items():
            losses[name] = losses[name] + value if name in losses else value
    return losses


def chunks_for(rows: int) -> int:
    """Into how many chunks so many rows are cut on the processor."""
    return 2 * -(-rows // (2 * CHUNK_ROWS))


def even_parts(count: int, parts: int) -> list[slice]:
    """So many slices of nearly equal size that cover ``count`` rows."""
    bounds = [count * part // parts for part in range(parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(bounds)]
