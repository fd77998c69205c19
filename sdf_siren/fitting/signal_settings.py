"""Every number of a signal's fit, chosen from the signal and the quality unless given."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from scipy import fft

from sdf_siren.errors import UsageError
from sdf_siren.fields import SirenShape, matching_width
from sdf_siren.fitting.kinds import check_kind, plain
from sdf_siren.signals import Signal

QUALITIES = ("draft", "standard", "high", "paper")
NETWORKS = ("siren", "relu", "tanh", "encoding")
DERIVATIVES = ("stencil", "spectral")

STEPS = {"draft": 250, "standard": 800, "high": 2000, "paper": 500}
PARAMETERS = {"draft": 50_000, "standard": 200_000, "high": 800_000}
"""Of the network, at most; less for signals of fewer samples."""
PARAMETERS_PER_NUMBER = 3
"""With as many parameters for every number of a signal the fit reaches any accuracy; more are wasted."""
LEAST_PARAMETERS, MOST_PARAMETERS = 5_000, 4_000_000
BATCH = 8192
HIGHEST_RATE, WIDEST_AT_HIGHEST = 1e-3, 256
"""The wider a SIREN, the smaller its weights, and the steps that it stands (docs/method.md, "Images")."""
EVEN_WIDTH = 16
"""Floats of a cache line: products of matrices of other widths take a third longer."""


@dataclass(frozen=True)
class SignalSettings:
    """The settings of one fit.

    Attributes:
        quality: the preset; ``paper`` is the recipe of the SIREN paper's code.
        network: ``siren``, or a baseline: ``relu``, ``tanh``, or ``encoding``, a ReLU network behind a
            positional encoding.
        smooth: keep the network from inventing waves between the samples, at the price of the fit at them.
        steps: optimizer steps.
        width: units per hidden layer.
        depth: hidden layers after the first.
        omega_0: the factor inside the sines.
        spectrum: the exponent with which the first layer's frequencies follow the signal's spectrum; 0
            keeps the paper's first layer.
        batch: samples per step, no more than there are; 0 takes all of them at every step.
        learning_rate: its peak.
        value_weight, gradient_weight, laplacian_weight: of what the fit is told of the signal.
        derivative: what a gradient and a Laplacian mean: ``stencil`` for differences of neighbouring samples,
            ``spectral`` for derivatives of the cosine interpolant.
        warm_start: whether a fit without values starts from the classical integral of the derivatives.
    """

    quality: str
    network: str
    smooth: bool
    steps: int
    width: int
    depth: int
    omega_0: float
    spectrum: float
    batch: int
    learning_rate: float
    value_weight: float = 1.0
    gradient_weight: float = 0.0
    laplacian_weight: float = 0.0
    derivative: str = "stencil"
    warm_start: bool = True

    def __post_init__(self) -> None:
        for name, choices in (("network", NETWORKS), ("derivative", DERIVATIVES)):
            if getattr(self, name) not in choices:
                raise UsageError(
                    f"fit.image.{name} must be one of {', '.join(choices)}, found {getattr(self, name)!r}"
                )
        for name, least in (("steps", 1), ("width", 1), ("depth", 1), ("batch", 0)):
            if getattr(self, name) < least:
                raise UsageError(f"fit.image.{name} must be at least {least}, found {getattr(self, name)}")
        for name in ("omega_0", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UsageError(f"fit.image.{name} must be above 0, found {getattr(self, name)}")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type in ("int", "float") and not 0 <= value < math.inf:
                raise UsageError(f"fit.image.{field.name} must be finite and not negative, found {value}")
        if not self.value_weight + self.gradient_weight + self.laplacian_weight > 0:
            raise UsageError("fit.image needs a weight above 0 for values, gradient or Laplacian, found none")


def resolve_signal_settings(
    signal: Signal,
    quality: str = "standard",
    *,
    psnr: float | None = None,
    parameters: int | None = None,
    **overrides: object,
) -> SignalSettings:
    """The settings for a signal.

    Args:
        signal: whose size, and for ``psnr`` whose spectrum, decides the network's size.
        quality: one of ``QUALITIES``.
        psnr: decibels that the fit should reach: the network gets about as many parameters as there are
            cosines in the signal above the error that this allows.
        parameters: of the network, about.
        overrides: fields of :class:`SignalSettings` that are given; None means not given.

    Raises:
        UsageError: an unknown quality or field, or a value out of range.
    """
    if quality not in QUALITIES:
        raise UsageError(f"fit.image.quality must be one of {', '.join(QUALITIES)}, found {quality!r}")
    given = {name: plain(value) for name, value in overrides.items() if value is not None}
    kinds = {f.name: str(f.type) for f in dataclasses.fields(SignalSettings)}
    unknown = given.keys() - kinds.keys()
    if unknown:
        raise UsageError(f"a signal's fit has no setting {sorted(unknown)[0]!r}")
    for name, value in given.items():
        check_kind(f"fit.image.{name}", value, kinds[name])
    for name, count in (("parameters", parameters), ("depth", given.get("depth"))):
        if count is not None:
            check_kind(f"fit.image.{name}", count, "int")
            if count < 1:  # type: ignore[operator]
                raise UsageError(f"fit.image.{name} must be at least 1, found {count}")
    smooth, network = bool(given.get("smooth", False)), str(given.get("network", "siren"))
    depth, most = int(given.get("depth", 3)), math.prod(signal.shape)  # type: ignore[call-overload]
    if "batch" in given:
        given["batch"] = min(given["batch"], most)  # type: ignore[call-overload]
    paper = quality == "paper"
    if parameters is None:
        wished = PARAMETERS["standard" if paper else quality] if psnr is None else cosines_for(signal, psnr)
        enough = PARAMETERS_PER_NUMBER * signal.samples.size
        parameters = max(LEAST_PARAMETERS, wished if paper else min(wished, enough))
    width = int(given.get("width") or width_for(signal, parameters, depth))  # type: ignore[call-overload]
    chosen = SignalSettings(
        quality=quality,
        network=network,
        smooth=smooth,
        steps=STEPS[quality],
        width=256 if paper else width,
        depth=depth,
        omega_0=30.0,
        spectrum=0.0 if paper or smooth or network != "siren" else 1.5,
        batch=0 if paper else min(BATCH, most),
        learning_rate=1e-4 if paper else HIGHEST_RATE if network != "siren" else rate_for(width),
    )
    return dataclasses.replace(chosen, **given)  # type: ignore[arg-type]


def width_for(signal: Signal, parameters: int, depth: int) -> int:
    """Units per hidden layer with which a network for a signal has about so many parameters."""
    width = matching_width(
        min(parameters, MOST_PARAMETERS),
        inputs=len(signal.shape),
        outputs=signal.channels,
        hidden_layers=depth + 1,
    )
    return width if width < 4 * EVEN_WIDTH else round(width / EVEN_WIDTH) * EVEN_WIDTH


def rate_for(width: int) -> float:
    """The peak of the learning rate for a SIREN."""
    return HIGHEST_RATE * min(1.0, (WIDEST_AT_HIGHEST / width) ** 1.5)


def cosines_for(signal: Signal, psnr: float) -> int:
    """How many cosines of its DCT a signal needs to be within ``psnr`` decibels."""
    if not 0 < psnr < math.inf:
        raise UsageError(f"fit.image.psnr must be above 0 and finite, found {psnr}")
    axes = tuple(range(len(signal.shape)))
    energies = np.sort((fft.dctn(signal.samples, axes=axes, norm="ortho") ** 2).ravel())
    allowed = signal.samples.size * signal.format.peak**2 * 10 ** (-psnr / 10)
    return int(np.count_nonzero(np.cumsum(energies.astype(np.float64)) > allowed))


def shape_of(settings: SignalSettings, signal: Signal) -> SirenShape:
    """The architecture of the SIREN."""
    return SirenShape(len(signal.shape), signal.channels, settings.width, settings.depth, settings.omega_0)
