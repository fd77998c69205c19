"""Panels of a sheet: arrays as pictures of the size that there is room for, captions and bars of colours."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.sparse import csr_array

from sdf_siren.files import atomic_path
from sdf_siren.render.colours import DIVERGING, SEQUENTIAL, Picture, coloured
from sdf_siren.render.scales import FAINT, INK, Floats, font, number, shortened, ticks
from sdf_siren.render.shading import BACKGROUND

WIDTH, GAP = 1600, 16
"""Of a sheet, and between its panels, pixels."""
CAPTION, BAR = 40, 48
"""Heights of what is above and below a panel: as the margins of a chart, so that their frames line up."""
_LEAST = 16
_SQUARE = 8
_BOARD = (0.80, 0.93)


@dataclass(frozen=True)
class Scale:
    """Numbers as colours: ``low`` is the first of the stops, ``high`` the last."""

    low: float
    high: float
    stops: tuple[tuple[int, ...], ...]

    @classmethod
    def of_sizes(cls, values: Floats) -> Scale:
        """From zero to the 99.5 % quantile, so that a few pixels do not spend it; to one if all are zero."""
        return cls(0.0, _reach(values), SEQUENTIAL)

    @classmethod
    def of_signed(cls, values: Floats) -> Scale:
        """The same on both sides of zero, which is the middle colour."""
        reach = _reach(values)
        return cls(-reach, reach, DIVERGING)

    def colours(self, values: Floats) -> Picture:
        """Colours (..., 3) of values; those beyond the ends have the colours of the ends."""
        return coloured(values, self.low, self.high, self.stops)


def _reach(values: Floats) -> float:
    sizes = np.abs(values)
    return float(np.quantile(sizes, 0.995)) or float(sizes.max()) or 1.0


def check_finite(**arrays: NDArray[np.floating]) -> None:
    """Raise ValueError with the name of the first array that has NaN or infinity."""
    for name, values in arrays.items():
        if not np.isfinite(values).all():
            raise ValueError(f"expected finite {name}, found NaN or infinity")


def panel_shape(rows: int, columns: int, width: int, height: int) -> tuple[int, int]:
    """The largest (rows, columns) with the aspect of an image that fit into ``width`` by ``height`` pixels.

    No side is shorter than 16 pixels, which distorts what would be a mere line.
    """
    factor = min(width / columns, height / rows)
    return max(_LEAST, round(rows * factor)), max(_LEAST, round(columns * factor))


def averaged(values: NDArray[np.floating], shape: tuple[int, int]) -> Floats:
    """Means (rows, columns) of an array of two axes over the footprints of the pixels of a panel.

    Where the panel is smaller this is area averaging, where it is larger the nearest neighbour, except that
    pixels on an edge between two samples share them: enlarged by 1.3, all samples stay equally wide, which
    they would not if every pixel had to choose.
    """
    rows, columns = (_footprints(n, m) for n, m in zip(values.shape, shape, strict=True))
    return np.asarray((columns @ (rows @ values.astype(np.float64)).T).T)


def _footprints(samples: int, pixels: int) -> csr_array:
    """The sparse matrix (pixels, samples) whose rows weigh samples by their share of a pixel's footprint."""
    # In units of which a pixel is `samples` long and a sample `pixels`: every overlap is an exact integer.
    cuts = np.union1d(np.arange(pixels + 1) * samples, np.arange(samples + 1) * pixels)
    weights = np.diff(cuts) / samples
    return csr_array((weights, (cuts[:-1] // samples, cuts[:-1] // pixels)), shape=(pixels, samples))


def displayed(value: NDArray[np.floating], low: float, high: float, shape: tuple[int, int]) -> Picture:
    """An image (rows, columns, c) as sRGB bytes (*shape, 3).

    Args:
        value: grey, grey and alpha, RGB or RGBA; transparent parts show a checkerboard.
        low, high: what is black and white (alpha: nothing and full); values beyond are clipped.
        shape: of the panel, as for :func:`averaged`.

    Raises:
        ValueError: there are not one to four channels, or high is not above low.
    """
    channels = value.shape[2]
    if not 1 <= channels <= 4:
        raise ValueError(f"expected an image of one to four channels, found {channels}")
    if not high > low:
        raise ValueError(f"expected high above low, found {low} and {high}")

    def unit(channel: int) -> Floats:
        return np.clip((value[..., channel].astype(np.float64) - low) / (high - low), 0, 1)

    # One channel after the other, so that a large image is never there in float64 as a whole.
    alpha = unit(channels - 1) if channels in (2, 4) else None
    colours = range(channels if alpha is None else channels - 1)
    parts = [averaged(unit(k) if alpha is None else unit(k) * alpha, shape) for k in colours]
    picture = np.stack(parts, axis=-1)
    if alpha is not None:
        squares = sum(np.ogrid[: shape[0], : shape[1]][axis] // _SQUARE for axis in (0, 1)) % 2
        picture = picture + (1 - averaged(alpha, shape)[..., None]) * np.array(_BOARD)[squares][..., None]
    return np.asarray(np.round(255 * np.broadcast_to(picture, (*shape, 3))), dtype=np.uint8)


class Sheet:
    """A picture under construction.

    Attributes:
        image: what is there so far.
    """

    def __init__(self, height: int, width: int = WIDTH) -> None:
        self.image = Image.new("RGB", (width, height), BACKGROUND)
        self._draw = ImageDraw.Draw(self.image)

    def text(self, text: str, left: int, middle: int, width: int, size: int = 15) -> None:
        """One line, cut to ``width`` pixels."""
        self._draw.text((left, middle), shortened(text, width, font(size)), INK, font(size), anchor="lm")

    def panel(self, picture: Picture, left: int, top: int, width: int, caption: str = "") -> None:
        """A picture, thinly framed; above it a caption of up to ``width`` pixels."""
        rows, columns = picture.shape[:2]
        self.text(caption, left, top - CAPTION + 18, width)
        self._draw.rectangle((left - 1, top - 1, left + columns, top + rows), outline=FAINT)
        self.image.paste(Image.fromarray(picture), (left, top))

    def mark(self, colour: tuple[int, ...], left: int, middle: int) -> None:
        """A short thick line, as beside the lines of a chart."""
        self._draw.line((left, middle, left + 18, middle), colour, 4)

    def bar(self, scale: Scale, left: int, top: int, width: int) -> None:
        """The colours of a scale from left to right, with numbers below."""
        values = np.linspace(scale.low, scale.high, width)[None].repeat(10, 0)
        self.image.paste(Image.fromarray(scale.colours(values)), (left, top))
        self._draw.rectangle((left - 1, top - 1, left + width, top + 10), outline=INK)
        span = scale.high - scale.low
        for tick in ticks(scale.low, scale.high):
            place = left + (tick - scale.low) / span * (width - 1)
            self._draw.line((place, top + 10, place, top + 14), INK)
            text = number(tick, span)
            beyond = max(0.0, font().getlength(text) / 2 - GAP)
            middle = min(max(place, left + beyond), left + width - beyond)
            self._draw.text((middle, top + 17), text, INK, font(), anchor="mt")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a PNG, which appears only when complete.

        Raises:
            UsageError: the folder of ``path`` cannot be written.
        """
        with atomic_path(path) as temporary:
            self.image.save(temporary, format="PNG")


def decibels(psnr: float) -> str:
    """A PSNR for people."""
    return f"{psnr:.1f} dB" if np.isfinite(psnr) else "no error"
