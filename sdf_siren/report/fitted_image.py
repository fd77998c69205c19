"""Pages about images: the given one, the fit and its error, pixel by pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from sdf_siren.engine.folder import PREVIEW
from sdf_siren.metrics import Likeness
from sdf_siren.report.chart import curves_chart
from sdf_siren.report.markup import Markup
from sdf_siren.report.picture_viewer import SCRIPTS, picture_viewer, pixel_counts
from sdf_siren.report.pictures import still
from sdf_siren.report.plate_payload import plate_payload
from sdf_siren.report.plates import Plate, plates
from sdf_siren.report.record import RunRecord
from sdf_siren.report.subject import Rows, Shown, Subject
from sdf_siren.report.words import signal_rows, signal_verdict
from sdf_siren.signals import Signal


@dataclass(frozen=True)
class FittedImage(Subject):
    """An image and its fit.

    Attributes:
        signal: the image.
        likeness: of the field to the image, or to what an edit asked for, by
            :func:`sdf_siren.metrics.signal_error`. What is embedded takes 3.7 MB at most, about.
    """

    scripts: ClassVar[tuple[str, ...]] = SCRIPTS
    nouns: ClassVar[tuple[str, str]] = ("image", "Image")

    signal: Signal
    likeness: Likeness

    @cached_property
    def plates(self) -> list[Plate]:
        """What is embedded: the image, and if that is reduced, a part of it."""
        return plates(self.likeness, self.signal.format.bits)

    @classmethod
    def view(cls, runs: Sequence[Shown], labels: Sequence[str]) -> Markup:
        views, payloads = [], []
        for key, run, label in zip("ab", runs, labels, strict=False):
            subject = run.subject
            assert isinstance(subject, cls)
            form, spacing = subject.signal.format, subject.signal.spacing
            shown = pixel_counts(subject.plates, subject.signal.shape)
            views.append((key, still(run.record.folder / PREVIEW), label, f"{shown} {run.note}".strip()))
            payloads.append([plate_payload(plate, form, spacing) for plate in subject.plates])
        return picture_viewer(views, payloads)

    def verdict(self, measures: Mapping[str, Any]) -> str | None:
        return signal_verdict(measures)

    def result(self, measures: Mapping[str, Any]) -> Rows:
        return signal_rows(measures)

    def source(self, record: RunRecord) -> Rows:
        form, (rows, columns) = self.signal.format, self.signal.shape
        kinds = ("grey", "grey and alpha", "RGB", "RGBA")
        return [
            ("Pixels", f"{columns:,} x {rows:,}"),
            ("Channels", kinds[self.signal.channels - 1]),
            ("Numbers", "floating-point" if form.floating else f"{form.bits} bits"),
            ("Range", f"{form.low:g} to {form.high:g}"),
        ]

    @classmethod
    def curves(
        cls, records: Sequence[RunRecord], labels: Sequence[str]
    ) -> list[tuple[str, Markup | None, str]]:
        chart = curves_chart(
            [{"PSNR": record.decibels} if record.decibels else {} for record in records],
            labels,
            "PSNR of the fit by step, decibels",
            logarithmic=False,
        )
        words = "Decibels at the samples of a step's batch."
        return [("PSNR", chart, words), *super().curves(records, labels)]
