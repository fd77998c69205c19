"""Charts without a plotting library: a picture with a colour bar, and lines over an axis."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from sdf_siren.files import atomic_path
from sdf_siren.render.colours import DIVERGING, SEQUENTIAL, coloured
from sdf_siren.render.scales import FAINT, INK, Axis, Floats, font, number, shortened, span, ticks
from sdf_siren.render.shading import BACKGROUND

SIZE = (520, 460)
"""Of one chart, pixels."""
LINES = ((38, 92, 160), (204, 84, 73), (64, 32, 32), (192, 160, 0), (128, 0, 224), (0, 192, 192))
"""Of up to six lines. Any two are at least 34 apart in CIELAB, to normal eyes and to the three kinds of
colour blindness as simulated by Machado, Oliveira and Fernandes (2009)."""
PALE = (168, 196, 226)
"""Of a line that others lie on."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 92, 40, 48
_BAR = 14
_APART = 18

Frame = tuple[int, int, int, int]
"""Left, top, right and bottom of the content."""


def heat_map(
    values: Floats,
    x: Axis,
    y: Axis,
    title: str,
    *,
    signed: bool,
    logarithmic: bool = False,
    ends: tuple[float, float] | None = None,
    size: tuple[int, int] = SIZE,
    filled: bool = False,
    marks: Sequence[Floats] = (),
) -> Image.Image:
    """Values (nx, ny) as colours, y upward.

    Args:
        values: NaN is grey.
        x, y: what the two axes of the array run along.
        title: above the picture.
        signed: colours that are the same on both sides of zero.
        logarithmic: colours by powers of ten, the scale from nearly the smallest to nearly the largest value,
            so that a few points do not spend it.
        ends: of the scale of colours (powers of ten if it is logarithmic); None is the values' own.
        size: of the chart, pixels.
        filled: x and y are not of one kind, and the picture takes all the room; else they have one scale.
        marks: places (n, 2) that are shown by small squares, those of the second and later ones larger.
    """
    low, high = ends or span(_trimmed(values) if logarithmic else values, signed, logarithmic)
    shown = np.log10(np.maximum(values, 1e-300)) if logarithmic else values
    stops = DIVERGING if signed else SEQUENTIAL
    image, draw, frame = _blank(title, size, None if filled else (x.high - x.low) / (y.high - y.low))
    left, top, right, bottom = frame
    pixels = Image.fromarray(coloured(shown.T[::-1], low, high, stops))
    image.paste(pixels.resize((right - left, bottom - top), Image.Resampling.BILINEAR), (left, top))
    bar = np.linspace(high, low, bottom - top)[:, None].repeat(_BAR, 1)
    image.paste(Image.fromarray(coloured(bar, low, high, stops)), (right + 14, top))
    draw.rectangle((right + 14, top, right + 14 + _BAR, bottom), outline=INK)
    for tick in ticks(low, high, whole=logarithmic):
        place = bottom - (tick - low) / ((high - low) or 1.0) * (bottom - top)
        text = f"1e{tick:.0f}" if logarithmic else number(tick, high - low)
        draw.text((right + 20 + _BAR, place), text, INK, font(), anchor="lm")
    _scales(draw, frame, x, y)
    for order, places in enumerate(marks):
        for a, b in places:
            across, down = _place(frame, x, y, float(a), float(b))
            half = 1 + 2 * order
            draw.rectangle((across - half, down - half, across + half, down + half), BACKGROUND, INK)
    return image


def write_charts(charts: Sequence[Image.Image], path: str | os.PathLike[str]) -> None:
    """Write charts side by side as PNG, atomically.

    Raises:
        UsageError: the folder of ``path`` cannot be written.
    """
    sheet = Image.new("RGB", (SIZE[0] * len(charts), SIZE[1]))
    for place, chart in enumerate(charts):
        sheet.paste(chart, (SIZE[0] * place, 0))
    with atomic_path(path) as temporary:
        sheet.save(temporary, format="PNG")


