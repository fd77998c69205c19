"""Every number of a surface fit, chosen from the scan and the quality unless given."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from sdf_siren.clouds.spacing import ScanGauge
from sdf_siren.errors import UsageError

QUALITIES = ("draft", "standard", "high", "paper")

STEPS = {"draft": 500, "standard": 2000, "high": 8000, "paper": 10_000}


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
        surface_weight, normal_weight, eikonal_weight, off_surface_weight: of the four losses.
        surface_schedule, normal_schedule, eikonal_schedule, off_surface_schedule: knots
            (fraction of the fit, factor) by which a weight changes; empty for constant.
        surface_smoothing: length below which the surface loss is quadratic.
        normal_smoothing: the same for the normal loss.
        surface_points, near_points, far_points: per step; for ``paper`` far_points is the number of
            points uniform in the cube, and near_points is 0.
        near_spread: scatter of the near points about the scan.
        noise: standard deviation of the scan's noise, 0 for a clean scan.
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
    off_surface_weight: float
    surface_smoothing: float
    normal_smoothing: float
    surface_points: int
    near_points: int
    far_points: int
    near_spread: float
    noise: float
    surface_schedule: tuple[tuple[float, float], ...] = ()
    normal_schedule: tuple[tuple[float, float], ...] = ()
    eikonal_schedule: tuple[tuple[float, float], ...] = ()
    off_surface_schedule: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        for name in ("steps", "width", "depth", "surface_points", "far_points"):
            if getattr(self, name) < 1:
                raise UsageError(f"fit.sdf.{name} must be at least 1, found {getattr(self, name)}")
        for name in ("omega_0", "learning_rate"):
            if not getattr(self, name) > 0:
                raise UsageError(f"fit.sdf.{name} must be above 0, found {getattr(self, name)}")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if isinstance(value, float) and not 0 <= value < float("inf"):
                raise UsageError(f"fit.sdf.{field.name} must be finite and not negative, found {value}")


def resolve_settings(points: int, gauge: ScanGauge, quality: str, **overrides: object) -> SurfaceSettings:
    """The settings for a scan of ``points`` points.

    Args:
        points: in the scan.
        gauge: of the scan, in the cube.
        quality: one of ``QUALITIES``.
        overrides: fields of :class:`SurfaceSettings` that are given; None means not given.

    Raises:
        UsageError: an unknown quality or field, or a value out of range.
    """
    if quality not in QUALITIES:
        raise UsageError(f"fit.sdf.quality must be one of {', '.join(QUALITIES)}, found {quality!r}")
    settings = _paper() if quality == "paper" else _recipe(points, quality, gauge)
    given = {name: value for name, value in overrides.items() if value is not None}
    unknown = given.keys() - {f.name for f in dataclasses.fields(SurfaceSettings)}
    if unknown:
        raise UsageError(f"a surface fit has no setting {sorted(unknown)[0]!r}")
    return dataclasses.replace(settings, **given)  # type: ignore[arg-type]


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
        off_surface_weight=1e2,
        surface_smoothing=0.0,
        normal_smoothing=0.0,
        surface_points=1400,
        near_points=0,
        far_points=1400,
        near_spread=0.0,
        noise=0.0,
    )


def _recipe(points: int, quality: str, gauge: ScanGauge) -> SurfaceSettings:
    """The fast recipe; docs/method.md says what each number bought."""
    noisy = gauge.noisy
    dense = points > 100_000 and not noisy
    return SurfaceSettings(
        quality=quality,
        steps=STEPS[quality],
        width=64 if noisy else 96,
        depth=3,
        omega_0=30.0,
        first_omega=60.0 if dense else 30.0,
        learning_rate=1e-3,
        surface_weight=6e3 if noisy else 3e3,
        normal_weight=1e2,
        eikonal_weight=1e1,
        off_surface_weight=3e2,
        surface_smoothing=2e-2 if noisy else 1e-3,
        normal_smoothing=1.0 if noisy else 0.03,
        surface_points=1024,
        near_points=384,
        far_points=128,
        near_spread=0.02,
        noise=gauge.noise if noisy else 0.0,
    )
