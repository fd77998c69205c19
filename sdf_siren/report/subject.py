"""What a page is about: the part in which pages of scans, of images and of other signals differ."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sdf_siren.report.chart import curves_chart
from sdf_siren.report.markup import Markup
from sdf_siren.report.record import Curve, RunRecord

Rows = list[tuple[str, object]]
"""Names and values; None where one is not known."""

NOT_LOSSES = frozenset({"rate"})
"""What a fit reports besides its losses."""


class Subject(ABC):
    """A result and what it was made of, to be looked at.

    Attributes:
        scripts: that the view needs, files of this package in order.
        nouns: of what was read, one and the title of its card.
    """

    scripts: ClassVar[tuple[str, ...]] = ()
    nouns: ClassVar[tuple[str, str]] = ("file", "File")

    @classmethod
    @abstractmethod
    def view(cls, runs: Sequence[Shown], labels: Sequence[str]) -> Markup:
        """Where one run is looked at, or two side by side; all are of this class."""

    @abstractmethod
    def verdict(self, measures: Mapping[str, Any]) -> str | None:
        """What came of it in one or two sentences; None where nothing was measured."""

    @abstractmethod
    def result(self, measures: Mapping[str, Any]) -> Rows:
        """All figures of the result."""

    @abstractmethod
    def source(self, record: RunRecord) -> Rows:
        """What is told of the input besides its path, size and hash."""

    def figures(self) -> Mapping[str, float]:
        """What the page itself measured, by title; for comparisons."""
        return {}

    @classmethod
    def curves(
        cls, records: Sequence[RunRecord], labels: Sequence[str]
    ) -> list[tuple[str, Markup | None, str]]:
        """Charts of the fits: title, chart if there is anything to draw, and a sentence about it."""
        chart = curves_chart(losses(records), labels, "Losses by step, logarithmic")
        return [("Losses", chart, "Unweighted, as the fit reported them.")]


@dataclass(frozen=True)
class Shown:
    """A run and its result, as a page has them.

    Attributes:
        record: of the run.
        subject: what it is about.
        note: one sentence about what is missing; empty otherwise.
    """

    record: RunRecord
    subject: Subject
    note: str = ""


def losses(records: Sequence[RunRecord]) -> list[dict[str, Curve]]:
    """The curves of every run that are losses."""
    return [{n: c for n, c in record.curves.items() if n not in NOT_LOSSES} for record in records]