def line_chart(
    lines: Sequence[tuple[str, Floats, Floats]],
    x_name: str,
    title: str,
    *,
    logarithmic: bool = False,
    size: tuple[int, int] = SIZE,
    beside: int = 0,
    pale: bool = False,
) -> Image.Image:
    """Lines (label, x, y) over one scale.

    Args:
        lines: at least one point in all; NaN in y is left out, infinity lies on the frame. Colours repeat
            after six.
        x_name: below the chart.
        title: above it.
        logarithmic: powers of ten on the vertical scale.
        size: of the chart, pixels.
        beside: pixels to the right of the frame, where the labels stand near the ends of their lines; 0 puts
            them into its upper right corner, where lines may run through them.
        pale: the first line is broad and pale, so that it is seen where others lie on it.
    """
    places = np.concatenate([line[1] for line in lines])
    heights = np.concatenate([line[2] for line in lines])
    low, high = span(heights, False, logarithmic)
    margin = 0.5 if logarithmic else 0.06 * (high - low)
    vertical = Axis("", low - margin, high + margin)
    start, stop = float(np.min(places)), float(np.max(places))
    horizontal = Axis(x_name, start, stop if stop > start else start + 1.0)
    image, draw, frame = _blank(title, size, None, beside or _RIGHT)
    _scales(draw, frame, horizontal, vertical, logarithmic=logarithmic, grid=True)
    ends = []
    for order, (label, x, y) in enumerate(lines):
        first = order == 0
        colour, width = (PALE, 6) if pale and first else (LINES[order % len(LINES)], 3 if beside else 2)
        shown = np.log10(np.where(y > 0, y, np.nan)) if logarithmic else y
        shown = np.clip(shown, vertical.low, vertical.high)
        dots = [
            _place(frame, horizontal, vertical, a, b) for a, b in zip(x, shown, strict=True) if np.isfinite(b)
        ]
        if len(dots) > 1:
            draw.line(dots, colour, width, joint="curve")
        if len(dots) == 1 if beside else first and len(dots) < 80:
            for a, b in dots:
                draw.ellipse((a - 3, b - 3, a + 3, b + 3), colour)
        if beside and label:
            ends.append((dots[-1][1] if dots else frame[3], label, colour))
        elif label:
            draw.text((frame[2] - 8, frame[1] + 12 + _APART * order), label, colour, font(), anchor="rm")
    _write_beside(draw, frame, ends, beside - 36)
    return image


def _write_beside(
    draw: ImageDraw.ImageDraw,
    frame: Frame,
    ends: Sequence[tuple[float, str, tuple[int, ...]]],
    width: float,
) -> None:
    """Labels (height, label, colour) to the right of the frame, moved apart where they would overlap."""
    ends = sorted(ends, key=lambda end: end[0])
    heights = [end[0] for end in ends]
    for k in range(1, len(heights)):
        heights[k] = max(heights[k], heights[k - 1] + _APART)
    for k in range(len(heights) - 1, -1, -1):
        heights[k] = min(heights[k], frame[3] - _APART * (len(heights) - 1 - k))
    for height, (_, label, colour) in zip(heights, ends, strict=True):
        draw.line((frame[2] + 8, height, frame[2] + 26, height), colour, 4)
        draw.text((frame[2] + 32, height), shortened(label, width, font()), INK, font(), anchor="lm")


def _blank(
    title: str, size: tuple[int, int], aspect: float | None, margin: int = _RIGHT
) -> tuple[Image.Image, ImageDraw.ImageDraw, Frame]:
    """A chart without content, and its frame.

    Args:
        title: above the frame.
        size: of the chart.
        aspect: of the frame, width by height, as far as it fits; None fills the room.
        margin: to the right of the room.
    """
    image = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(image)
    room = size[0] - _LEFT - margin, size[1] - _TOP - _BOTTOM
    width, height = room
    if aspect is not None:
        aspect = min(max(aspect, 0.25), 4.0)
        width, height = int(min(width, height * aspect)), int(min(height, width / aspect))
    left, top = _LEFT + (room[0] - width) // 2, _TOP + (room[1] - height) // 2
    draw.text((left, top - 22), title, INK, font(15), anchor="lm")
    return image, draw, (left, top, left + width, top + height)


def _scales(
    draw: ImageDraw.ImageDraw,
    frame: Frame,
    x: Axis,
    y: Axis,
    *,
    logarithmic: bool = False,
    grid: bool = False,
) -> None:
    left, top, right, bottom = frame
    for tick in ticks(x.low, x.high):
        place = _place(frame, x, y, tick, y.low)[0]
        draw.line((place, bottom, place, bottom + 5), INK)
        draw.text((place, bottom + 8), number(tick, x.high - x.low), INK, font(), anchor="mt")
    for tick in ticks(y.low, y.high, whole=logarithmic):
        place = _place(frame, x, y, x.low, tick)[1]
        if grid:
            draw.line((left, place, right, place), FAINT)
        draw.line((left - 5, place, left, place), INK)
        text = f"1e{tick:.0f}" if logarithmic else number(tick, y.high - y.low)
        draw.text((left - 8, place), text, INK, font(), anchor="rm")
    draw.rectangle((left, top, right, bottom), outline=INK)
    draw.text(((left + right) / 2, bottom + 26), x.name, INK, font(), anchor="mt")
    draw.text((left - 54, (top + bottom) / 2), y.name, INK, font(), anchor="mm")


def _place(frame: Frame, x: Axis, y: Axis, a: float, b: float) -> tuple[float, float]:
    left, top, right, bottom = frame
    return (
        left + (a - x.low) / (x.high - x.low) * (right - left),
        bottom - (b - y.low) / (y.high - y.low or 1.0) * (bottom - top),
    )


def _trimmed(values: Floats) -> Floats:
    """Without the least and the largest two in a hundred."""
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        return positive
    low, high = np.quantile(positive, (0.02, 0.98))
    return positive[(positive >= low) & (positive <= high)]
