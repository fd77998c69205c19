"""What settings mean: the network, the losses, the samples and the optimizer of a surface fit.

Two recipes: that of the SIREN reference code (``paper``) and the fast one (all other qualities).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.errors import InputError
from sdf_siren.fields import Siren, SirenShape, initialise
from sdf_siren.fitting.gradients import GradientEngine
from sdf_siren.fitting.optimizers import Adam, Optimizer, Soap
from sdf_siren.fitting.scan import OrientedScan
from sdf_siren.fitting.settings import SurfaceSettings
from sdf_siren.fitting.trainer import RateSchedule, Trainer
from sdf_siren.losses import (
    Direction,
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
from sdf_siren.sampling import density
from sdf_siren.sampling.indicator import Indicator
from sdf_siren.sampling.off_surface import far_from_surface, near_surface
from sdf_siren.sampling.sampler import PoolSampler, Sampler, UniformVolumeSampler, order_by_place

NEAR_POOL, FAR_POOL = 65_536, 16_384
"""Off-surface points prepared once, to be drawn from at every step."""

WARMUP, FLOOR = 50, 0.005
"""Steps until the peak of the learning rate, and the last rate as a part of it."""


def network_of(settings: SurfaceSettings, seed: int) -> Siren:
    """A new network, initialised."""
    shape = SirenShape(3, 1, settings.width, settings.depth, settings.omega_0)
    hidden_bias = 1.0 if settings.quality == "paper" else 0.0
    return initialise(shape, seed=seed, first_omega=settings.first_omega or None, hidden_bias=hidden_bias)


def objective_of(s: SurfaceSettings) -> Objective:
    """The losses with their weights."""
    if s.quality == "paper":
        eikonal = Eikonal(groups=("surface", "volume"))
        terms: tuple[LossTerm, ...] = (Surface(), NormalCosine(), eikonal, OffSurfaceExponential())
    else:
        # Noisy normals are too short on average, and points on both sides of the surface flatten the field.
        eikonal = Eikonal(groups=("near", "surface") if s.noise else ("near",))
        on_surface = Surface(s.surface_smoothing), Normal(s.normal_smoothing)
        terms = (*on_surface, eikonal, Direction(), OffSurfaceHinge())
    return Objective(
        tuple(
            WeightedTerm(term, getattr(s, f"{term.name}_weight"), getattr(s, f"{term.name}_schedule"))
            for term in terms
        ),
        over_all_points=s.quality == "paper",
    )


def sampler_of(s: SurfaceSettings, scan: OrientedScan, seed: int, device: torch.device) -> Sampler:
    """What each step draws from; ``seed`` is that of the pools and of the draws."""
    place = str(device)
    surface = PointGroup(torch.from_numpy(scan.points), normals=torch.from_numpy(scan.normals))
    if s.quality == "paper":
        return UniformVolumeSampler(surface.to(place), s.surface_points, s.far_points)
    rng = np.random.default_rng(seed)
    weights = _weights(s, scan)
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
        shares=None if weights is None else density.cumulative(weights),
    )
    far = far_from_surface(scan.points, indicator, count=FAR_POOL, rng=rng)
    if not len(near) or not len(far):
        raise InputError("no place near the scan has a clear side: are its normals oriented outward?")
    order = order_by_place(scan.tree)
    pools = {
        "surface": surface.rows(order),
        "near": near.rows(order_by_place(cKDTree(near.x.numpy()))),
        "far": far.rows(order_by_place(cKDTree(far.x.numpy()))),
    }
    counts = {"surface": s.surface_points, "near": s.near_points, "far": s.far_points}
    counts = {name: count for name, count in counts.items() if count}
    shares = {}
    if weights is not None:
        shares["surface"] = torch.from_numpy(density.cumulative(weights[order.numpy()])).to(place)
    return PoolSampler({name: pool.to(place) for name, pool in pools.items()}, counts, shares, seed)


def _weights(s: SurfaceSettings, scan: OrientedScan) -> NDArray[np.float64] | None:
    """How often each point of the scan is drawn, (n,); None for all alike."""
    clean = s.noise == 0
    if not (clean or scan.uneven):
        return None
    areas = density.areas(scan.points, scan.tree) if scan.uneven else np.ones(len(scan.points))
    return areas * density.bends(scan.points, scan.normals, scan.tree, areas) if clean else areas


def optimizer_of(s: SurfaceSettings, network: Siren) -> Optimizer:
    """Over the parameters of ``network``."""
    return Adam(network.parameters) if s.quality == "paper" else Soap(network.parameters)


def rate_of(s: SurfaceSettings) -> RateSchedule:
    """Constant for ``paper``; with warm-up and linear decay for the recipe."""
    if s.quality == "paper":
        return RateSchedule(s.learning_rate, s.steps)
    return RateSchedule(s.learning_rate, s.steps, warmup=WARMUP, floor=FLOOR)


def trainer_of(
    s: SurfaceSettings, network: Siren, sampler: Sampler, seed: int
) -> Trainer[dict[str, PointGroup]]:
    """The loop of a fit, at its first step; ``network`` is trained in place."""
    return Trainer(
        network,
        GradientEngine(network, objective_of(s), torch.get_num_threads()),
        sampler,
        optimizer_of(s, network),
        rate_of(s),
        seed=seed,
        clip=1.0 if s.quality == "paper" else None,
        advice="lower fit.sdf.learning_rate, or fit.sdf.first_omega if the scan is noisy",
    )
