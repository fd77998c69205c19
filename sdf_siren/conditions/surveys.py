"""Inverse problems of waves: what was done and heard around a place, and the squared slowness sought there.

The squared slowness m in ``lap u + k^2 m u = f`` is one outside a disk and ``1 + window N`` inside, with a
network N (Sitzmann et al. 2020, sec. 4.3 and supplement).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sdf_siren.conditions.operators import AbsorbingLayer
from sdf_siren.conditions.point_sources import PointSource
from sdf_siren.domains import Ball, Box
from sdf_siren.fields import Siren
from sdf_siren.jets import JetFunction

_WIDE_GAP = 90.0
"""Degrees without a receiver that are worth a word."""


@dataclass(frozen=True, eq=False)
class Survey:
    """Sources, receivers and the box of calm air around them.

    Attributes:
        wavenumber: where the squared slowness is one.
        sources: each fires alone; outside the region.
        receivers: positions (r, 2), inside the box and outside its layer.
        box: the domain; its borders absorb.
        layer: how.
        region: the disk that holds all that differs from one.
    """

    wavenumber: float
    sources: tuple[PointSource, ...]
    receivers: Tensor
    box: Box
    layer: AbsorbingLayer
    region: Ball

    @property
    def wavelength(self) -> float:
        """Of waves where the squared slowness is one."""
        return 2 * math.pi / self.wavenumber

    @property
    def source_positions(self) -> Tensor:
        """Where the sources are, (s, 2) float64."""
        return torch.tensor([list(source.position) for source in self.sources], dtype=torch.float64)

    @property
    def widest_gap(self) -> float:
        """The largest angle at the region's centre without a receiver, in degrees."""
        away = self.receivers - self.receivers.new_tensor(self.region.centre)
        angle = torch.atan2(away[:, 1], away[:, 0]).sort().values
        gaps = torch.cat([angle.diff(), angle[:1] + 2 * math.pi - angle[-1:]])
        return math.degrees(float(gaps.max()))

    @property
    def expectations(self) -> list[str]:
        """Sentences for people about what resolution can be expected."""
        found = [
            f"waves of length {self.wavelength:.3g} tell nothing of what repeats within "
            f"{self.wavelength / 2:.2g}: details finer than that come out blurred"
        ]
        if self.widest_gap > _WIDE_GAP:
            found.append(
                f"no receiver within {self.widest_gap:.0f} degrees around the region's centre: expect shapes "
                "drawn out there"
            )
        return found


@dataclass(frozen=True, eq=False)
class InverseProblem:
    """Which squared slowness explains what receivers heard?

    Attributes:
        survey: sources and receivers.
        heard: the scattered field (what is beyond the incident one) at receivers by source, (r, s)
            complex128, finite.
        limits: the lowest and the highest squared slowness that can be.
        exact: the squared slowness where it is known, only ever used to measure the error.
        title: one line for people.
    """

    survey: Survey
    heard: Tensor
    limits: tuple[float, float] = (-math.inf, math.inf)
    exact: JetFunction | None = None
    title: str = ""

    @property
    def domain(self) -> Box:
        """The box around it all."""
        return self.survey.box


@dataclass(frozen=True, eq=False)
class Slowness:
    """A squared slowness ``1 + window N``.

    Attributes:
        region: outside of which it is one.
        network: two inputs, one output, float64.
    """

    region: Ball
    network: Siren

    def value(self, x: Tensor) -> Tensor:
        """The squared slowness (n,) at ``x`` (n, 2)."""
        return 1 + window(self.region, x) * self.network.value(x)[:, 0]


def window(region: Ball, x: Tensor) -> Tensor:
    """``(1 - r^2 / R^2)^3`` in the disk and zero outside, (n,): twice differentiable."""
    away = (x - x.new_tensor(region.centre)).square().sum(1)
    return (1 - away / region.radius**2).clamp_min(0) ** 3
