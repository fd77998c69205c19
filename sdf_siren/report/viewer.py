"""The part of a page in which meshes are looked at."""

from __future__ import annotations

from typing import Any

from sdf_siren.render.colours import DIVERGING, SEQUENTIAL
from sdf_siren.report.exhibit import ERROR, Exhibit
from sdf_siren.report.markup import Markup, data_block, element, joined
from sdf_siren.report.page import LIBRARY

SCRIPTS = (LIBRARY, "assets/unpack.js", "assets/colours.js", "assets/viewer.js", "assets/views.js")

_WHY = "This browser does not show 3-D views (WebGL 2), so here is the preview."

_HELP = (
    "Drag to turn; right button, Ctrl or two fingers to move; wheel or pinch to zoom. Click a place to read "
    "its coordinates, a second one to measure. Keys, once the view has been clicked: arrows, + and -, 1 to 4 "
    "for the views of the preview, M mesh, P points, C colours, Esc."
)


def viewer(views: list[tuple[str, str | None, str]], payloads: list[dict[str, Any]]) -> Markup:
    """Toolbar, views, scale of colours and the data of the views.

    Args:
        views: of each view a word that tells it apart, a picture as a ``data:`` address for browsers that do
            without, or None, and a caption.
        payloads: of each view, by :func:`sdf_siren.report.payload.payload`.
    """
    hosts = [_host(key, picture, caption) for key, picture, caption in views]
    data = [data_block(f"geometry-{key}", shown) for (key, _, _), shown in zip(views, payloads, strict=True)]
    return joined(
        element("noscript", element("p", "Scripts are off, so here is the preview only.")),
        _toolbar(),
        element("div", *hosts, class_=f"views of-{len(hosts)}"),
        legend(),
        element("output", id="readout", aria_live="polite"),
        element("p", _HELP, class_="help"),
        *data,
        data_block("colours", {"diverging": DIVERGING, "sequential": SEQUENTIAL}),
        data_block("error-name", ERROR),
    )


def shown_counts(exhibit: Exhibit) -> str:
    """One sentence about what of mesh and scan is in the page."""
    faces, points = len(exhibit.mesh.faces), len(exhibit.points)
    parts = [f"{faces:,} triangles"]
    if faces < exhibit.faces_in_all:
        parts = [f"reduced from {exhibit.faces_in_all:,} to {faces:,} triangles"]
    if points:
        every = f" of {exhibit.points_in_all:,}" if points < exhibit.points_in_all else ""
        parts.append(f"{points:,}{every} scan points")
    return f"Shown: {' and '.join(parts)}."


def _host(key: str, picture: str | None, caption: str) -> Markup:
    still = element("img", src=picture, alt=f"Preview of {caption}") if picture else None
    label = f"3-D view of {caption}; arrow keys turn it"
    return element(
        "figure",
        element("div", element("canvas", tabindex=0, role="img", aria_label=label), class_="frame"),
        element("div", still, element("p", _WHY, class_="why", hidden=True), class_="still"),
        element("figcaption", caption),
        class_="view",
        data_view=key,
    )


def _toolbar() -> Markup:
    checks = [_check("show-mesh", "Mesh", checked=True), _check("show-points", "Scan points", checked=False)]
    up = [element("option", axis, value=axis) for axis in "xyz"]
    return element(
        "div",
        *checks,
        element("label", "Colours ", element("select", id="colour-by")),
        element(
            "label",
            "Scale ",
            element("input", type="range", id="scale", min=-4, max=4, step=0.25, value=0, disabled=True),
        ),
        element("label", "Up ", element("select", *up, id="up")),
        element("button", "Reset view", type="button", id="reset"),
        id="toolbar",
        role="group",
        aria_label="What is shown",
        hidden=True,
    )


def _check(name: str, label: str, *, checked: bool) -> Markup:
    return element("label", element("input", type="checkbox", id=name, checked=checked), " ", label)


def legend() -> Markup:
    """The scale of colours, filled in by ``assets/colours.js``."""
    numbers = [element("span", id=name) for name in ("low", "middle", "high")]
    return element(
        "div",
        element("div", id="ramp"),
        element("div", *numbers, class_="numbers"),
        element("div", id="unit"),
        id="legend",
        hidden=True,
    )
