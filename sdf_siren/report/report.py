"""``report.html``: one run, looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sdf_siren.files import write_text
from sdf_siren.report.markup import Markup, element, joined
from sdf_siren.report.page import definitions, page, section
from sdf_siren.report.record import RunRecord
from sdf_siren.report.subject import Shown, Subject
from sdf_siren.report.words import file_rows, run_rows, setting_text

STYLES = ("assets/style.css",)


def write_report(path: str | os.PathLike[str], record: RunRecord, subject: Subject, note: str = "") -> None:
    """Write a page about a run: one file with an interactive view, that needs no network.

    Args:
        path: where to write; appears only when complete.
        record: of the run, by :func:`sdf_siren.report.read_record`; its folder's preview is embedded if there
            is one.
        subject: the result and what it was made of: a :class:`~sdf_siren.report.Surface`, a
            :class:`~sdf_siren.report.FittedImage` or a :class:`~sdf_siren.report.Preview`.
        note: one sentence about what is missing.

    Raises:
        EmptySurfaceError: a mesh has no faces.
        MissingLibraryError: open3d, which measures distances, cannot be loaded.
        UsageError: the folder of ``path`` cannot be written.
    """
    view = subject.view([Shown(record, subject, note)], [record.name])
    cards = element("div", *_sections(record, subject), class_="cards")
    body = joined(_header(record, subject), element("main", section("View", view), cards))
    write_text(path, page(f"{record.name}: report", body, styles=STYLES, scripts=subject.scripts))


def _header(record: RunRecord, subject: Subject) -> Markup:
    said = subject.verdict(record.manifest.measures)
    return element(
        "header",
        element("p", record.title or "Run", class_="kicker"),
        element("h1", record.name),
        element("p", said, class_="verdict") if said else None,
    )


def _sections(record: RunRecord, subject: Subject) -> list[Markup | None]:
    return [
        section("Result", definitions(subject.result(record.manifest.measures))),
        section(subject.nouns[1], definitions([*file_rows(record), *subject.source(record)])),
        section("Notes", notes(record)),
        *charts(subject, [record], [record.name]),
        section("Time", timings(record.manifest.seconds)),
        section("Settings", settings(record)),
        section("Run", definitions(run_rows(record))),
    ]


def charts(subject: Subject, records: list[RunRecord], labels: list[str]) -> list[Markup | None]:
    """The cards of the curves; none of what there is nothing to draw of."""
    return [
        section(title, chart, element("p", words, class_="help"))
        for title, chart, words in subject.curves(records, labels)
        if chart
    ]


def notes(record: RunRecord) -> Markup:
    """What the stages had to say; that they said nothing is worth a line too."""
    if not record.notes:
        return element("p", "None: nothing was dropped, mended or left out.")
    items = [element("li", element("span", stage, class_="stage"), " ", text) for stage, text in record.notes]
    return element("ul", *items, class_="notes")


def timings(seconds: Mapping[str, float]) -> Markup:
    """By stage, with bars."""
    most = max(seconds.values(), default=0.0) or 1.0
    rows = [
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", f"{spent:.1f} s", class_="number"),
            element("td", element("meter", value=round(spent / most, 4), aria_hidden="true"), class_="bar"),
        )
        for name, spent in seconds.items()
    ]
    total = element(
        "tr",
        element("th", "in all", scope="row"),
        element("td", f"{sum(seconds.values()):.1f} s", class_="number"),
        element("td"),
    )
    return element("table", element("tbody", *rows, total), class_="timings")


def settings(record: RunRecord) -> Markup:
    """What the pipeline set, stage by stage, and what the fit chose."""
    rows = []
    groups = [*record.settings.items(), ("chosen by the fit", record.chosen)]
    for stage, options in groups:
        if options:
            rows.append(element("tr", element("th", stage, scope="rowgroup", colspan=2)))
            rows += [_setting(name, value) for name, value in options.items()]
    bare = [stage for stage, options in record.settings.items() if not options]
    if bare:
        rows.append(element("tr", element("td", f"Without options: {', '.join(bare)}", colspan=2)))
    return element("table", element("tbody", *rows), class_="settings")


def _setting(name: str, value: Any) -> Markup:
    return element("tr", element("td", name), element("td", setting_text(value), class_="value"))
