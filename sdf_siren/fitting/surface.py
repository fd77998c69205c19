"""From an oriented point cloud to a signed distance field."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import numpy as np
import torch

from sdf_siren.clouds import PointCloud
from sdf_siren.clouds.groups import PointGroup
from sdf_siren.fields import CubicTiles, SignedDistanceField, choose_device
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.gradients import GradientEngine
from sdf_siren.fitting.recipe import network_of, objective_of, optimizer_of, rate_of, sampler_of
from sdf_siren.fitting.refit import held_out_rows, refit
from sdf_siren.fitting.scan import oriented_scan
from sdf_siren.fitting.settings import SurfaceSettings, resolve_settings
from sdf_siren.fitting.trainer import Trainer
from sdf_siren.progress import ProgressCallback, silent

Batch = dict[str, PointGroup]
SUPPORT_POINTS = 50_000
"""Points that a field keeps, a megabyte: they tell where a mesh of it may be."""


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
    held_out = held_out_rows(len(points), seed) if chosen.refit else np.empty(0, dtype=np.int64)
    trainer = Trainer(
        network,
        GradientEngine(network, objective_of(chosen), torch.get_num_threads()),
        sampler_of(chosen, scan.without(held_out) if len(held_out) else scan, seed, place),
        optimizer_of(chosen, network),
        rate_of(chosen),
        seed=seed,
        clip=1.0 if chosen.quality == "paper" else None,
        advice="lower fit.sdf.learning_rate, or fit.sdf.first_omega if the scan is noisy",
    )
    description = {"settings": dataclasses.asdict(chosen), "seed": seed}
    keeper = None
    if checkpoint is not None:
        fit = checkpoints.fingerprint(
            description, torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
        )
        keeper = checkpoints.Keeper(Path(checkpoint), fit)
        if resume and keeper.path.exists():
            trainer.restore(checkpoints.load(keeper.path, fit, place))
    checkpoints.train(trainer, keeper, progress)
    network = network.to(device="cpu")
    tiles: tuple[CubicTiles, ...] = ()
    refitted: dict[str, object] = {}
    if len(held_out):
        found = refit(network, scan, held_out, detail=chosen.detail, progress=progress)
        tiles, refitted = found.field.tiles, {"refit": found.description()}
    rows = np.random.default_rng(seed).permutation(len(points))[:SUPPORT_POINTS]
    record = {
        **description,
        "losses": trainer.losses,
        "device": str(place),
        "points": len(points),
        "source": Path(points.source).name,
        **refitted,
    }
    rows = np.sort(rows)
    return SignedDistanceField(network, points.frame, record, scan.points[rows], tiles, scan.normals[rows])
