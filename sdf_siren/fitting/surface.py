"""From an oriented point cloud to a signed distance field."""

from __future__ import annotations

import dataclasses
import operator
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from sdf_siren.clouds import PointCloud
from sdf_siren.fields import CorrectedField, SignedDistanceField, Siren, choose_device
from sdf_siren.fitting import checkpoint as checkpoints
from sdf_siren.fitting.recipe import network_of, sampler_of, trainer_of
from sdf_siren.fitting.refit import Refit, held_out_rows, refit, refit_sentence
from sdf_siren.fitting.scan import OrientedScan, oriented_scan
from sdf_siren.fitting.settings import SurfaceSettings, resolve_settings
from sdf_siren.fitting.sides import looked_at, sides_sentence, turned_patches
from sdf_siren.progress import ProgressCallback, silent

SUPPORT_POINTS = 50_000
"""Points that a field keeps, a megabyte: they tell where a mesh of it may be."""

AGAIN = 0.3
"""The part of the steps in which a fit goes along with patches that were turned; the rest of it holds."""

MENDED, NO_WORSE = 0.5, 1.1
"""A second fit is kept if it leaves less than this part of the enclosed points, and the points kept back are
at most so many times as far from it: the latter varies by some per cent from fit to fit."""


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

    Patches of normals that the fitted field shows to be inside out (:mod:`sdf_siren.fitting.sides`) are
    turned, and the fit goes on with them; that is kept only if the result is better, and not tried where the
    cloud has ``sensors``, which know better. The record's ``sides`` tells.

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
    seed = operator.index(seed)
    scan = oriented_scan(points)
    chosen = resolve_settings(scan.gauge, quality, **settings)
    held_out = held_out_rows(len(points), seed) if chosen.refit else np.empty(0, dtype=np.int64)
    fit = _Fit(chosen, seed, choose_device(device), held_out, progress, resume)
    path = None if checkpoint is None else Path(checkpoint)
    found = fit.of(scan, path)
    sides: dict[str, object] = {}
    if len(held_out):
        looked = looked_at(found.field, scan, seed)
        wrong = turned_patches(points, looked)
        sides = {"enclosed": looked.share, "inside_out": float(wrong.mean()), "turned": 0.0}
        if chosen.mend and wrong.any():
            other = scan.turned(wrong)
            again = fit.again(found, other, None if path is None else checkpoints.again(path))
            after = looked_at(again.field, other, seed).share
            if again.better_than(found) and after < MENDED * looked.share:
                found, scan = again, other
                sides = {"enclosed": after, "inside_out": 0.0, "turned": float(wrong.mean())}
    rows = np.sort(np.random.default_rng(seed).permutation(len(points))[:SUPPORT_POINTS])
    record = {
        **fit.description(chosen),
        "losses": found.losses,
        "device": str(fit.place),
        "points": len(points),
        "source": Path(points.source).name,
        **({} if found.refit is None else {"refit": found.refit.description(), "sides": sides}),
    }
    tiles = found.field.tiles
    return SignedDistanceField(
        found.field.network, points.frame, record, scan.points[rows], tiles, scan.normals[rows]
    )


def findings(field: SignedDistanceField) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Figures of a fit by name, JSON-ready, and what they mean in sentences."""
    figures: dict[str, Any] = {n: field.record[n] for n in ("refit", "sides") if n in field.record}
    if not figures:
        return figures, ()
    told = sides_sentence(figures["sides"])
    return figures, (refit_sentence(field), *([told] if told else []))


@dataclass(frozen=True)
class _Found:
    """A fit, on the CPU; without a refit where no points were kept back."""

    field: CorrectedField
    losses: dict[str, float]
    refit: Refit | None

    def better_than(self, other: _Found) -> bool:
        """Whether points kept back are no farther from it than from ``other``, but for chance."""
        assert self.refit is not None
        assert other.refit is not None
        return self.refit.after <= NO_WORSE * other.refit.after


@dataclass(frozen=True)
class _Fit:
    """How scans are fitted that differ in their normals only."""

    settings: SurfaceSettings
    seed: int
    place: torch.device
    held_out: NDArray[np.int64]
    progress: ProgressCallback
    resume: bool

    def of(self, scan: OrientedScan, checkpoint: Path | None) -> _Found:
        """From the initialisation on."""
        return self._trained(network_of(self.settings, self.seed), self.settings, scan, checkpoint)

    def again(self, found: _Found, scan: OrientedScan, checkpoint: Path | None) -> _Found:
        """From another fit on, for a part of its steps."""
        steps = max(1, round(AGAIN * self.settings.steps))
        settings = dataclasses.replace(self.settings, steps=steps)
        return self._trained(found.field.network, settings, scan, checkpoint)

    def description(self, settings: SurfaceSettings) -> dict[str, object]:
        """What a fit depends on besides the scan; JSON values."""
        return {"settings": dataclasses.asdict(settings), "seed": self.seed}

    def _trained(
        self, network: Siren, settings: SurfaceSettings, scan: OrientedScan, checkpoint: Path | None
    ) -> _Found:
        network = network.to(device=self.place)  # a copy, for it is trained in place
        seen = scan.without(self.held_out) if len(self.held_out) else scan
        sampler = sampler_of(settings, seen, self.seed, self.place)
        trainer = trainer_of(settings, network, sampler, self.seed)
        keeper = None
        if checkpoint is not None:
            data = torch.from_numpy(scan.points), torch.from_numpy(scan.normals)
            fit = checkpoints.fingerprint(self.description(settings), *data)
            keeper = checkpoints.Keeper(checkpoint, fit)
            if self.resume and keeper.path.exists():
                trainer.restore(checkpoints.load(keeper.path, fit, self.place))
        checkpoints.train(trainer, keeper, self.progress)
        if not len(self.held_out):
            return _Found(CorrectedField(network).to(device="cpu"), trainer.losses, None)
        corrected = refit(
            network,
            scan,
            self.held_out,
            detail=settings.detail,
            device=self.place,
            progress=self.progress,
        )
        return _Found(corrected.field, trainer.losses, corrected)
