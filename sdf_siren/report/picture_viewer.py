"""The part of a page in which images are looked at, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sdf_siren.render.colours import DIVERGING, SEQUENTIAL
from sdf_siren.report.markup import Markup, data_block, element, joined
from sdf_siren.report.plates import Plate
from sdf_siren.report.viewer import legend

SCRIPTS = ("assets/unpack.js", "assets/colours.js", "assets/pictures.js", "assets/panels.js")

MAPS = (
    ("error", "size of the error"),
    ("signed", "error, fitted minus given"),
    ("gradient", "size of the fit's gradient"),
    ("laplacian", "Laplacian of the fit"),
)

_WHY = "This browser does not unpack what the page holds, so here is the preview."

_HELP = (
    "Drag to move; wheel, pinch or + and - to zoom; double click or Esc to see all again. Keys, once a view "
    "has been clicked: arrows, B blinks between given and fitted, F swaps them, [ and ] move the border "
    "between them, C goes to the next map."
)


def picture_viewer(
    views: Sequence[tuple[str, str | None, str, str]], payloads: Sequence[list[dict[str, Any]]]
) -> Markup:
    """Toolbar, panels that move in step, scale of colours and the data of all.

    Args:
        views: of each run a word that tells it apart, its preview as a ``data:`` address for browsers that
            do without, or None, its name, and a sentence about what is shown.
        payloads: of each run the plates, by :func:`sdf_siren.report.plate_payload.plate_payload`.
    """
    if len(views) == 1:
        panels = [_panel("a", kind, views[0][2]) for kind in ("given", "fit", "map")]
    else:
        panels = [_panel(key, kind, name) for kind in ("fit", "map") for key, _, name, _ in views]
    stills = [
        element("img", src=picture, alt=f"Preview of {name}") for _, picture, name, _ in views if picture
    ]
    told = [words if len(views) == 1 else f"{name}: {words}" for _, _, name, words in views]
    return joined(
        element("noscript", element("p", "Scripts are off, so here is the preview only.")),
        _toolbar(parts=max(map(len, payloads))),
        element("div", *panels, class_=f"views pictures of-{len(panels)}"),
        element("div", *stills, element("p", _WHY, class_="why", hidden=True), class_="still"),
        legend(),
        element("output", id="readout", aria_live="polite"),
        *[element("p", words, class_="help") for words in told],
        element("p", _HELP, class_="help"),
        *[data_block(f"plates-{key}", shown) for (key, *_), shown in zip(views, payloads, strict=True)],
        data_block("colours", {"diverging": DIVERGING, "sequential": SEQUENTIAL}),
    )


def pixel_counts(shown: Sequence[Plate], shape: tuple[int, ...]) -> str:
    """One sentence about what of an image of ``shape`` is in the page."""
    rows, columns = shape
    whole = shown[0]
    if whole.stride == 1:
        return f"Shown: all {columns:,} x {rows:,} pixels."
    nth = {2: "2nd", 3: "3rd"}.get(whole.stride, f"{whole.stride}th")
    told = f"Shown: every {nth} of {columns:,} x {rows:,} pixels along both axes"
    for part in shown[1:]:
        height, width = part.error.shape[:2]
        told += (
            f"; at full resolution the {width} x {height} pixels from column {part.corner[1]}, row "
            f"{part.corner[0]} on, which are fitted worst"
        )
    return f"{told}."


def _panel(key: str, kind: str, name: str) -> Markup:
    label = {"given": "Given", "fit": "Fitted", "map": "Map"}[kind]
    return element(
        "figure",
        element(
            "div",
            element("canvas", tabindex=0, role="img", aria_label=f"{label}, {name}; arrow keys move it"),
            class_="frame",
        ),
        element("figcaption", element("span", label, class_="what"), f", {name}"),
        class_="view",
        data_view=key,
        data_kind=kind,
    )


def _toolbar(parts: int) -> Markup:
    maps = [element("option", title, value=key) for key, title in MAPS]
    places = [element("option", title, value=k) for k, title in enumerate(("whole image", "worst part"))]
    return element(
        "div",
        element("label", "Map ", element("select", *maps, id="colour-by")),
        element("label", "Scale ", _range("scale", -4, 4, 0.25, 0)),
        element("label", "Given left of a border ", _range("wipe", 0, 1, 0.005, 0)),
        element("label", element("input", type="checkbox", id="blink"), " Blink"),
        element("label", "Place ", element("select", *places, id="place")) if parts > 1 else None,
        element("button", "Reset view", type="button", id="reset"),
        id="toolbar",
        role="group",
        aria_label="What is shown",
        hidden=True,
    )


def _range(name: str, low: float, high: float, step: float, value: float) -> Markup:
    return element("input", type="range", id=name, min=low, max=high, step=step, value=value)
