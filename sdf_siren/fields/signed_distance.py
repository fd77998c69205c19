"""A field in the scan's own coordinates: what a fit returns and a user calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from sdf_siren.fields.corrected import CorrectedField
from sdf_siren.fields.siren import Siren
from sdf_siren.fields.tiles import CubicTiles
from sdf_siren.frames import Similarity


@dataclass(frozen=True)
class SignedDistanceField:
    """A SIREN in the cube and the frame that takes world coordinates there.

    Called with world coordinates it answers with world distances, negative inside. It was fitted in the
    cube: in the scan's box and a ninth of half its longest side around it. Beyond, the distance to the cube
    is added to the value at its nearest place, of which the sign stays. That is no less than the distance to
    the surface, as far as the value is one.

    Attributes:
        network: fitted everywhere in the cube.
        frame: world to cube.
        record: how the field was fitted (settings, seed, loss); JSON values only.
        support: (m, 3) float32 cube coordinates of a subset of the scan, for judging which parts of
            a level set are near data; None when the field did not come from a scan.
        tiles: local corrections of the network near the scan, from coarse to fine.
        support_normals: (m, 3) float32 unit normals of ``support``, or None.
    """

    network: Siren
    frame: Similarity
    record: Mapping[str, object] = field(default_factory=dict)
    support: NDArray[np.float32] | None = None
    tiles: tuple[CubicTiles, ...] = ()
    support_normals: NDArray[np.float32] | None = None

    @cached_property
    def in_cube(self) -> CorrectedField:
        """Network and corrections as one field in cube coordinates."""
        return CorrectedField(self.network, self.tiles)

    @property
    def error(self) -> float | None:
        """How far scan points that the fit did not see lie from the surface on average, world units; None if
        the fit kept none back. Of a noisy scan this is its noise more than the field's error."""
        refit = self.record.get("refit")
        return refit["after"] / self.frame.scale if isinstance(refit, Mapping) else None

    @property
    def noisy(self) -> bool:
        """Whether it was fitted to points with noise that counts as such."""
        settings = self.record.get("settings")
        return isinstance(settings, Mapping) and settings.get("noise", 0.0) > 0

    def _cube(self, points: ArrayLike) -> tuple[torch.Tensor, NDArray[np.float64]]:
        """The nearest places (n, 3) in the cube, and how far (n, 3) the points are from there."""
        points = np.asarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"expected points of shape (n, 3), found {points.shape}")
        x = self.frame.to_cube(points)
        inside = np.clip(x, -1, 1)
        return torch.from_numpy(inside).to(self.network.device, self.network.dtype), x - inside

    def __call__(self, points: ArrayLike) -> NDArray[np.float64]:
        """Signed world distances (n,) float64 at world ``points`` (n, 3)."""
        x, beyond = self._cube(points)
        value = self.in_cube.value(x)[:, 0].cpu().numpy()
        return self.frame.length_to_world(value + np.copysign(np.linalg.norm(beyond, axis=1), value))

    def gradient(self, points: ArrayLike) -> NDArray[np.float64]:
        """Gradients (n, 3) float64 at world ``points`` (n, 3); without unit, of length near one.

        The factor of the frame cancels: distances and coordinates scale alike.
        """
        return self.distance_and_gradient(points)[1]

    def distance_and_gradient(self, points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Signed world distances (n,) and gradients (n, 3) at world ``points`` (n, 3), in one evaluation."""
        x, beyond = self._cube(points)
        found, slope = self.in_cube.value_and_gradient(x)
        value, gradient = found[:, 0].cpu().numpy(), slope.cpu().numpy().astype(np.float64)
        away = np.copysign(np.linalg.norm(beyond, axis=1), value)
        outward = beyond / np.where(away == 0, 1.0, away)[:, None]
        # Along an axis that a point has left the cube by, its nearest place stays.
        return self.frame.length_to_world(value + away), np.where(beyond == 0, gradient, 0.0) + outward

    def laplacian(self, points: ArrayLike) -> NDArray[np.float64]:
        """Laplacians (n,) float64 in 1 / world unit: twice the mean curvature on the surface. NaN outside of
        the cube."""
        x, beyond = self._cube(points)
        laplacian = self.in_cube.laplacian(x)[2][:, 0].cpu().numpy().astype(np.float64)
        return np.where(beyond.any(axis=1), np.nan, laplacian * self.frame.scale)
