"""How long work tells its caller where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Progress:
    """One report: ``done`` of ``total`` units of ``task``, with the current figures.

    Attributes:
        task: what is being done, e.g. ``"fit"`` or ``"extract"``.
        done: units finished so far.
        total: units in all.
        values: named figures of the moment, e.g. the loss terms.
    """

    task: str
    done: int
    total: int
    values: Mapping[str, float] = field(default_factory=dict)


ProgressCallback = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """The default callback: say nothing."""
