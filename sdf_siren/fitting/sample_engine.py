"""The loss of a signal's fit on a batch of blocks, and its gradients by any network's parameters.

Terms that read values alone are evaluated in preallocated buffers, as the surface losses are; those that read
derivatives by the sweeps over layers, several times as dear. The number of threads changes neither.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import torch
from torch import Tensor

from sdf_siren.fields import LayeredField, ParameterGradients, Workspace, channel_gradients
from sdf_siren.fitting.gradients import ChunkedGradients, added, even_parts
from sdf_siren.losses.objective import Shares
from sdf_siren.losses.samples import SampleObjective, SampleTerm
from sdf_siren.signals.blocks import Blocks

CHUNK_ROWS = 1024
"""Points of a chunk, about: larger than for scans, whose batches are smaller."""

Terms = list[tuple[SampleTerm, float]]
"""Each with its weight divided by the number of squares in the batch."""


class SampleEngine:
    """Evaluates an objective on blocks.

    Args:
        network: whose parameters are read at every call.
        objective: what to evaluate.
        threads: chunks worked on at the same time; ignored on a GPU.
    """

    def __init__(self, network: LayeredField, objective: SampleObjective, threads: int) -> None:
        self._network, self._objective = network, objective
        self._gradients = ChunkedGradients(network, threads)

    @torch.no_grad()
    def __call__(self, batch: Blocks, fraction: float) -> tuple[list[Tensor], Shares]:
        """Gradients like ``network.parameters`` and, when asked for, by term the root of the mean square."""
        terms = [
            (term, weight / term.count(len(batch), batch.side))
            for term, weight in self._objective.at(fraction)
        ]
        found = self._values(batch, terms) if _order(terms) == 0 else self._derivatives(batch, terms)
        gradients, shares = found
        counts = {term.name: term.count(len(batch), batch.side) for term, _ in terms}

        def losses() -> dict[str, Tensor]:
            return {name: (square / counts[name]).sqrt() for name, square in added(shares).items()}

        return gradients, losses

    def program(self, fraction: float) -> Hashable:
        """The terms that count and their weights."""
        return tuple((term.name, weight) for term, weight in self._objective.at(fraction))

    def _values(self, batch: Blocks, terms: Terms) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
        blocks = max(1, CHUNK_ROWS // batch.size) if self._network.device.type == "cpu" else len(batch)
        shares = even_parts(len(batch), -(-len(batch) // blocks))
        parts = [slice(share.start * batch.size, share.stop * batch.size) for share in shares]

        def task(part: slice, workspace: Workspace, gradients: ParameterGradients) -> dict[str, Tensor]:
            here = batch.at(part)
            columns = workspace.value_for_training(here.x)[None]
            squares, into = _adjoints(terms, columns, here)
            workspace.backward(gradients, into[0])
            return squares

        rows = max(part.stop - part.start for part in parts)
        return self._gradients(rows, [partial(task, part) for part in parts])

    def _derivatives(self, batch: Blocks, terms: Terms) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
        shares: dict[int, dict[str, Tensor]] = {}

        def loss(part: slice, columns: Tensor) -> Tensor:
            shares[part.start], into = _adjoints(terms, columns, batch.at(part))
            return into

        found = channel_gradients(self._network.layers, batch.x, _order(terms), loss, multiple=batch.size)
        return found.tensors, [shares[start] for start in sorted(shares)]


def _order(terms: Terms) -> int:
    return max((term.order for term, _ in terms), default=0)


def _adjoints(terms: Terms, columns: Tensor, blocks: Blocks) -> tuple[dict[str, Tensor], Tensor]:
    into = torch.zeros_like(columns)
    return {term.name: term.add_adjoints(columns, blocks, scale, into) for term, scale in terms}, into
