"""What a fit will cost, measured on this machine before it starts."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import Any

import torch

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.groups import PointGroup
from sdf_siren.errors import UsageError
from sdf_siren.fields import choose_device
from sdf_siren.fitting.gradients import CHUNK_ROWS
from sdf_siren.fitting.recipe import network_of, trainer_of
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.settings import SurfaceSettings, resolve_settings
from sdf_siren.fitting.trainer import Trainer
from sdf_siren.sampling.indicator import CELLS

WARM_UP, TIMED = {"cpu": 5, "cuda": 30}, 20
"""Steps by the type of the device: on a GPU, until all of an optimizer's programs have been recorded."""

_BYTES_PER_SCAN_POINT = 900
"""Coordinates in float64 and float32, normals, the search tree; for the refit, which tiles a point is in (3.4
on average, sorted) and the tiles themselves, one for every four points."""

_SECONDS_PER_FIT, _SECONDS_PER_SCAN_POINT = 0.8, 1.4e-5
"""Of the search tree, the pools and the refit; measured on two cores of an AMD EPYC."""

_OTHER_SECONDS, _OTHER_SECONDS_PER_POINT = 6.0, 5e-5
"""Of a run besides its fit: starting, the extraction and its files; and what grows with the points: outliers,
normals, support. docs/method.md has what they were measured to be."""

FEWEST_STEPS = 100
_LARGER_FROM = 4000
"""Steps of ``standard`` from which on the larger network of ``high`` is the better use of the time."""

_POOL_BYTES = 16_000_000
_INDICATOR_BYTES = CELLS**3 * 8 * 16


@dataclass(frozen=True)
class CostEstimate:
    """What a fit is expected to take.

    Attributes:
        seconds: of the whole fit.
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
    seconds = _seconds_before_and_after(points) + _seconds_per_step(settings, place) * settings.steps
    batch = settings.surface_points + settings.near_points + settings.far_points
    rows = CHUNK_ROWS * torch.get_num_threads() if place.type == "cpu" else batch
    buffers = rows * settings.width * (settings.depth + 1) * 7 * 4
    parameters = network_of(settings, seed=0).shape.parameter_count * 4 * 16
    scan = points * _BYTES_PER_SCAN_POINT
    return CostEstimate(seconds, buffers + parameters + scan + _POOL_BYTES + _INDICATOR_BYTES, str(place))


def settings_within(
    cloud: PointCloud,
    seconds: float | None = None,
    quality: str = "standard",
    *,
    run_seconds: float | None = None,
    steps: int | None = None,
    device: str = "auto",
    **settings: object,
) -> dict[str, Any]:
    """The ``quality`` and the ``steps`` with which a fit takes about ``seconds``, or its run ``run_seconds``.

    Measured on this machine, so another one, or another time, gives another answer: a run that is to be
    repeated keeps the answer, not the question. Of ``standard`` and ``high`` the one that makes the better
    use of the time is taken; ``draft`` and ``paper`` remain.

    Raises:
        UsageError: the time is too short for this scan, or steps are given too.
    """
    if sum(given is not None for given in (seconds, run_seconds, steps)) > 1:
        raise UsageError(
            "fit.sdf.seconds, fit.sdf.run_seconds and fit.sdf.steps exclude each other; give one of them"
        )
    if seconds is None:
        seconds = (run_seconds or 0.0) - other_seconds(len(cloud))
    place, gauge = choose_device(device), oriented_scan(cloud).gauge

    def affordable(quality: str) -> int:
        chosen = resolve_settings(gauge, quality, **settings)
        return int((seconds - _seconds_before_and_after(len(cloud))) / _seconds_per_step(chosen, place))

    if quality == "high":
        quality = "standard"
    count = affordable(quality)
    if quality == "standard" and count > _LARGER_FROM:
        quality, count = "high", affordable("high")
    if count < FEWEST_STEPS:
        raise UsageError(
            f"{cloud.source}: expected time for at least {FEWEST_STEPS} steps, found {seconds:.3g} s, "
            f"enough for {max(count, 0)}; give it more time"
        )
    return {"quality": quality, "steps": count}


def other_seconds(points: int) -> float:
    """About how long all of a run but its fit takes for a scan of so many points."""
    return _OTHER_SECONDS + _OTHER_SECONDS_PER_POINT * points


def _seconds_before_and_after(points: int) -> float:
    return _SECONDS_PER_FIT + _SECONDS_PER_SCAN_POINT * points


def _seconds_per_step(settings: SurfaceSettings, place: torch.device) -> float:
    """Seconds of an optimizer step, measured on made-up points."""
    network, warm_up = network_of(settings, seed=0).to(device=place), WARM_UP[place.type]
    sampler = _SameBatch(_made_up_batch(settings, place))
    settings = dataclasses.replace(settings, steps=warm_up + TIMED)
    return timed_step(trainer_of(settings, network, sampler, seed=0), warm_up, TIMED)


def timed_step(trainer: Trainer[Any], warm_up: int, steps: int) -> float:
    """Seconds of each of the last ``steps`` steps of a new trainer, which come after ``warm_up`` others."""
    place = trainer.network.device
    trainer.run(until=warm_up)
    _wait_for(place)
    start = time.perf_counter()
    trainer.run()
    _wait_for(place)
    return (time.perf_counter() - start) / steps


@dataclass(frozen=True)
class _SameBatch:
    """A sampler whose own time does not count."""

    batch: dict[str, PointGroup]

    def draw(self, generator: torch.Generator, step: int = 0) -> dict[str, PointGroup]:
        return self.batch


def _made_up_batch(s: SurfaceSettings, device: torch.device) -> dict[str, PointGroup]:
    generator = torch.Generator().manual_seed(0)

    def group(count: int) -> PointGroup:
        x = torch.rand(count, 3, generator=generator) * 2 - 1
        length = x.norm(dim=1, keepdim=True)
        side = (length - 0.5).sign()
        return PointGroup(x, x / length, side, 0 * length, length, x / length).to(str(device))

    if s.quality == "paper":
        return {"surface": group(s.surface_points), "volume": group(s.far_points)}
    return {"surface": group(s.surface_points), "near": group(s.near_points), "far": group(s.far_points)}


def _wait_for(device: torch.device) -> None:
    """Until a GPU has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
