"""TIFF, written by tifffile: Pillow has no pages of several channels with more than 8 bits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sdf_siren.io.rasters import as_integers
from sdf_siren.signals import Signal

_HORIZONTAL = 2
"""The predictor: differences along rows (TIFF 6.0, section 14)."""


def write_tiff(
    path: Path,
    frames: Sequence[NDArray[np.generic]] | NDArray[np.generic],
    icc_profile: bytes | None = None,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> None:
    """Write (n, h, w, c) pixels, uint8, uint16 or float32, of 1 to 4 channels as a page per frame.

    Args:
        path: the file to write, which may exist.
        frames: the pixels; compressed by Deflate.
        icc_profile: kept as it is.
        spacing: height and width of a pixel.
    """
    import tifffile

    with tifffile.TiffWriter(path) as file:
        for frame in frames:
            channels = frame.shape[-1]
            file.write(
                frame if channels > 1 else frame[..., 0],
                photometric="rgb" if channels > 2 else "minisblack",
                planarconfig="contig" if channels > 1 else None,
                extrasamples=["unassalpha"] if channels in (2, 4) else None,
                compression="zlib",
                predictor=_HORIZONTAL if frame.dtype.kind == "u" else None,
                iccprofile=icc_profile,
                resolution=(1.0, 1.0) if spacing[0] == spacing[1] else (1 / spacing[1], 1 / spacing[0]),
                resolutionunit="none",
                metadata=None,
                software=False,
            )


def stored_for_tiff(signal: Signal) -> NDArray[np.generic]:
    """The samples as TIFF holds them: float32 as they are, else 8 or 16 bits."""
    if signal.format.floating:
        return signal.samples
    return as_integers(signal, 16 if signal.format.bits > 8 else 8)
