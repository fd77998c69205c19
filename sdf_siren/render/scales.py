"""Scales: the ends of a range, round numbers in it, and how they are written."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont

INK, FAINT = (52, 50, 48), (205, 203, 199)
"""Of letters and frames, and of lines behind the content."""

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
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


def span(values: Floats, signed: bool, logarithmic: bool) -> tuple[float, float]:
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


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """About five round numbers in [low, high]."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(1.0, round(step)) if whole else step
    first = math.ceil(low / step - 1e-9)
    return [k * step for k in range(first, math.floor(high / step + 1e-9) + 1)]


def number(value: float, span: float) -> str:
    """A tick of a scale as long as ``span``, in four digits; what is zero but for rounding is 0."""
    return f"{0.0 if abs(value) < 1e-9 * span else value:.4g}"


def font(size: int = 13) -> Font:
    """The font that Pillow carries; it knows little beyond ASCII."""
    return ImageFont.load_default(size)


def shortened(text: str, width: float, letters: Font) -> str:
    """The text, or as much of it as fits into ``width`` pixels and three dots."""
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "...") > width:
        text = text[:-1]
    return text.rstrip(" ,") + "..."
