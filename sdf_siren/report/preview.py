"""Pages about signals that have no view of their own, sounds and videos: their preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sdf_siren.engine.folder import PREVIEW
from sdf_siren.report.fitted_image import FittedImage
from sdf_siren.report.markup import Markup, element
from sdf_siren.report.pictures import exact
from sdf_siren.report.record import RunRecord
from sdf_siren.report.subject import Rows, Shown, Subject
from sdf_siren.report.words import signal_rows, signal_verdict


@dataclass(frozen=True)
class Preview(Subject):
    """What the run drew of its signal: waves and spectrograms, or frames."""

    nouns: ClassVar[tuple[str, str]] = ("signal", "Signal")

    @classmethod
    def view(cls, runs: Sequence[Shown], labels: Sequence[str]) -> Markup:
        figures = []
        for run, label in zip(runs, labels, strict=True):
            source = exact(run.record.folder / PREVIEW)
            picture = element("img", src=source, alt=f"Signal, fit and error of {label}") if source else None
            missing = None if source else "The run's folder holds no preview."
            figures.append(
                element("figure", picture, element("figcaption", missing or label), class_="sheet")
            )
        return element("div", *figures, class_=f"views of-{len(figures)}")

    def verdict(self, measures: Mapping[str, Any]) -> str | None:
        return signal_verdict(measures)

    def result(self, measures: Mapping[str, Any]) -> Rows:
        return signal_rows(measures)

    def source(self, record: RunRecord) -> Rows:
        return []

    @classmethod
    def curves(
        cls, records: Sequence[RunRecord], labels: Sequence[str]
    ) -> list[tuple[str, Markup | None, str]]:
        return FittedImage.curves(records, labels)
