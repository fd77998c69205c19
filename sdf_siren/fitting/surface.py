"""From an oriented point cloud to a signed distance field."""

from __future__ import annotations

import dataclasses
import os
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds import PointCloud, unit_normals
from sdf_siren.clouds.groups import PointGroup
from sdf_siren.clouds.spacing import ScanGauge, gauge
from sdf_siren.errors import InputError
from sdf_siren.fields import SignedDistanceField, Siren, SirenShape, choose_device, initialise
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.optimizers import Adam, Optimizer, Soap
from sdf_siren.fitting.settings import SurfaceSettings, resolve_settings
from sdf_siren.fitting.trainer import Look, RateSchedule, Trainer
from sdf_siren.losses import (
    Eikonal,
    LossTerm,
    Normal,
    NormalCosine,
    Objective,
    OffSurfaceExponential,
    OffSurfaceHinge,
    Surface,
    WeightedTerm,
)
from sdf_siren.progress import Progress, ProgressCallback, silent
from sdf_siren.sampling.indicator import Indicator
from sdf_siren.sampling.off_surface import far_from_surface, near_surface
from sdf_siren.sampling.sampler import PoolSampler, Sampler, UniformVolumeSampler

CHECKPOINT_SECONDS = 10.0
NEAR_POOL, FAR_POOL = 65_536, 16_384
SUPPORT_POINTS = 20_000


@dataclasses.dataclass(frozen=True)
class OrientedScan:
    """A scan in the cube, as float32 arrays, with what is measured on it once."""

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    tree: cKDTree
    gauge: ScanGauge


def oriented_scan(cloud: PointCloud) -> OrientedScan:
    """``cloud`` in its frame.

    Raises:
        InputError: the cloud has no normals.
    """
    if cloud.normals is None:
        raise InputError(
            f"{cloud.source}: a surface fit needs normals, found none; call complete_normals first"
        )
    points = cloud.frame.to_cube(cloud.points).astype(np.float32)
    if not (np.isfinite(cloud.normals).all() and cloud.normals.any(axis=1).all()):
        raise InputError(
            f"{cloud.source}: a surface fit needs finite normals above zero; call complete_normals first"
        )
    normals = unit_normals(cloud.normals)
    tree = cKDTree(points)
    return OrientedScan(points, normals, tree, gauge(points, normals, tree))


def choose_settings(points: PointCloud, quality: str = "standard", **settings: object) -> SurfaceSettings:
    """The settings that :func:`fit_surface` would use, with the same errors."""
    return resolve_settings(oriented_scan(points).gauge, quality, **settings)


def fit_surface(
    points: PointCloud,
    quality: str = "standard",
    *,
    seed: int = 0,
    device: str = "auto",
    progress: ProgressCallback = silent,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    **settings: object,
) -> SignedDistanceField:
    """Fit a SIREN as the signed distance function of an oriented point cloud.

    The same cloud, settings and seed give the same field again on one machine, whatever the number
    of threads and whether interrupted or not.

    Args:
        points: a cloud with outward normals.
        quality: ``draft``, ``standard``, ``high``, or ``paper`` for the reference settings.
        seed: of the initialisation and of every draw.
        device: ``auto``, ``cpu`` or ``cuda[:i]``.
        progress: called every few steps with the unweighted losses and the learning rate.
        checkpoint: a file kept up to date while fitting, and written when interrupted.
        resume: go on from ``checkpoint`` if it exists.
        settings: fields of :class:`SurfaceSettings` to override, e.g. ``steps=5000``.

    Raises:
        InputError: the cloud cannot be fitted.
        UsageError: wrong settings, an unknown device, or a checkpoint of another fit.
        DivergenceError: the losses are no longer finite.
    """
    place = choose_device(device)
    scan = oriented_scan(points)
    chosen = resolve_settings(scan.gauge, quality, **settings)
    network = network_of(chosen, seed).to(device=place)
    trainer = Trainer(
        network,
        objective_of(chosen),
        _sampler(chosen, scan, seed, place),
        optimizer_of(chosen, network),
        _rate(chosen),
        seed=seed,
        threads=torch.get_num_threads(),
        clip=1.0 if chosen.quality == "paper" else None,
    )
    description = {"settings": dataclasses.asdict(chosen), "seed": seed}
    keeper = None
    if checkpoint is not None:
        fit = checkpoints.fingerprint(
            description, torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
        )
        keeper = _Keeper(Path(checkpoint), fit)
        if resume and keeper.path.exists():
            trainer.restore(checkpoints.load(keeper.path, fit, place))

    def report(_: Trainer, look: Look) -> None:
        progress(Progress("fit", look.step, look.steps, {**look.losses, "rate": look.rate}))

    try:
        trainer.run((*([keeper] if keeper else []), report))
    except KeyboardInterrupt:
        if keeper is not None:
            keeper.save()
        raise
    rows = np.random.default_rng(seed).permutation(len(points))[:SUPPORT_POINTS]
    record = {
        **description,
        "losses": trainer.losses,
        "device": str(place),
        "points": len(points),
        "source": Path(points.source).name,
    }
    return SignedDistanceField(network.to(device="cpu"), points.frame, record, scan.points[np.sort(rows)])


