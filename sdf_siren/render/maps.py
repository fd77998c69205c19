"""Maps of derivatives as pictures of their own size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdf_siren.render.panels import Scale
from sdf_siren.signals import IMAGE, Signal
from sdf_siren.signals.maps import gradient_size, mean_laplacian

_BAND = 256
"""Rows coloured at once."""


def draw_map(values: NDArray[np.floating], source: str = "map") -> Signal:
    """A gradient (h, w, c, 2) or a Laplacian (h, w, c) in colours, as 8-bit RGB.

    Of a gradient the length over all channels, from zero to its 99.5 % quantile; of a Laplacian the mean of
    the channels, zero in the middle colour.
    """
    sizes = values.ndim == 4
    drawn = (gradient_size(values) if sizes else mean_laplacian(values)).astype(np.float64)
    scale = Scale.of_sizes(drawn) if sizes else Scale.of_signed(drawn)
    picture = np.empty((*drawn.shape, 3), np.float32)
    for start in range(0, len(drawn), _BAND):
        picture[start : start + _BAND] = scale.colours(drawn[start : start + _BAND]) / np.float32(255)
    return Signal(picture, IMAGE, source=source)
