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

    Called with world coordinates it answers with world distances, negative inside. That holds in the cube: in
    the scan's box and a ninth of half its longest side around it. Beyond, where nothing was fitted, not
    even the sign means anything.

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

    def _cube(self, points: ArrayLike) -> torch.Tensor:
        points = np.asarray(points, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise ValueError(f"expected points of shape (n, 3), found {points.shape}")
        return torch.from_numpy(self.frame.to_cube(points)).to(self.network.device, self.network.dtype)

    def __call__(self, points: ArrayLike) -> NDArray[np.float64]:
        """Signed world distances (n,) float64 at world ``points`` (n, 3)."""
        value = self.in_cube.value(self._cube(points))[:, 0]
        return self.frame.length_to_world(value.cpu().numpy())

    def gradient(self, points: ArrayLike) -> NDArray[np.float64]:
        """Gradients (n, 3) float64 at world ``points`` (n, 3); without unit, of length near one.

        The factor of the frame cancels: distances and coordinates scale alike.
        """
        return self.distance_and_gradient(points)[1]

    def distance_and_gradient(self, points: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Signed world distances (n,) and gradients (n, 3) at world ``points`` (n, 3), in one evaluation."""
        value, gradient = self.in_cube.value_and_gradient(self._cube(points))
        distance = self.frame.length_to_world(value[:, 0].cpu().numpy())
        return distance, gradient.cpu().numpy().astype(np.float64)

    def laplacian(self, points: ArrayLike) -> NDArray[np.float64]:
        """Laplacians (n,) float64 in 1 / world unit: twice the mean curvature on the surface."""
        laplacian = self.in_cube.laplacian(self._cube(points))[2][:, 0]
        return laplacian.cpu().numpy().astype(np.float64) * self.frame.scale