class _Keeper:
    """An observer that keeps a checkpoint file up to date.

    Ctrl-C may come in the middle of a step, when the trainer's state is half of one step and half of
    the next; so what is saved is always a copy made at a look.
    """

    def __init__(self, path: Path, fit: str) -> None:
        self.path, self._fit = path, fit
        self._saved = time.monotonic()
        self._last: dict[str, torch.Tensor] | None = None

    def __call__(self, trainer: Trainer, look: Look) -> None:
        self._last = {name: tensor.clone() for name, tensor in trainer.state().items()}
        if time.monotonic() - self._saved > CHECKPOINT_SECONDS or look.step == look.steps:
            self.save()

    def save(self) -> None:
        """Write the state of the last look; before the first one there is nothing to keep."""
        if self._last is not None:
            checkpoints.save(self.path, self._last, self._fit)
            self._saved = time.monotonic()


def network_of(settings: SurfaceSettings, seed: int) -> Siren:
    """A new network, initialised."""
    shape = SirenShape(3, 1, settings.width, settings.depth, settings.omega_0)
    hidden_bias = 1.0 if settings.quality == "paper" else 0.0
    return initialise(shape, seed=seed, first_omega=settings.first_omega or None, hidden_bias=hidden_bias)


def objective_of(s: SurfaceSettings) -> Objective:
    """The four losses with their weights."""
    if s.quality == "paper":
        eikonal = Eikonal(groups=("surface", "volume"))
        terms: tuple[LossTerm, ...] = (Surface(), NormalCosine(), eikonal, OffSurfaceExponential())
    else:
        terms = (Surface(s.surface_smoothing), Normal(s.normal_smoothing), Eikonal(), OffSurfaceHinge())
    return Objective(
        tuple(
            WeightedTerm(term, getattr(s, f"{term.name}_weight"), getattr(s, f"{term.name}_schedule"))
            for term in terms
        ),
        over_all_points=s.quality == "paper",
    )


def _sampler(s: SurfaceSettings, scan: OrientedScan, seed: int, device: torch.device) -> Sampler:
    place = str(device)
    surface = PointGroup(torch.from_numpy(scan.points), normals=torch.from_numpy(scan.normals)).to(place)
    if s.quality == "paper":
        return UniformVolumeSampler(surface, s.surface_points)
    rng = np.random.default_rng(seed)
    indicator = Indicator(scan.points, scan.normals, seed)
    near = near_surface(
        scan.points,
        scan.normals,
        scan.tree,
        indicator,
        count=NEAR_POOL,
        spread=s.near_spread,
        noise=s.noise,
        rng=rng,
    )
    far = far_from_surface(scan.points, indicator, count=FAR_POOL, rng=rng)
    if not len(near) or not len(far):
        raise InputError("no place near the scan has a clear side: are its normals oriented outward?")
    pools = {"surface": surface, "near": near.to(place), "far": far.to(place)}
    return PoolSampler(pools, {"surface": s.surface_points, "near": s.near_points, "far": s.far_points})


def optimizer_of(s: SurfaceSettings, network: Siren) -> Optimizer:
    """Over the parameters of ``network``."""
    return Adam(network.parameters) if s.quality == "paper" else Soap(network.parameters)


def _rate(s: SurfaceSettings) -> RateSchedule:
    if s.quality == "paper":
        return RateSchedule(s.learning_rate, s.steps)
    return RateSchedule(s.learning_rate, s.steps, warmup=50, floor=0.005)
