"""``report.html``: one run, looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sdf_siren.artifacts import Mesh
from sdf_siren.clouds import PointCloud
from sdf_siren.engine.folder import PREVIEW
from sdf_siren.files import write_text
from sdf_siren.report.chart import curves_chart
from sdf_siren.report.exhibit import Exhibit, Residuals, prepared
from sdf_siren.report.markup import Markup, element, joined
from sdf_siren.report.page import definitions, page, section
from sdf_siren.report.payload import payload
from sdf_siren.report.pictures import still
from sdf_siren.report.record import RunRecord
from sdf_siren.report.viewer import SCRIPTS, shown_counts, viewer
from sdf_siren.report.words import length, result_rows, run_rows, scan_rows, setting_text, verdict

STYLES = ("assets/style.css",)

NOT_LOSSES = frozenset({"rate"})
"""What a fit reports besides its losses."""


def write_report(
    path: str | os.PathLike[str], record: RunRecord, mesh: Mesh, cloud: PointCloud | None = None
) -> None:
    """Write a page about a run: one file with an interactive view, that needs no network.

    Args:
        path: where to write; appears only when complete.
        record: of the run, by :func:`sdf_siren.report.read_record`; its folder's preview is embedded if there
            is one.
        mesh: the result, world coordinates. At most 200,000 faces of it are embedded.
        cloud: the scan, the same coordinates. At most 100,000 points of it are embedded.

    Raises:
        EmptySurfaceError: the mesh has no faces.
        MissingLibraryError: open3d, which measures distances, cannot be loaded.
        UsageError: the folder of ``path`` cannot be written.
    """
    exhibit = prepared(mesh, cloud)
    caption = f"{record.name}. {shown_counts(exhibit)}"
    up = str(record.settings.get("write.preview", {}).get("up", "y"))
    view = viewer([("a", still(record.folder / PREVIEW), caption)], [payload(exhibit, up)])
    body = joined(
        _header(record),
        element("main", section("View", view), element("div", *_sections(record, exhibit), class_="cards")),
    )
    write_text(path, page(f"{record.name}: report", body, styles=STYLES, scripts=SCRIPTS))


def _header(record: RunRecord) -> Markup:
    said = verdict(record.manifest.measures)
    return element(
        "header",
        element("p", record.title or "Run", class_="kicker"),
        element("h1", record.name),
        element("p", said, class_="verdict") if said else None,
    )


def _sections(record: RunRecord, exhibit: Exhibit) -> list[Markup | None]:
    losses = {name: curve for name, curve in record.curves.items() if name not in NOT_LOSSES}
    chart = curves_chart([losses], [record.name], "Losses of the fit by step, logarithmic")
    rows = result_rows(record.manifest.measures) + residual_rows(exhibit.residuals)
    return [
        section("Result", definitions(rows)),
        section("Scan", definitions(scan_rows(record))),
        section("Notes", notes(record)),
        section("Losses", chart, element("p", "Unweighted, as the fit reported them.", class_="help"))
        if chart
        else None,
        section("Time", timings(record.manifest.seconds)),
        section("Settings", settings(record)),
        section("Run", definitions(run_rows(record))),
    ]


def residual_rows(residuals: Residuals | None) -> list[tuple[str, object]]:
    """Distances of the scan to the triangles; none without a scan."""
    if residuals is None:
        return []
    return [
        ("Scan to mesh, median", length(residuals.median)),
        ("Scan to mesh, 95 %", length(residuals.p95)),
        ("Scan to mesh, largest", length(residuals.largest)),
        ("Unit of lengths", "as the scan's coordinates"),
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
