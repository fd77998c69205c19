"""A plate as the JSON that a page's viewer of pictures reads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sdf_siren.report.packing import packed_offsets, packed_steps
from sdf_siren.report.plates import Plate
from sdf_siren.signals import SampleFormat

_FINE = 16
"""Parts of the root mean square to which errors and maps are rounded at best."""

_SHARE = 0.995
"""A scale of colours ends where this share of the sizes is on it."""


def plate_payload(plate: Plate, form: SampleFormat, spacing: tuple[float, ...]) -> dict[str, Any]:
    """Everything that the viewer needs, packed.

    Samples are whole steps of the format's range: of 8 and 16 bits exactly those of the file. The error is
    apart from them, to a 32nd of its root mean square or to a 65536th of its largest size, whichever is more:
    a good fit and its image would be the same in 8 bits.

    Args:
        plate: what to show.
        form: of the samples.
        spacing: relative height and width of a pixel.
    """
    rows, columns, channels = plate.given.shape
    full = 255 if form.bits == 8 else 65_535
    share = (plate.given.astype(np.float64) - form.low) / form.peak
    levels: NDArray[np.unsignedinteger] = np.clip(np.round(share * full), 0, full).astype(
        np.uint8 if full == 255 else np.uint16
    )
    return {
        "rows": rows,
        "columns": columns,
        "channels": channels,
        "corner": list(plate.corner),
        "stride": plate.stride,
        "pixel": [float(side) for side in spacing],
        "low": float(form.low),
        "high": float(form.high),
        "full": full,
        "given": packed_steps(levels.reshape(-1, channels)),
        "error": _rounded(plate.error.reshape(-1, channels))
        | {"reach": _reach(np.abs(plate.error).mean(axis=-1))},
        "gradient": _rounded(plate.gradient.reshape(-1, 1)) | {"reach": _reach(plate.gradient)},
        "laplacian": _rounded(plate.laplacian.reshape(-1, 1)) | {"reach": _reach(plate.laplacian)},
    }


def _rounded(values: NDArray[np.floating]) -> dict[str, Any]:
    """Whole multiples of a unit that is small for them."""
    wide = values.astype(np.float64)
    size, most = float(np.sqrt(np.square(wide).mean())), float(np.abs(wide).max())
    unit = max(size / _FINE, most / 32_767) or 1.0
    return {"unit": unit, "values": packed_offsets(np.round(wide / unit).astype(np.int16))}


def _reach(values: NDArray[np.floating]) -> float:
    sizes = np.abs(values.astype(np.float64))
    return float(np.quantile(sizes, _SHARE)) or float(sizes.max()) or 1.0
