"""Every number of a surface fit, chosen from the scan and the quality unless given."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sdf_siren.clouds.spacing import ScanGauge
from sdf_siren.errors import UsageError
from sdf_siren.fitting.kinds import check_kind, plain

QUALITIES = ("draft", "standard", "high", "paper")

STEPS = {"draft": 500, "standard": 1400, "high": 6000, "paper": 10_000}
WIDTH = {"draft": 96, "standard": 96, "high": 128}
RATE = {"draft": 1e-3, "standard": 1e-3, "high": 5e-4}
"""With the rate of the short fits a long one can lose its way, for good."""

FIRST_OMEGA, LEAST_OMEGA = 45.0, 8.0
WAVE = 0.85
"""The first layer's frequencies times the spacing, where points are far apart: between them shorter waves are
free to make lumps."""

MEASURED = frozenset({"noise"})
"""Settings that are no choice: weights, smoothing and refit follow from the scan's gauge alike."""

LEAST_DETAIL = 0.1
"""And one over it is the most; far beyond what a scan can bear."""

LEAST_SURFACE_SMOOTHING, LEAST_NORMAL_SMOOTHING = 1e-4, 5e-3
"""On clean scans: far below every error, they only round the kinks of the losses off."""


@dataclass(frozen=True)
class SurfaceSettings:
    """The settings of one fit. Lengths are in the cube (half extent of the scan 0.9).

    Attributes:
        quality: the preset; ``paper`` is the SIREN reference code's recipe.
        steps: optimizer steps.
        width: units per sine layer.
        depth: sine layers after the first.
        omega_0: the factor inside the sines.
        first_omega: spread of the first layer's frequencies; 0 keeps the paper's first layer.
        learning_rate: its peak.
        surface_weight, normal_weight, eikonal_weight, direction_weight, off_surface_weight: of the losses.
        surface_schedule, normal_schedule, eikonal_schedule, direction_schedule, off_surface_schedule:
            knots (fraction of the fit, factor) by which a weight changes; empty for constant.
        surface_smoothing: length below which the surface loss is quadratic.
        normal_smoothing: the same for the normal loss.
        surface_points, near_points, far_points: per step; for ``paper`` far_points is the number of
            points uniform in the cube, and near_points is 0.
        near_spread: scatter of the near points about the scan.
        noise: standard deviation of the scan's noise, 0 for a clean scan.
        refit: whether local cubics may correct the network; held-out points decide.
        detail: how far the points are followed. The noise that the losses bear and the side of the local
            cubics, as found on the scan, are divided by it: above 1 finer detail is kept, noise with it;
            below 1 the surface is smoother.
        mend: whether patches of normals that the fit shows to point inside are turned; see
            :mod:`sdf_siren.fitting.sides`.
    """

    quality: str
    steps: int
    width: int
    depth: int
    omega_0: float
    first_omega: float
    learning_rate: float
    surface_weight: float
    normal_weight: float
    eikonal_weight: float
    direction_weight: float
    off_surface_weight: float
    surface_smoothing: float
    normal_smoothing: float
    surface_points: int
    near_points: int
    far_points: int
    near_spread: float
    noise: float
    refit: bool
    detail: float = 1.0
    mend: bool = True
    surface_schedule: tuple[tuple[float, float], ...] = ()
    normal_schedule: tuple[tuple[float, float], ...] = ()
    eikonal_schedule: tuple[tuple[float, float], ...] = ()
    direction_schedule: tuple[tuple[float, float], ...] = ()
    off_surface_schedule: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            name, kind = field.name, str(field.type)
            if kind.startswith("tuple"):
                _check_knots(name, getattr(self, name))
            else:
                check_kind(f"fit.sdf.{name}", getattr(self, name), kind)
        for name in ("steps", "width", "depth", "surface_points", "far_points"):
            if getattr(self, name) < 1:
                raise UsageError(f"fit.sdf.{name} must be at least 1, found {getattr(self, name)}")
        for name in ("omega_0", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UsageError(f"fit.sdf.{name} must be above 0, found {getattr(self, name)}")
        if not LEAST_DETAIL <= self.detail <= 1 / LEAST_DETAIL:
            most = f"{1 / LEAST_DETAIL:g}"
            raise UsageError(f"fit.sdf.detail must be from {LEAST_DETAIL} to {most}, found {self.detail}")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type in ("int", "float") and not 0 <= value < float("inf"):
                raise UsageError(f"fit.sdf.{field.name} must be finite and not negative, found {value}")


def resolve_settings(gauge: ScanGauge, quality: str, **overrides: object) -> SurfaceSettings:
    """The settings for a scan.

    Args:
        gauge: of the scan, in the cube.
        quality: one of ``QUALITIES``.
        overrides: fields of :class:`SurfaceSettings` that are given, but for the noise, which is measured;
            None means not given. A schedule may be a text such as ``0:1, 0.5:1, 1:0.1`` (fraction of the
            fit:factor).

    Raises:
        UsageError: an unknown quality or field, or a value out of range.
    """
    if quality not in QUALITIES:
        raise UsageError(f"fit.sdf.quality must be one of {', '.join(QUALITIES)}, found {quality!r}")
    given = {name: plain(_knots(name, value)) for name, value in overrides.items() if value is not None}
    unknown = given.keys() - ({f.name for f in dataclasses.fields(SurfaceSettings)} - MEASURED)
    if unknown:
        raise UsageError(f"a surface fit has no setting {sorted(unknown)[0]!r}")
    detail: Any = given.get("detail", 1.0)
    if quality == "paper" and detail != 1:
        raise UsageError("fit.sdf.detail does nothing to the quality paper; leave one of them out")
    check_kind("fit.sdf.detail", detail, "float")
    settings = _paper() if quality == "paper" else _recipe(quality, gauge, detail)
    return dataclasses.replace(settings, **given)  # type: ignore[arg-type]


def _knots(name: str, value: object) -> object:
    """``value``, but the text of a schedule as its knots: ``0:1, 0.5:1, 1:0.1`` (fraction:factor)."""
    if not (name.endswith("_schedule") and isinstance(value, str)):
        return value
    try:
        pairs = [knot.split(":") for knot in value.split(",")]
        return tuple((float(fraction), float(factor)) for fraction, factor in pairs)
    except ValueError:
        raise _no_knots(name, value) from None


def _check_knots(name: str, value: Any) -> None:
    """Raise a UsageError unless ``value`` is knots (fraction, factor) with fractions that increase."""
    try:
        fractions, factors = [fraction for fraction, _ in value], [factor for _, factor in value]
        good = all(0 <= fraction <= 1 for fraction in fractions)
        good &= all(a < b for a, b in pairwise(fractions))
        good &= all(0 <= factor < float("inf") for factor in factors)
    except (TypeError, ValueError):
        good = False
    if not good:
        raise _no_knots(name, value)


def _no_knots(name: str, value: object) -> UsageError:
    return UsageError(
        f"fit.sdf.{name}: expected knots such as '0:1, 0.5:1, 1:0.1' (fraction of the fit:factor, "
        f"fractions increasing), found {value!r}"
    )


def _paper() -> SurfaceSettings:
    """The settings of the SIREN reference code for signed distance functions."""
    return SurfaceSettings(
        quality="paper",
        steps=STEPS["paper"],
        width=256,
        depth=3,
        omega_0=30.0,
        first_omega=0.0,
        learning_rate=1e-4,
        surface_weight=3e3,
        normal_weight=1e2,
        eikonal_weight=5e1,
        direction_weight=0.0,
        off_surface_weight=1e2,
        surface_smoothing=0.0,
        normal_smoothing=0.0,
        surface_points=1400,
        near_points=0,
        far_points=1400,
        near_spread=0.0,
        noise=0.0,
        refit=False,
    )


def _recipe(quality: str, gauge: ScanGauge, detail: float) -> SurfaceSettings:
    """The fast recipe; docs/method.md says what each number bought."""
    noise = gauge.noise if gauge.noisy else 0.0
    borne = noise / max(detail, LEAST_DETAIL)
    return SurfaceSettings(
        quality=quality,
        steps=STEPS[quality],
        width=WIDTH[quality],
        depth=3,
        omega_0=30.0,
        first_omega=max(LEAST_OMEGA, WAVE / max(gauge.spacing, WAVE / FIRST_OMEGA)),
        learning_rate=RATE[quality],
        surface_weight=6e3 if noise else 3e3,
        normal_weight=1e2,
        eikonal_weight=1e2,
        direction_weight=5e1 if noise else 1e2,
        off_surface_weight=3e2,
        surface_smoothing=max(LEAST_SURFACE_SMOOTHING, 2 * borne),
        normal_smoothing=min(1.0, max(LEAST_NORMAL_SMOOTHING, 60 * borne)),
        surface_points=768,
        near_points=512,
        far_points=128,
        near_spread=0.04,
        noise=noise,
        refit=True,
    )
