"""The signal: samples on a regular grid, as a reader returns them and a fit consumes them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sdf_siren.errors import InputError
from sdf_siren.frames import GridFrame

IMAGE, AUDIO, VIDEO = ("row", "column"), ("time",), ("frame", "row", "column")
"""Axes of the kinds of signals."""

_LARGEST_PROFILE = 2**20
"""Bytes of a colour profile that is kept in a record; those of cameras and screens have thousands."""


@dataclass(frozen=True)
class SampleFormat:
    """How samples were stored, so that a writer can store a fit alike.

    Attributes:
        low, high: the values that the format calls nothing and full: 0 and 1 for images, -1 and 1 for sound,
            the data's own for arrays. Samples are kept in these units, and their difference is the peak of a
            PSNR.
        bits: per sample: 8, 16, 24 or 32; of floating-point formats 32.
        floating: whether samples are floating-point numbers.
        icc_profile: the colour space of an image; the fit happens in it, and it is written back.
        rate: of sound and video, samples per second; 0 elsewhere.
    """

    low: float = 0.0
    high: float = 1.0
    bits: int = 8
    floating: bool = False
    icc_profile: bytes | None = None
    rate: float = 0.0

    @property
    def peak(self) -> float:
        """high - low."""
        return self.high - self.low

    def to_json(self) -> dict[str, object]:
        """JSON values for the record of a field; a colour profile of more than 1 MiB is left out."""
        profile = self.icc_profile
        kept = profile is not None and len(profile) <= _LARGEST_PROFILE
        return {
            "low": float(self.low),
            "high": float(self.high),
            "bits": self.bits,
            "floating": self.floating,
            "rate": float(self.rate),
            "icc_profile": base64.b64encode(profile or b"").decode("ascii") if kept else None,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> SampleFormat:
        """Back from what :meth:`to_json` gave.

        Raises:
            InputError: other values.
        """
        try:
            given = dict(values)
            profile = given.pop("icc_profile", None)
            kinds = {"low": float, "high": float, "bits": int, "floating": bool, "rate": float}
            if given.keys() != kinds.keys() or any(type(given[k]) is not kinds[k] for k in kinds):
                raise ValueError
            decoded = None if profile is None else base64.b64decode(str(profile), validate=True)
            return cls(icc_profile=decoded, **given)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise InputError(f"expected a sample format, found {repr(values)[:80]}") from None


@dataclass(frozen=True)
class Signal:
    """Samples on a regular grid.

    Attributes:
        samples: (n_1, .., n_d, c) float32, finite, in the units of ``format``. Images have 1 (grey), 2 (grey
            and alpha), 3 (RGB) or 4 (RGBA) channels.
        axes: a name for each of the d axes: :data:`IMAGE`, :data:`AUDIO` or :data:`VIDEO`.
        spacing: relative lengths of a sample along every axis.
        format: how the samples were stored.
        source: where they came from, for messages.
        notes: what a reader did on the way, one line each; the run prints and records them.
    """

    samples: NDArray[np.float32]
    axes: tuple[str, ...]
    spacing: tuple[float, ...] = ()
    format: SampleFormat = field(default_factory=SampleFormat)
    source: str = "signal"
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        samples = np.ascontiguousarray(self.samples, dtype=np.float32)
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "spacing", self.spacing or (1.0,) * len(self.axes))
        if samples.ndim != len(self.axes) + 1 or samples.size == 0:
            raise InputError(
                f"{self.source}: expected samples along {', '.join(self.axes)} and channels, "
                f"found an array of shape {samples.shape}"
            )
        if len(self.spacing) != len(self.axes):
            raise InputError(f"{self.source}: expected {len(self.axes)} spacings, found {self.spacing}")
        if not np.isfinite(samples).all():
            raise InputError(f"{self.source}: expected finite samples, found NaN or infinity")
        if not self.format.peak > 0:
            raise InputError(f"{self.source}: expected samples of more than one value, found only one")

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples along every axis."""
        return self.samples.shape[:-1]

    @property
    def channels(self) -> int:
        """Numbers per sample."""
        return self.samples.shape[-1]

    @property
    def frame(self) -> GridFrame:
        """Places of the grid to the cube of the fit."""
        return GridFrame.fitting(self.shape, self.spacing)

    def with_samples(self, samples: NDArray[np.floating]) -> Signal:
        """Other samples (another resolution, say) of the same kind, stored alike."""
        return replace(self, samples=np.asarray(samples, dtype=np.float32), notes=())


def samples_of(
    stored: NDArray[np.generic], full: int | None = None, icc_profile: bytes | None = None, rate: float = 0.0
) -> tuple[NDArray[np.float32], SampleFormat]:
    """Numbers as float32 samples: uint8 and uint16 in 0..1, other types in their own units."""
    if full is None:
        full = {"u1": 255, "u2": 65_535}.get(stored.dtype.str[1:])
    # Numbers beyond float32 become infinite, which Signal refuses.
    with np.errstate(all="ignore"):
        samples = stored.astype(np.float32)
    if full is not None:
        samples /= np.float32(full)
        return samples, SampleFormat(bits=8 if full <= 255 else 16, icc_profile=icc_profile, rate=rate)
    low, high = float(samples.min()), float(samples.max())
    return samples, SampleFormat(low, high if high > low else low + 1.0, 32, True, icc_profile, rate)
