"""What settings mean: the network, the losses, the samples and the optimizer of a surface fit.

Two recipes: that of the SIREN reference code (``paper``) and the fast one (all other qualities).
"""

from __future__ import annotations

import numpy as np
import torch

from sdf_siren.clouds.groups import PointGroup
from sdf_siren.errors import InputError
from sdf_siren.fields import Siren, SirenShape, initialise
from sdf_siren.fitting.optimizers import Adam, Optimizer, Soap
from sdf_siren.fitting.scan import OrientedScan
from sdf_siren.fitting.settings import SurfaceSettings
from sdf_siren.fitting.trainer import RateSchedule
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
from sdf_siren.sampling import density
from sdf_siren.sampling.indicator import Indicator
from sdf_siren.sampling.off_surface import far_from_surface, near_surface
from sdf_siren.sampling.sampler import PoolSampler, Sampler, UniformVolumeSampler

NEAR_POOL, FAR_POOL = 65_536, 16_384
"""Off-surface points prepared once, to be drawn from at every step."""


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
        # Noisy normals are too short on average, and points on both sides of the surface flatten the field.
        eikonal = Eikonal(groups=("near", "surface") if s.noise else ("near",))
        terms = (Surface(s.surface_smoothing), Normal(s.normal_smoothing), eikonal, OffSurfaceHinge())
    return Objective(
        tuple(
            WeightedTerm(term, getattr(s, f"{term.name}_weight"), getattr(s, f"{term.name}_schedule"))
            for term in terms
        ),
        over_all_points=s.quality == "paper",
    )


def sampler_of(s: SurfaceSettings, scan: OrientedScan, seed: int, device: torch.device) -> Sampler:
    """What each step draws from; ``seed`` is that of the pools."""
    place = str(device)
    surface = PointGroup(torch.from_numpy(scan.points), normals=torch.from_numpy(scan.normals)).to(place)
    if s.quality == "paper":
        return UniformVolumeSampler(surface, s.surface_points, s.far_points)
    rng = np.random.default_rng(seed)
    shares = density.shares(scan.points, scan.tree) if scan.uneven else None
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
        shares=shares,
    )
    far = far_from_surface(scan.points, indicator, count=FAR_POOL, rng=rng)
    if not len(near) or not len(far):
        raise InputError("no place near the scan has a clear side: are its normals oriented outward?")
    pools = {"surface": surface, "near": near.to(place), "far": far.to(place)}
    counts = {"surface": s.surface_points, "near": s.near_points, "far": s.far_points}
    drawn = {} if shares is None else {"surface": torch.from_numpy(shares).to(place)}
    return PoolSampler(pools, {name: count for name, count in counts.items() if count}, drawn)


def optimizer_of(s: SurfaceSettings, network: Siren) -> Optimizer:
    """Over the parameters of ``network``."""
    return Adam(network.parameters) if s.quality == "paper" else Soap(network.parameters)


def rate_of(s: SurfaceSettings) -> RateSchedule:
    """Constant for ``paper``; with warm-up and linear decay for the recipe."""
    if s.quality == "paper":
        return RateSchedule(s.learning_rate, s.steps)
    return RateSchedule(s.learning_rate, s.steps, warmup=50, floor=0.005)
