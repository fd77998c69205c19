"""Charts without a plotting library: a picture with a colour bar, and lines over an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from sdf_siren.render.colours import DIVERGING, SEQUENTIAL, coloured
from sdf_siren.render.shading import BACKGROUND

SIZE = (520, 460)
"""Of one chart, pixels."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 92, 40, 48
_INK, _FAINT, _LINE = (52, 50, 48), (205, 203, 199), (38, 92, 160)
_SECOND = (204, 84, 73)
_BAR = 14
_FONT = 13

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """A scale and its name.

    Attributes:
        name: written beside it.
        low, high: its ends.
    """

    name: str
    low: float
    high: float


def heat_map(
    values: Floats, x: Axis, y: Axis, title: str, *, signed: bool, logarithmic: bool = False
) -> Image.Image:
    """Values (nx, ny) as colours, y upward.

    Args:
        values: NaN is grey.
        x, y: what the two axes of the array run along.
        title: above the picture.
        signed: colours that are the same on both sides of zero.
        logarithmic: colours by powers of ten, the scale from nearly the smallest to nearly the largest value,
            so that a few points do not spend it.
    """
    low, high = _span(_trimmed(values) if logarithmic else values, signed, logarithmic)
    shown = np.log10(np.maximum(values, 1e-300)) if logarithmic else values
    stops = DIVERGING if signed else SEQUENTIAL
    image, draw, frame = _blank(title, (x.high - x.low) / (y.high - y.low))
    left, top, right, bottom = frame
    pixels = Image.fromarray(coloured(shown.T[::-1], low, high, stops))
    image.paste(pixels.resize((right - left, bottom - top), Image.Resampling.BILINEAR), (left, top))
    bar = np.linspace(high, low, bottom - top)[:, None].repeat(_BAR, 1)
    image.paste(Image.fromarray(coloured(bar, low, high, stops)), (right + 14, top))
    draw.rectangle((right + 14, top, right + 14 + _BAR, bottom), outline=_INK)
    for tick in _ticks(low, high, whole=logarithmic):
        place = bottom - (tick - low) / ((high - low) or 1.0) * (bottom - top)
        text = f"1e{tick:.0f}" if logarithmic else _number(tick, high - low)
        draw.text((right + 20 + _BAR, place), text, _INK, _font(), anchor="lm")
    _scales(draw, frame, x, y)
    return image


def line_chart(
    lines: Sequence[tuple[str, Floats, Floats]], x_name: str, title: str, *, logarithmic: bool = False
) -> Image.Image:
    """Lines (label, x, y) over one scale; ``logarithmic`` for powers of ten on the vertical one."""
    places = np.concatenate([line[1] for line in lines])
    heights = np.concatenate([line[2] for line in lines])
    low, high = _span(heights, False, logarithmic)
    margin = 0.5 if logarithmic else 0.06 * (high - low)
    vertical = Axis("", low - margin, high + margin)
    start, stop = float(np.min(places)), float(np.max(places))
    horizontal = Axis(x_name, start, stop if stop > start else start + 1.0)
    image, draw, frame = _blank(title, None)
    _scales(draw, frame, horizontal, vertical, logarithmic=logarithmic, grid=True)
    for number, (label, x, y) in enumerate(lines):
        colour = (_LINE, _SECOND)[number % 2]
        shown = np.log10(np.maximum(y, 1e-300)) if logarithmic else y
        dots = [
            _place(frame, horizontal, vertical, a, b) for a, b in zip(x, shown, strict=True) if np.isfinite(b)
        ]
        if len(dots) > 1:
            draw.line(dots, colour, 2, joint="curve")
        if number == 0 and len(dots) < 80:
            for a, b in dots:
                draw.ellipse((a - 3, b - 3, a + 3, b + 3), colour)
        if label:
            draw.text((frame[2] - 8, frame[1] + 12 + 18 * number), label, colour, _font(), anchor="rm")
    return image


def _blank(title: str, aspect: float | None) -> tuple[Image.Image, ImageDraw.ImageDraw, tuple[int, ...]]:
    """A chart without content, and its frame; ``aspect`` is width by height, as far as it fits."""
    image = Image.new("RGB", SIZE, BACKGROUND)
    draw = ImageDraw.Draw(image)
    width, height = SIZE[0] - _LEFT - _RIGHT, SIZE[1] - _TOP - _BOTTOM
    if aspect is not None:
        aspect = min(max(aspect, 0.25), 4.0)
        width, height = int(min(width, height * aspect)), int(min(height, width / aspect))
    left, top = (
        _LEFT + (SIZE[0] - _LEFT - _RIGHT - width) // 2,
        _TOP + (SIZE[1] - _TOP - _BOTTOM - height) // 2,
    )
    draw.text((left, top - 22), title, _INK, _font(15), anchor="lm")
    return image, draw, (left, top, left + width, top + height)


def _scales(
    draw: ImageDraw.ImageDraw,
    frame: tuple[int, ...],
    x: Axis,
    y: Axis,
    *,
    logarithmic: bool = False,
    grid: bool = False,
) -> None:
    left, top, right, bottom = frame
    for tick in _ticks(x.low, x.high):
        place = _place(frame, x, y, tick, y.low)[0]
        draw.line((place, bottom, place, bottom + 5), _INK)
        draw.text((place, bottom + 8), _number(tick, x.high - x.low), _INK, _font(), anchor="mt")
    for tick in _ticks(y.low, y.high, whole=logarithmic):
        place = _place(frame, x, y, x.low, tick)[1]
        if grid:
            draw.line((left, place, right, place), _FAINT)
        draw.line((left - 5, place, left, place), _INK)
        text = f"1e{tick:.0f}" if logarithmic else _number(tick, y.high - y.low)
        draw.text((left - 8, place), text, _INK, _font(), anchor="rm")
    draw.rectangle((left, top, right, bottom), outline=_INK)
    draw.text(((left + right) / 2, bottom + 26), x.name, _INK, _font(), anchor="mt")
    draw.text((left - 54, (top + bottom) / 2), y.name, _INK, _font(), anchor="mm")


def _place(frame: tuple[int, ...], x: Axis, y: Axis, a: float, b: float) -> tuple[float, float]:
    left, top, right, bottom = frame
    return (
        left + (a - x.low) / (x.high - x.low) * (right - left),
        bottom - (b - y.low) / (y.high - y.low or 1.0) * (bottom - top),
    )


def _span(values: Floats, signed: bool, logarithmic: bool) -> tuple[float, float]:
    """The ends of a scale."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if signed:
        reach = max(-low, high) or 1.0
        return -reach, reach
    if not logarithmic:
        return (low, high) if high > low else (low - 0.5, high + 0.5)
    positive = finite[finite > 0]
    top = math.ceil(math.log10(positive.max())) if len(positive) else 0
    least = math.floor(math.log10(positive.min())) if len(positive) else -1
    return float(max(least, top - 16)), float(max(top, least + 1))


def _trimmed(values: Floats) -> Floats:
    """Without the least and the largest two in a hundred."""
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        return positive
    low, high = np.quantile(positive, (0.02, 0.98))
    return positive[(positive >= low) & (positive <= high)]


def _ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """About five round numbers in [low, high]."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(1.0, round(step)) if whole else step
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _number(value: float, span: float) -> str:
    return f"{0.0 if abs(value) < 1e-9 * span else value:.4g}"


def _font(size: int = _FONT) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
