"""``index.html``: the runs of a folder at a glance, those that failed first."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from sdf_siren.engine.folder import PREVIEW, REPORT, folder_of
from sdf_siren.files import write_text
from sdf_siren.report.markup import Markup, element, joined
from sdf_siren.report.page import page
from sdf_siren.report.pictures import thumbnail

INDEX = "index.html"
STYLES = ("assets/style.css", "assets/index.css")
SCRIPTS = ("assets/index.js",)

_ORDER = ("failed", "interrupted", "elsewhere", "waiting", "done", "skipped")
"""What asks for a look comes first; another status comes before all of them."""

_WORDS = {"skipped": "done before", "elsewhere": "at work elsewhere"}


class Listed(Protocol):
    """What the index asks of a run; the results of a batch are such."""

    @property
    def name(self) -> str:
        """Of the input, as people know it."""

    @property
    def output(self) -> str:
        """Path of the output; the run folder is beside it."""

    @property
    def status(self) -> str:
        """``done``, ``failed``, ``skipped``, ``elsewhere``, ``interrupted`` or ``waiting``."""

    @property
    def reason(self) -> str:
        """One line, or nothing."""

    @property
    def seconds(self) -> float:
        """That it took."""

    @property
    def measures(self) -> Mapping[str, Any]:
        """Figures that its stages recorded."""


@dataclass(frozen=True)
class _Column:
    """A figure: its name among the measures, its title, and how it is written."""

    measure: str
    title: str
    form: str = ""

    def cell(self, measures: Mapping[str, Any]) -> Markup:
        value = measures.get(self.measure)
        if isinstance(value, bool):
            return _number("yes" if value else "no", int(value))
        if isinstance(value, int | float):
            return _number(format(value, self.form), value)
        return _number("", None)


_COLUMNS = (
    _Column("faces", "Triangles", ","),
    _Column("watertight", "Watertight"),
    _Column("components", "Pieces", ","),
    _Column("residual_median", "Fit, median", ".3g"),
    _Column("residual_p95", "Fit, 95 %", ".3g"),
    _Column("points_missed", "Points without mesh", ".1%"),
    _Column("psnr", "PSNR, dB", ".2f"),
    _Column("ssim", "SSIM", ".4f"),
    _Column("parameters", "Parameters", ","),
)


def write_index(folder: str | os.PathLike[str], results: Sequence[Listed], title: str = "") -> Path:
    """Write ``index.html`` into ``folder``: thumbnails, figures, reasons, and links to outputs and reports.

    The page needs no network, and without scripts it is a plain table.

    Args:
        folder: of the batch; links are relative to it, so it can be moved as a whole.
        results: what came of each job.
        title: of the page; the folder's name if empty.

    Returns:
        The path of the page.

    Raises:
        UsageError: the folder cannot be written.
    """
    folder = Path(folder)
    title = title or folder.resolve().name
    columns = [c for c in _COLUMNS if any(c.measure in result.measures for result in results)]
    ranked = sorted(results, key=lambda result: (_rank(result.status), result.name))
    rows = [_row(folder, result, columns) for result in ranked]
    body = joined(
        element("header", element("h1", title), element("p", _totals(results), class_="verdict")),
        element(
            "main",
            _tools(),
            element("div", _table(columns, rows), class_="wide-table", tabindex=0, role="group"),
        ),
    )
    path = folder / INDEX
    write_text(path, page(title, body, styles=STYLES, scripts=SCRIPTS))
    return path


def _rank(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else -1


def _totals(results: Sequence[Listed]) -> str:
    counts = Counter(result.status for result in results)
    parts = [f"{counts[s]} {_WORDS.get(s, s)}" for s in sorted(counts, key=_rank)]
    seconds = sum(result.seconds for result in results)
    spent = f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
    plural = "s" * (len(results) != 1)
    return f"{len(results)} file{plural}: {', '.join(parts) or 'nothing to do'}. {spent} of work."


def _tools() -> Markup:
    """Of no use without scripts, which show it."""
    box = element("input", type="search", id="filter", placeholder="name, status or reason")
    found = element("output", id="shown", aria_live="polite")
    return element("div", element("label", "Filter ", box), found, id="tools", hidden=True)


def _table(columns: Sequence[_Column], rows: Sequence[Markup]) -> Markup:
    titles = ["Picture", "Name", "Status", *[column.title for column in columns], "Seconds"]
    heads = [
        element("th", title, scope="col", data_sort=None if title == "Picture" else title) for title in titles
    ]
    return element("table", element("thead", element("tr", *heads)), element("tbody", *rows), id="runs")


def _row(folder: Path, result: Listed, columns: Sequence[_Column]) -> Markup:
    output = Path(result.output)
    run = folder_of(output)
    # What lies there may be of an earlier run, if this one failed before it wrote anything.
    good = result.status in ("done", "skipped")
    report, file = (_link(folder, path) if good else None for path in (run / REPORT, output))
    source = thumbnail(run / PREVIEW, of_mesh="faces" in result.measures) if good else None
    picture = element("img", src=source, alt="") if source else None
    name = element(
        "td",
        element("a" if report or file else "span", result.name, href=report or file, class_="name"),
        joined(" ", element("a", "file", href=file, class_="file")) if report and file else None,
        element("p", result.reason, class_="reason") if result.reason else None,
        data_value=result.name.lower(),
    )
    return element(
        "tr",
        element("td", picture, class_="picture"),
        name,
        element("td", _WORDS.get(result.status, result.status), data_value=f"{_rank(result.status):02d}"),
        *[column.cell(result.measures) for column in columns],
        _number(f"{result.seconds:.1f}", result.seconds) if result.seconds else _number("", None),
        class_=result.status,
    )


def _number(text: str, value: float | None) -> Markup:
    return element("td", text, class_="number", data_value=None if value is None else repr(float(value)))


def _link(folder: Path, target: Path) -> str | None:
    """A relative address of a file, or None if there is none; every character beyond the plain is escaped."""
    if not target.exists():
        return None
    relative = Path(os.path.relpath(target.resolve(), folder.resolve())).as_posix()
    return quote(os.fsencode(relative), safe="/")
