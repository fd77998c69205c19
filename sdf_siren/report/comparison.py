"""``compare.html``: two runs side by side."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sdf_siren.errors import UsageError
from sdf_siren.files import write_text
from sdf_siren.report.differences import Figure, Setting, figures, settings
from sdf_siren.report.markup import Markup, element, joined
from sdf_siren.report.page import page, section
from sdf_siren.report.report import STYLES, charts
from sdf_siren.report.subject import Shown


@dataclass(frozen=True)
class Comparison:
    """What two runs have in common, and what not.

    Attributes:
        figures: of both.
        settings: of both, those that differ among them.
    """

    figures: list[Figure]
    settings: list[Setting]

    @property
    def differing(self) -> list[Setting]:
        """The settings that are not the same."""
        return [setting for setting in self.settings if setting.differs]


def write_comparison(path: str | os.PathLike[str], first: Shown, second: Shown) -> Comparison:
    """Write a page with both results under one camera, their figures, losses and settings.

    Args:
        path: where to write; appears only when complete.
        first, second: the runs, by :func:`sdf_siren.report.revisited`.

    Raises:
        EmptySurfaceError: a mesh has no faces.
        MissingLibraryError: open3d, which measures distances, cannot be loaded.
        UsageError: the runs are of two kinds, or the folder of ``path`` cannot be written.
    """
    subject = first.subject
    if type(subject) is not type(second.subject):
        raise UsageError(
            f"expected two runs of one kind, found {subject.nouns[0]} and {second.subject.nouns[0]}: "
            f"{first.record.output}, {second.record.output}"
        )
    labels = _labels(first, second)
    view = subject.view((first, second), labels)
    found = Comparison(figures(first, second), settings(first.record, second.record))
    title = f"{labels[0]} and {labels[1]}"
    header = element("header", element("p", "Two runs", class_="kicker"), element("h1", title))
    cards = element("div", *_cards(found, (first, second), labels), class_="cards of-pairs")
    body = joined(header, element("main", section("Views, moved as one", view), cards))
    write_text(path, page(title, body, styles=STYLES, scripts=subject.scripts))
    return found


def _labels(first: Shown, second: Shown) -> tuple[str, str]:
    """The names of the outputs; their paths, if the names are the same."""
    names = (first.record.name, second.record.name)
    return names if names[0] != names[1] else (str(first.record.output), str(second.record.output))


def _cards(found: Comparison, runs: tuple[Shown, Shown], labels: tuple[str, str]) -> list[Markup | None]:
    same = [setting for setting in found.settings if not setting.differs]
    return [
        section("Figures", _figures(found.figures, labels)),
        *charts(runs[0].subject, [run.record for run in runs], list(labels)),
        section("Settings that differ", _settings(found.differing, labels)),
        section("Settings in common", _common(same) if same else element("p", "None.")),
    ]


def _heads(*titles: str) -> Markup:
    cells = [
        element("th", title, scope="col", class_="number" if k else None) for k, title in enumerate(titles)
    ]
    return element("thead", element("tr", *cells))


def _figures(rows: list[Figure], labels: tuple[str, str]) -> Markup:
    lines = [
        element(
            "tr",
            element("th", row.title, scope="row"),
            *[element("td", text, class_="number") for text in (row.first, row.second, row.change)],
            class_="differs" if row.first != row.second else None,
        )
        for row in rows
    ]
    return element("table", _heads("", *labels, "change"), element("tbody", *lines), class_="pairs")


def _settings(rows: list[Setting], labels: tuple[str, str]) -> Markup:
    if not rows:
        return element("p", "None: the runs were set alike.")
    lines = [
        element(
            "tr",
            element("th", row.name, scope="row"),
            *[element("td", text, class_="value") for text in (row.first, row.second)],
            class_="differs",
        )
        for row in rows
    ]
    return element("table", _heads("", *labels), element("tbody", *lines), class_="pairs")


def _common(rows: list[Setting]) -> Markup:
    lines = [
        element("tr", element("th", row.name, scope="row"), element("td", row.first, class_="value"))
        for row in rows
    ]
    table = element("table", element("tbody", *lines), class_="pairs")
    return element("details", element("summary", f"Show {len(rows)}"), table)
