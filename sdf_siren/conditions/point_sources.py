"""Point-like sources of waves in the plane, and the field that they would have in empty space.

No network resolves a source much smaller than a wave. With constant wavenumber the field of a round Gaussian
is known, also in the complex coordinates of an absorbing layer; it enters the solution as it is, and only
what the surroundings add is left to be solved for (the scattered field).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import h2vp, hankel2, jv, jvp
from torch import Tensor

from sdf_siren.conditions.operators import AbsorbingLayer
from sdf_siren.jets import Jet, JetFunction

_CORE = 9.0
"""Standard deviations beyond which a Gaussian is zero in float64."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


@dataclass(frozen=True)
class PointSource:
    """A Gaussian of integral ``amplitude``.

    Attributes:
        position: its centre, two numbers.
        width: its standard deviation.
        amplitude: real or complex.
    """

    position: Sequence[float]
    width: float
    amplitude: complex = 1.0

    def density(self, x: Tensor) -> Tensor:
        """Its value at ``x`` (n, 2), (n,) complex128."""
        squares = (x - x.new_tensor(list(self.position))).square().sum(1) / self.width**2
        return self.amplitude * torch.exp(-squares / 2).to(torch.complex128) / (2 * math.pi * self.width**2)

    def field(self, x: Tensor, wavenumber: float, layer: AbsorbingLayer | None) -> Jet:
        """The outgoing solution of ``lap u + k^2 u = density`` in the whole plane, as a jet at ``x`` (n, 2).

        ``u = (i/4) H_0^(2)(k r)`` convolved with the Gaussian; by Graf's addition theorem
        ``u(r) = (i pi/2) [H_0(kr) int_0^r J_0(ks) f(s) s ds + J_0(kr) int_r^inf H_0(ks) f(s) s ds]``.
        """
        position = x.new_tensor(list(self.position))
        if layer is None:
            s, slope = torch.ones_like(x).to(torch.complex128), torch.zeros_like(x).to(torch.complex128)
            away = (x - position).to(torch.complex128)
        else:
            s, slope = layer.stretch(x)
            away = layer.stretched(x) - position
        r = away.square().sum(1).sqrt()
        r = torch.where(r.abs() < 1e-6 * self.width, torch.full_like(r, 1e-6 * self.width), r)
        u, du = (torch.from_numpy(part) for part in self._radial(r.numpy(), wavenumber))
        density = self.density(x) if layer is None else self._density_at(r)
        d2u = density - wavenumber**2 * u - du / r
        along = away / r[:, None]
        outer = along[:, :, None] * along[:, None, :]
        across = torch.eye(2, dtype=outer.dtype) - outer
        hessian = d2u[:, None, None] * outer + (du / r)[:, None, None] * across
        gradient = du[:, None] * along
        stretched = s[:, :, None] * s[:, None, :] * hessian + torch.diag_embed(slope * gradient)
        return Jet(u, s * gradient, stretched)

    def _density_at(self, r: Tensor) -> Tensor:
        peak = self.amplitude / (2 * math.pi * self.width**2)
        return torch.where(
            r.abs() < _CORE * self.width, peak * torch.exp(-((r / self.width) ** 2) / 2), torch.zeros_like(r)
        )

    def _radial(self, r: NDArray[np.complex128], k: float) -> tuple[NDArray[np.complex128], ...]:
        """u and du/dr at (complex) distances."""
        whole = self.amplitude * np.exp(-((k * self.width) ** 2) / 2) / (2 * math.pi)
        u = 0.5j * math.pi * whole * hankel2(0, k * r)
        du = -0.5j * math.pi * whole * k * hankel2(1, k * r)
        core = np.abs(r) < _CORE * self.width
        if core.any():
            inner = r[core].real
            inside = self._moment(np.zeros_like(inner), inner, k, jv)
            outside = self._moment(inner, np.full_like(inner, _CORE * self.width), k, hankel2)
            u[core] = 0.5j * math.pi * (hankel2(0, k * inner) * inside + jv(0, k * inner) * outside)
            du[core] = 0.5j * math.pi * k * (h2vp(0, k * inner) * inside + jvp(0, k * inner) * outside)
        return u, du

    def _moment(
        self, low: NDArray[np.float64], high: NDArray[np.float64], k: float, bessel: object
    ) -> NDArray[np.complex128]:
        """``int bessel_0(ks) f(s) s ds`` from ``low`` to ``high``, (n,) each; squares tame the end."""
        span = (high - low)[:, None]
        t = (_NODES + 1) / 2
        s = low[:, None] + span * t**2
        weight = span * t * _WEIGHTS  # ds = 2 t dt, and the nodes span a length of two
        density = self.amplitude / (2 * math.pi * self.width**2) * np.exp(-((s / self.width) ** 2) / 2)
        values = bessel(0, k * np.maximum(s, 1e-300))  # type: ignore[operator]
        return np.asarray((values * density * s * weight).sum(axis=1))


def incident_field(
    sources: Sequence[PointSource], wavenumber: float, layer: AbsorbingLayer | None
) -> JetFunction:
    """The sum of the fields of some sources in empty space."""

    def evaluate(x: Tensor) -> Jet:
        total = sources[0].field(x, wavenumber, layer)
        for source in sources[1:]:
            total = total + source.field(x, wavenumber, layer)
        return total

    return evaluate
