"""What a fit will cost, measured on this machine before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import choose_device
from sdf_siren.fields.threads import single_threaded
from sdf_siren.fitting.gradients import CHUNK_ROWS, GradientEngine
from sdf_siren.fitting.recipe import network_of, objective_of, optimizer_of
from sdf_siren.fitting.settings import SurfaceSettings
from sdf_siren.sampling.indicator import CELLS

_WARM_UP, _TIMED = 3, 10
_BYTES_PER_SCAN_POINT = 250
"""Float64 and float32 coordinates, normals, and the search tree."""

_POOL_BYTES = 16_000_000
_INDICATOR_BYTES = CELLS**3 * 8 * 16


@dataclass(frozen=True)
class CostEstimate:
    """Attributes:
    seconds: of the optimizer steps.
    bytes: of the fit's peak memory, beyond the program itself.
    device: where it would run.
    """

    seconds: float
    bytes: int
    device: str


def estimate_cost(settings: SurfaceSettings, points: int, device: str = "auto") -> CostEstimate:
    """Run a few steps of the given size on made-up points and extrapolate.

    Args:
        settings: of the fit.
        points: in the scan.
        device: as for ``fit_surface``.
    """
    place = choose_device(device)
    network = network_of(settings, seed=0).to(device=place)
    batch = _made_up_batch(settings, place)
    engine = GradientEngine(network, objective_of(settings), torch.get_num_threads())
    optimizer = optimizer_of(settings, network)
    with single_threaded():
        for step in range(_WARM_UP + _TIMED):
            if step == _WARM_UP:
                _wait_for(place)
                start = time.perf_counter()
            gradients, _ = engine(batch, 0.0)
            optimizer.step(gradients, settings.learning_rate)
        _wait_for(place)
        seconds = (time.perf_counter() - start) / _TIMED * settings.steps
    rows = CHUNK_ROWS * torch.get_num_threads() if place.type == "cpu" else sum(map(len, batch.values()))
    buffers = rows * settings.width * (settings.depth + 1) * 7 * 4
    parameters = network.shape.parameter_count * 4 * 16
    scan = points * _BYTES_PER_SCAN_POINT
    return CostEstimate(seconds, buffers + parameters + scan + _POOL_BYTES + _INDICATOR_BYTES, str(place))


def _made_up_batch(s: SurfaceSettings, device: torch.device) -> dict[str, PointGroup]:
    generator = torch.Generator().manual_seed(0)

    def group(count: int) -> PointGroup:
        x = torch.rand(count, 3, generator=generator) * 2 - 1
        length = x.norm(dim=1, keepdim=True)
        side = (length - 0.5).sign()
        return PointGroup(x, x / length, side, 0 * length, length).to(str(device))

    if s.quality == "paper":
        return {"surface": group(s.surface_points), "volume": group(s.far_points)}
    return {"surface": group(s.surface_points), "near": group(s.near_points), "far": group(s.far_points)}


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
